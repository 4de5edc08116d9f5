package jobs_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/codes"

	"jari.example/internal/fault"
	"jari.example/services/reservation"
	"jari.example/services/reservation/jobs"
	"jari.example/services/reservation/observe"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

// auditStore is a store whose audit returns found.
type auditStore struct {
	jobs.Store
	found jobs.Audit
}

func (s auditStore) Audit(context.Context, time.Time) (jobs.Audit, error) { return s.found, nil }

// run runs the job of that name once.
func run(t *testing.T, j *jobs.Jobs, name string) error {
	t.Helper()
	for _, job := range j.All() {
		if job.Name == name {
			return job.Run(t.Context())
		}
	}
	t.Fatalf("there is no job %q", name)
	return nil
}

func TestAuditReportsEachMismatch(t *testing.T) {
	rec := telemetrytest.Start(t)
	found := jobs.Audit{Slots: 7, Mismatches: []jobs.CounterMismatch{
		{SlotID: 4, RestaurantID: "mokran", Wanted: 20, Capacity: 20, Booked: 6, Held: 5},
		{SlotID: 9, RestaurantID: "mokran", Wanted: 20, Capacity: 21, Booked: 6, Held: 6},
	}}
	if err := run(t, jobs.New(auditStore{found: found}, func() {}, observe.NewListener(rec.Logger)), jobs.AuditSlots); err != nil {
		t.Fatal(err)
	}
	lines := rec.Lines(t, names.EventInvariantViolated)
	if len(lines) != 2 || names.EventInvariantViolated != "booking.invariant.violated" {
		t.Fatalf("%d lines of %s", len(lines), names.EventInvariantViolated)
	}
	if l := lines[0]; l[names.SlotID] != "4" || l[names.RestaurantID] != "mokran" ||
		l[names.SlotBooked] != 6.0 || l[names.SlotHeld] != 5.0 {
		t.Errorf("logged %v", l)
	}
	if n := rec.Count(t, names.MetricInvariantViolations); n != 2 {
		t.Errorf("counted %d", n)
	}
	audited := rec.Lines(t, names.EventAudited)
	if len(audited) != 1 || audited[0][names.Count] != 7.0 || audited[0][names.Violations] != 2.0 {
		t.Errorf("logged %v", audited)
	}
}

func TestAuditWithoutMismatchReportsNone(t *testing.T) {
	rec := telemetrytest.Start(t)
	store := auditStore{found: jobs.Audit{Slots: 7}}
	if err := run(t, jobs.New(store, func() {}, observe.NewListener(rec.Logger)), jobs.AuditSlots); err != nil {
		t.Fatal(err)
	}
	if lines := rec.Lines(t, names.EventInvariantViolated); len(lines) != 0 {
		t.Errorf("logged %v", lines)
	}
	if audited := rec.Lines(t, names.EventAudited); len(audited) != 1 {
		t.Errorf("logged %v", audited)
	}
}

