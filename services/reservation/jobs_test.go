package reservation

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"jari.example/services/internal/fault"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

// books are chores whose audit finds what it is told to.
type books struct {
	Chores
	found Audit
}

func (b books) Audit(context.Context, time.Time) (Audit, error) { return b.found, nil }

func TestTheAuditSaysOfEachWrongSlotThatItIs(t *testing.T) {
	rec := telemetrytest.Start(t)
	found := Audit{Slots: 7, Wrong: []Miscount{
		{SlotID: 4, RestaurantID: "mokran", Wanted: 20, Capacity: 20, Booked: 6, Rows: 5},
		{SlotID: 9, RestaurantID: "mokran", Wanted: 20, Capacity: 21, Booked: 6, Rows: 6},
	}}
	jobs, err := NewJobs(books{found: found}, func() {}, rec.Logger)
	if err != nil {
		t.Fatal(err)
	}
	if err := jobs.Audit(t.Context()); err != nil {
		t.Fatal(err)
	}
	lines := rec.Lines(t, names.EventInvariantViolated)
	if len(lines) != 2 || names.EventInvariantViolated != "booking.invariant.violated" {
		t.Fatalf("%d lines of %s", len(lines), names.EventInvariantViolated)
	}
	if l := lines[0]; l[names.SlotID] != "4" || l[names.RestaurantID] != "mokran" || l[names.SlotBooked] != 6.0 || l[names.SlotHeld] != 5.0 {
		t.Errorf("said %v", l)
	}
	if n := rec.Count(t, names.MetricInvariantViolations); n != 2 {
		t.Errorf("counted %d", n)
	}
	if said := rec.Lines(t, names.EventAudited); len(said) != 1 || said[0][names.Count] != 7.0 || said[0][names.Violations] != 2.0 {
		t.Errorf("said %v", said)
	}
}

func TestACleanAuditSaysSo(t *testing.T) {
	rec := telemetrytest.Start(t)
	jobs, err := NewJobs(books{found: Audit{Slots: 7}}, func() {}, rec.Logger)
	if err != nil {
		t.Fatal(err)
	}
	if err := jobs.Audit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if lines := rec.Lines(t, names.EventInvariantViolated); len(lines) != 0 {
		t.Errorf("said %v", lines)
	}
}

func TestAJobThatFailsComesAgain(t *testing.T) {
	rec := telemetrytest.Start(t)
	synctest.Test(t, func(t *testing.T) {
		jobs, err := NewJobs(nil, func() {}, rec.Logger)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		runs, done := 0, make(chan error, 1)
		job := Job{Name: "it is tried", Every: time.Minute, Once: func(ctx context.Context) error {
			runs++
			switch runs {
			case 1:
				return fault.Down("database", nil)
			case 2: // hangs until its time is over
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}}
		go func() { done <- jobs.Run(ctx, job) }()
		time.Sleep(3*time.Minute + time.Second)
		synctest.Wait()
		if runs != 4 {
			t.Errorf("ran %d times in three minutes", runs)
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("ended with %v", err)
		}
	})
	lines := rec.Lines(t, names.EventJobFailed)
	if len(lines) != 2 || lines[0][names.Job] != "it is tried" || lines[0][names.Reason] != "unavailable" {
		t.Errorf("said %v", lines)
	}
}
