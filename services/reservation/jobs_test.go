package reservation

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/codes"

	"jari.example/internal/fault"
	"jari.example/services/reservation/schedule"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

// books are chores whose audit finds what it is told to.
type books struct {
	MaintenanceStore
	found Audit
}

func (b books) Audit(context.Context, time.Time) (Audit, error) { return b.found, nil }

func TestTheAuditSaysOfEachWrongSlotThatItIs(t *testing.T) {
	rec := telemetrytest.Start(t)
	found := Audit{Slots: 7, Mismatches: []CounterMismatch{
		{SlotID: 4, RestaurantID: "mokran", Wanted: 20, Capacity: 20, Booked: 6, Held: 5},
		{SlotID: 9, RestaurantID: "mokran", Wanted: 20, Capacity: 21, Booked: 6, Held: 6},
	}}
	jobs, err := NewJobs(books{found: found}, func() {}, rec.Logger)
	if err != nil {
		t.Fatal(err)
	}
	if err := jobs.AuditSlots(t.Context()); err != nil {
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
	if err := jobs.AuditSlots(t.Context()); err != nil {
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
		job := Job{Name: "it is tried", Interval: time.Minute, Run: func(ctx context.Context) error {
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

// crooked are chores of which one slot's, and one restaurant's, always fail.
type crooked struct {
	MaintenanceStore
	done   []string
	traces map[string]bool
}

func (c *crooked) Due(context.Context, time.Time, int) ([]SlotID, error) {
	return []SlotID{1, 2, 3}, nil
}

func (c *crooked) Unmade(context.Context, time.Time, int) ([]string, error) {
	return []string{"broken", "mokran"}, nil
}

func (c *crooked) Change(ctx context.Context, change Command) (Outcome, error) {
	if own := change.Traceparent; own == telemetry.Traceparent(ctx) {
		c.traces[own] = true
	}
	if change.Period.RestaurantID == "broken" || len(change.Slots) > 0 && change.Slots[0] == 1 {
		return Outcome{}, fault.New(fault.Internal, "internal", "no")
	}
	c.done = append(c.done, change.Period.RestaurantID)
	return Outcome{}, nil
}

func TestWhatFailsForOneKeepsNoOtherFromIt(t *testing.T) {
	rec := telemetrytest.Start(t)
	c := &crooked{traces: map[string]bool{}}
	jobs, err := NewJobs(c, func() {}, rec.Logger)
	if err != nil {
		t.Fatal(err)
	}
	if err := jobs.ExpireOffers(t.Context()); err == nil || len(c.done) != 2 {
		t.Errorf("%d slots done, %v", len(c.done), err)
	}
	if err := jobs.GenerateSlots(t.Context()); err == nil || len(c.done) != 3 || c.done[2] != "mokran" {
		t.Errorf("done %v, %v", c.done, err)
	}
	if len(c.traces) != 5 || c.traces[""] {
		t.Errorf("what was done is of the traces %v, want one for each slot and restaurant", c.traces)
	}
	failed := 0
	for _, s := range rec.Spans() {
		if s.Name() != names.SpanJob || s.Parent().IsValid() || telemetrytest.Attr(s, names.Job) == nil {
			t.Errorf("%s %v of %v", s.Name(), s.Attributes(), s.Parent())
		}
		if s.Status().Code == codes.Error {
			failed++
		}
	}
	if failed != 2 {
		t.Errorf("%d spans failed", failed)
	}
}

// quiet are chores of which there are none.
type quiet struct{ MaintenanceStore }

func (quiet) Due(context.Context, time.Time, int) ([]SlotID, error)    { return nil, nil }
func (quiet) Unmade(context.Context, time.Time, int) ([]string, error) { return nil, nil }
func (quiet) Remind(ctx context.Context, _, _ time.Time, _ int) (int, error) {
	return 0, traced(ctx)
}
func (quiet) Sweep(ctx context.Context, _ time.Time, _ int) (int, error) { return 0, traced(ctx) }
func (quiet) Audit(ctx context.Context, _ time.Time) (Audit, error)      { return Audit{}, traced(ctx) }

func traced(ctx context.Context) error {
	if telemetry.Traceparent(ctx) == "" {
		return errors.New("it is of no trace")
	}
	return nil
}

func TestARoundIsATraceAndAPollThatFindsNothingIsNone(t *testing.T) {
	rec := telemetrytest.Start(t)
	jobs, err := NewJobs(quiet{}, func() {}, rec.Logger)
	if err != nil {
		t.Fatal(err)
	}
	var names []any
	for _, job := range jobs.All() {
		before := len(rec.Spans())
		if err := job.Run(t.Context()); err != nil {
			t.Errorf("%s: %v", job.Name, err)
		}
		for _, s := range rec.Spans()[before:] {
			names = append(names, telemetrytest.Attr(s, "jari.job"))
			if got := names[len(names)-1]; got != job.Name {
				t.Errorf("%s is traced as %v", job.Name, got)
			}
		}
	}
	if len(names) != 3 {
		t.Errorf("traced %v, want the three that cannot know before", names)
	}
}

// A process that does not know a restaurant's zone must not close its slots.
func TestAnUnknownZoneClosesNothing(t *testing.T) {
	slot := &Slot{ID: 1, Start: time.Now().Add(time.Hour), Wanted: 4, Capacity: 4}
	for zone, fails := range map[string]bool{"Asia/Nowhere": true, "Asia/Seoul": false} {
		d := &UnitOfWork{
			Now: time.Now(), Slots: map[SlotID]*Slot{1: slot}, Schedule: &schedule.Schedule{TimeZone: zone}, changedSlots: map[*Slot]bool{},
		}
		if err := d.RegenerateSlots("mokran"); (err != nil) != fails || (slot.Wanted == 0) == fails {
			t.Errorf("%s: %v, %d covers wanted", zone, err, slot.Wanted)
		}
		slot.Wanted = 4
	}
}
