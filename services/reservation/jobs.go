package reservation

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"

	"jari.example/internal/fault"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// How the jobs pace themselves. Each may run on every replica at once: what one
// has done, the next finds done under the slots' locks.
const (
	expireInterval  = time.Second
	regenerateAfter = time.Hour // slots are made ahead that often, a day at a time would do
	idempotencyTTL  = 24 * time.Hour
	jobBatch        = 100
	deleteBatch     = 500 // small steps: a long delete would hold back the vacuum
	jobTimeout      = 50 * time.Second
	itemTimeout     = 5 * time.Second // so that no slot or restaurant keeps the others waiting
)

// Jobs is what a reservation service does by itself.
type Jobs struct {
	store  MaintenanceStore
	wake   func()
	logger *slog.Logger
	now    func() time.Time

	violations metric.Int64Counter
}

// NewJobs makes the jobs; wake tells the relay that there may be an event.
func NewJobs(c MaintenanceStore, wake func(), logger *slog.Logger) (*Jobs, error) {
	violations, err := otel.Meter("jari.example/services/reservation").Int64Counter(names.MetricInvariantViolations,
		metric.WithDescription("Slots whose counter and reservations disagree, each time the audit found them."))
	return &Jobs{store: c, wake: wake, logger: logger, now: time.Now, violations: violations}, err
}

// Job is one of them.
type Job struct {
	Name     string
	Interval time.Duration
	Run      func(context.Context) error
}

// The jobs' names.
const (
	JobExpireOffers             = "offers and lines end"
	JobGenerateSlots            = "slots are made ahead"
	JobEnqueueReminders         = "diners are reminded"
	JobDeleteIdempotencyRecords = "old keys are swept"
	JobAuditSlots               = "the books are audited"
)

// All lists the jobs.
func (j *Jobs) All() []Job {
	return []Job{
		{JobExpireOffers, expireInterval, j.ExpireOffers},
		{JobGenerateSlots, time.Minute, j.GenerateSlots},
		{JobEnqueueReminders, time.Minute, j.EnqueueReminders},
		{JobDeleteIdempotencyRecords, time.Minute, j.DeleteIdempotencyRecords},
		{JobAuditSlots, time.Minute, j.AuditSlots},
	}
}

