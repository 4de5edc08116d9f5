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
	expireEvery = time.Second
	remakeAfter = time.Hour // slots are made ahead that often, a day at a time would do
	keyLife     = 24 * time.Hour
	jobBatch    = 100
	sweepBatch  = 500 // small steps: a long delete would hold back the vacuum
	jobFor      = 50 * time.Second
	itemFor     = 5 * time.Second // so that no slot or restaurant keeps the others waiting
)

// Jobs is what a reservation service does by itself.
type Jobs struct {
	chores Chores
	wake   func()
	logger *slog.Logger
	now    func() time.Time

	violations metric.Int64Counter
}

// NewJobs makes the jobs; wake tells the relay that there may be an event.
func NewJobs(c Chores, wake func(), logger *slog.Logger) (*Jobs, error) {
	violations, err := otel.Meter("jari.example/services/reservation").Int64Counter(names.MetricInvariantViolations,
		metric.WithDescription("Slots whose counter and reservations disagree, each time the audit found them."))
	return &Jobs{chores: c, wake: wake, logger: logger, now: time.Now, violations: violations}, err
}

// Job is one of them.
type Job struct {
	Name  string
	Every time.Duration
	Once  func(context.Context) error
}

// The jobs' names.
const (
	linesEnd       = "offers and lines end"
	slotsMade      = "slots are made ahead"
	dinersReminded = "diners are reminded"
	keysSwept      = "old keys are swept"
	booksAudited   = "the books are audited"
)

// All lists the jobs.
func (j *Jobs) All() []Job {
	return []Job{
		{linesEnd, expireEvery, j.Expire},
		{slotsMade, time.Minute, j.MakeSlots},
		{dinersReminded, time.Minute, j.Remind},
		{keysSwept, time.Minute, j.Sweep},
		{booksAudited, time.Minute, j.Audit},
	}
}

// Run does job until ctx ends, the first time at once.
func (j *Jobs) Run(ctx context.Context, job Job) error {
	tick := time.NewTicker(job.Every)
	defer tick.Stop()
	for {
		once, cancel := context.WithTimeout(ctx, jobFor)
		if err := job.Once(once); err != nil && ctx.Err() == nil {
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

func (j *Jobs) act(ctx context.Context) Act {
	return Act{EventID: uuid.New(), At: j.now().UTC().Truncate(time.Microsecond), Traceparent: telemetry.Traceparent(ctx)}
}

// Expire ends the offers that have run out and the lines whose cut-off has
// come, and offers on what that frees.
func (j *Jobs) Expire(ctx context.Context) error {
	due, err := j.chores.Due(ctx, j.now(), jobBatch)
	return each(ctx, linesEnd, due, err, func(ctx context.Context, slot SlotID) error {
		_, err := j.chores.Change(ctx, Change{Act: j.act(ctx), Scope: Scope{Slots: []SlotID{slot}}, Decide: Expire})
		j.wake()
		return err
	})
}

// MakeSlots makes the slots that the days gone by have brought into each
// schedule's window.
func (j *Jobs) MakeSlots(ctx context.Context) error {
	unmade, err := j.chores.Unmade(ctx, j.now().Add(-remakeAfter), jobBatch)
	return each(ctx, slotsMade, unmade, err, func(ctx context.Context, restaurant string) error {
		act := j.act(ctx)
		_, err := j.chores.Change(ctx, Change{
			Act: act, Scope: Scope{Period: Period{restaurant, act.At, horizon}},
			Decide: func(d *Desk) (Reservation, error) { return Reservation{}, d.Remake(restaurant) },
		})
		return err
	})
}

// each does one thing after the other, each in its own time and trace: what
// fails for one must not keep the others from it.
func each[T any](ctx context.Context, job string, list []T, err error, do func(context.Context, T) error) error {
	errs := []error{err}
	for _, one := range list {
		its, cancel := context.WithTimeout(ctx, itemFor)
		errs = append(errs, telemetry.Job(its, job, func(ctx context.Context) error { return do(ctx, one) }))
		cancel()
	}
	return errors.Join(errs...)
}

// Remind puts the reminders of the coming day into the outbox.
func (j *Jobs) Remind(ctx context.Context) error { return telemetry.Job(ctx, dinersReminded, j.remind) }

func (j *Jobs) remind(ctx context.Context) error {
	for {
		now := j.act(ctx).At
		n, err := j.chores.Remind(ctx, now, now.Add(RemindAhead), jobBatch)
		if n > 0 {
			j.wake()
		}
		if err != nil || n < jobBatch {
			return err
		}
	}
}

// Sweep forgets the keys that are a day old.
func (j *Jobs) Sweep(ctx context.Context) error { return telemetry.Job(ctx, keysSwept, j.sweep) }

func (j *Jobs) sweep(ctx context.Context) error {
	for {
		n, err := j.chores.Sweep(ctx, j.now().Add(-keyLife), sweepBatch)
		if err != nil || n < sweepBatch {
			return err
		}
	}
}

// Audit says of each slot whose books are wrong that they are.
func (j *Jobs) Audit(ctx context.Context) error { return telemetry.Job(ctx, booksAudited, j.audit) }

func (j *Jobs) audit(ctx context.Context) error {
	a, err := j.chores.Audit(ctx, j.now())
	if err != nil {
		return err
	}
	for _, m := range a.Wrong {
		j.violations.Add(ctx, 1)
		j.logger.ErrorContext(ctx, "a slot's counter and its reservations disagree",
			names.EventName, names.EventInvariantViolated, names.SlotID, m.SlotID.String(), names.RestaurantID, m.RestaurantID,
			names.SlotWanted, m.Wanted, names.SlotCapacity, m.Capacity, names.SlotBooked, m.Booked, names.SlotHeld, m.Rows)
	}
	j.logger.InfoContext(ctx, "books audited", names.EventName, names.EventAudited, names.Count, a.Slots, names.Violations, len(a.Wrong))
	return nil
}