func TestAJobThatFailsRunsAgain(t *testing.T) {
	rec := telemetrytest.Start(t)
	synctest.Test(t, func(t *testing.T) {
		j := jobs.New(nil, func() {}, observe.NewListener(rec.Logger))
		ctx, cancel := context.WithCancel(t.Context())
		runs, done := 0, make(chan error, 1)
		job := jobs.Job{Name: "test", Interval: time.Minute, Run: func(ctx context.Context) error {
			runs++
			switch runs {
			case 1:
				return fault.Down("database", nil)
			case 2: // hangs until its timeout
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}}
		go func() { done <- j.Run(ctx, job) }()
		time.Sleep(3*time.Minute + time.Second)
		synctest.Wait()
		if runs != 4 {
			t.Errorf("ran %d times in three minutes", runs)
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("returned %v", err)
		}
	})
	lines := rec.Lines(t, names.EventJobFailed)
	if len(lines) != 2 || lines[0][names.Job] != "test" || lines[0][names.Reason] != "unavailable" {
		t.Errorf("logged %v", lines)
	}
}

// partlyFailingStore fails for slot 1 and for the restaurant "broken".
type partlyFailingStore struct {
	jobs.Store
	done   []string
	traces map[string]bool
}

func (s *partlyFailingStore) SlotsWithExpiry(context.Context, time.Time, int) ([]reservation.SlotID, error) {
	return []reservation.SlotID{1, 2, 3}, nil
}

func (s *partlyFailingStore) RestaurantsToGenerate(context.Context, time.Time, int) ([]string, error) {
	return []string{"broken", "mokran"}, nil
}

func (s *partlyFailingStore) Execute(ctx context.Context, c reservation.Command) (reservation.Outcome, error) {
	if own := c.Traceparent; own == telemetry.Traceparent(ctx) {
		s.traces[own] = true
	}
	if c.Period.RestaurantID == "broken" || len(c.Slots) > 0 && c.Slots[0] == 1 {
		return reservation.Outcome{}, fault.New(fault.Internal, "internal", "no")
	}
	s.done = append(s.done, c.Period.RestaurantID)
	return reservation.Outcome{}, nil
}

func TestOneItemThatFailsDoesNotStopTheOthers(t *testing.T) {
	rec := telemetrytest.Start(t)
	store := &partlyFailingStore{traces: map[string]bool{}}
	j := jobs.New(store, func() {}, observe.NewListener(rec.Logger))
	if err := run(t, j, jobs.ExpireOffers); err == nil || len(store.done) != 2 {
		t.Errorf("%d slots done, %v", len(store.done), err)
	}
	if err := run(t, j, jobs.GenerateSlots); err == nil || len(store.done) != 3 || store.done[2] != "mokran" {
		t.Errorf("done %v, %v", store.done, err)
	}
	if len(store.traces) != 5 || store.traces[""] {
		t.Errorf("traces %v, want one for each slot and restaurant", store.traces)
	}
	failed := 0
	for _, s := range rec.Spans() {
		if s.Name() != names.SpanJob || s.Parent().IsValid() || telemetrytest.Attr(s, names.Job) == nil {
			t.Errorf("span %s %v with parent %v", s.Name(), s.Attributes(), s.Parent())
		}
		if s.Status().Code == codes.Error {
			failed++
		}
	}
	if failed != 2 {
		t.Errorf("%d spans failed", failed)
	}
}

// idleStore changes that many things, and fails outside of a trace.
type idleStore struct {
	jobs.Store
	changes int
}

func (idleStore) SlotsWithExpiry(context.Context, time.Time, int) ([]reservation.SlotID, error) {
	return nil, nil
}
func (idleStore) RestaurantsToGenerate(context.Context, time.Time, int) ([]string, error) {
	return nil, nil
}
func (s idleStore) EnqueueReminders(ctx context.Context, _, _ time.Time, _ int) (int, error) {
	return s.changes, requireTrace(ctx)
}
func (s idleStore) DeleteIdempotencyRecords(ctx context.Context, _ time.Time, _ int) (int, error) {
	return s.changes, requireTrace(ctx)
}
func (s idleStore) Audit(ctx context.Context, _ time.Time) (jobs.Audit, error) {
	return jobs.Audit{Mismatches: make([]jobs.CounterMismatch, s.changes)}, requireTrace(ctx)
}

func requireTrace(ctx context.Context) error {
	if telemetry.Traceparent(ctx) == "" {
		return errors.New("called outside of a trace")
	}
	return nil
}

func TestARunThatChangesNothingLeavesNoTrace(t *testing.T) {
	for _, changes := range []int{0, 1} {
		rec := telemetrytest.Start(t)
		j := jobs.New(idleStore{changes: changes}, func() {}, observe.NewListener(rec.Logger))
		kept := 0
		for _, job := range j.All() {
			before := len(rec.Spans())
			if err := job.Run(t.Context()); err != nil {
				t.Errorf("%s: %v", job.Name, err)
			}
			for _, s := range rec.Spans()[before:] {
				if name := telemetrytest.Attr(s, names.Job); name != job.Name {
					t.Errorf("%s is traced as %v", job.Name, name)
				}
				if telemetrytest.Attr(s, names.TraceKept) != false {
					kept++
				}
			}
		}
		if kept != 3*changes { // the three jobs that do not look for items first
			t.Errorf("with %d changes per job, the traces of %d runs are kept", changes, kept)
		}
	}
}