// Run does job until ctx ends, the first time at once.
func (j *Jobs) Run(ctx context.Context, job Job) error {
	tick := time.NewTicker(job.Interval)
	defer tick.Stop()
	for {
		once, cancel := context.WithTimeout(ctx, jobTimeout)
		if err := job.Run(once); err != nil && ctx.Err() == nil {
			j.logger.WarnContext(ctx, "job failed; it comes again", names.EventName, names.EventJobFailed,
				names.Job, job.Name, names.Reason, fault.ReasonOf(err), names.Exception, err.Error())
		}
		cancel()
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (j *Jobs) meta(ctx context.Context) CommandMeta {
	return CommandMeta{EventID: uuid.New(), At: j.now().UTC().Truncate(time.Microsecond), Traceparent: telemetry.Traceparent(ctx)}
}

// ExpireOffers ends the offers that have run out and the lines whose cut-off has
// come, and offers on what that frees.
func (j *Jobs) ExpireOffers(ctx context.Context) error {
	due, err := j.store.SlotsWithExpiry(ctx, j.now(), jobBatch)
	return forEach(ctx, JobExpireOffers, due, err, func(ctx context.Context, slot SlotID) error {
		_, err := j.store.Execute(ctx, Command{CommandMeta: j.meta(ctx), Scope: Scope{Slots: []SlotID{slot}}, Decide: Expire})
		j.wake()
		return err
	})
}

// GenerateSlots makes the slots that the days gone by have brought into each
// schedule's window.
func (j *Jobs) GenerateSlots(ctx context.Context) error {
	unmade, err := j.store.RestaurantsToGenerate(ctx, j.now().Add(-regenerateAfter), jobBatch)
	return forEach(ctx, JobGenerateSlots, unmade, err, func(ctx context.Context, restaurant string) error {
		act := j.meta(ctx)
		_, err := j.store.Execute(ctx, Command{
			CommandMeta: act, Scope: Scope{Period: SlotsFrom(restaurant, act.At)},
			Decide: func(d *UnitOfWork) (Reservation, error) { return Reservation{}, d.RegenerateSlots(restaurant) },
		})
		return err
	})
}

// forEach does one thing after the other, each in its own time and trace: what
// fails for one must not keep the others from it.
func forEach[T any](ctx context.Context, job string, list []T, err error, do func(context.Context, T) error) error {
	errs := []error{err}
	for _, one := range list {
		its, cancel := context.WithTimeout(ctx, itemTimeout)
		errs = append(errs, telemetry.Job(its, job, func(ctx context.Context) error { return do(ctx, one) }))
		cancel()
	}
	return errors.Join(errs...)
}

// EnqueueReminders puts the reminders of the coming day into the outbox.
func (j *Jobs) EnqueueReminders(ctx context.Context) error {
	return telemetry.Job(ctx, JobEnqueueReminders, j.enqueueReminders)
}

func (j *Jobs) enqueueReminders(ctx context.Context) error {
	for {
		now := j.meta(ctx).At
		n, err := j.store.EnqueueReminders(ctx, now, now.Add(ReminderLead), jobBatch)
		if n > 0 {
			j.wake()
		}
		if err != nil || n < jobBatch {
			return err
		}
	}
}

// DeleteIdempotencyRecords forgets the keys that are a day old.
func (j *Jobs) DeleteIdempotencyRecords(ctx context.Context) error {
	return telemetry.Job(ctx, JobDeleteIdempotencyRecords, j.deleteIdempotencyRecords)
}

func (j *Jobs) deleteIdempotencyRecords(ctx context.Context) error {
	for {
		n, err := j.store.DeleteIdempotencyRecords(ctx, j.now().Add(-idempotencyTTL), deleteBatch)
		if err != nil || n < deleteBatch {
			return err
		}
	}
}

// AuditSlots says of each slot whose books are wrong that they are.
func (j *Jobs) AuditSlots(ctx context.Context) error {
	return telemetry.Job(ctx, JobAuditSlots, j.auditSlots)
}

func (j *Jobs) auditSlots(ctx context.Context) error {
	a, err := j.store.Audit(ctx, j.now())
	if err != nil {
		return err
	}
	for _, m := range a.Mismatches {
		j.violations.Add(ctx, 1)
		j.logger.ErrorContext(ctx, "a slot's counter and its reservations disagree",
			names.EventName, names.EventInvariantViolated, names.SlotID, m.SlotID.String(), names.RestaurantID, m.RestaurantID,
			names.SlotWanted, m.Wanted, names.SlotCapacity, m.Capacity, names.SlotBooked, m.Booked, names.SlotHeld, m.Held)
	}
	j.logger.InfoContext(ctx, "books audited", names.EventName, names.EventAudited, names.Count, a.Slots, names.Violations, len(a.Mismatches))
	return nil
}

// MaintenanceStore is what the jobs need of a store. Any number of replicas may do them
// at once.
type MaintenanceStore interface {
	Executor

	// Due lists slots on which an offer has run out, or somebody waits though the
	// cut-off has come.
	SlotsWithExpiry(ctx context.Context, now time.Time, n int) ([]SlotID, error)

	// Unmade lists restaurants whose slots were last made ahead before an instant.
	RestaurantsToGenerate(ctx context.Context, before time.Time, n int) ([]string, error)

	// Remind puts an [EventReminder] into the outbox for up to n confirmed visits
	// that start before an instant, were last changed more than a day ahead, and
	// were not reminded of before. It returns how many. They are of ctx's trace.
	EnqueueReminders(ctx context.Context, now, before time.Time, n int) (int, error)

	// Sweep forgets up to n remembered answers from before an instant.
	DeleteIdempotencyRecords(ctx context.Context, before time.Time, n int) (int, error)

	// Audit recounts every slot that has not ended from its reservations, all at
	// one instant, and returns those whose counter is wrong.
	Audit(ctx context.Context, now time.Time) (Audit, error)
}

// Audit is what a recount found.
type Audit struct {
	Slots      int // recounted
	Mismatches []CounterMismatch
}

// CounterMismatch is a slot whose counter and rows disagree, or whose capacity is not
// what the rules say.
type CounterMismatch struct {
	SlotID                   SlotID
	RestaurantID             string
	Wanted, Capacity, Booked int
	Held                     int // covers held by its reservations
}
