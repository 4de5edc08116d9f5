// Package jobs is the periodic maintenance of reservations: what must happen
// though nobody requests it.
package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"jari.example/services/reservation"
	"jari.example/telemetry"
)

// The jobs' names, as in spans and logs.
const (
	ExpireOffers             = "waitlist.expire"
	GenerateSlots            = "slots.generate"
	EnqueueReminders         = "reminders.enqueue"
	DeleteIdempotencyRecords = "idempotency_keys.delete"
	AuditSlots               = "slots.audit"
)

// The jobs' limits. Every job may run on every replica at once: what one replica
// has done, the next finds done under the slots' locks.
const (
	expireInterval  = time.Second
	regenerateAfter = time.Hour // once a day would do
	idempotencyTTL  = 24 * time.Hour
	batchSize       = 100
	deleteBatch     = 500 // small steps: a long delete would hold back the vacuum
	jobTimeout      = 50 * time.Second
	itemTimeout     = 5 * time.Second // so that one slot or restaurant does not delay the others
)

// Jobs holds the jobs of one process.
type Jobs struct {
	store       Store
	notifyRelay func()
	listener    Listener
	now         func() time.Time
}

// New returns the jobs. notifyRelay is called when there may be an event in the
// outbox, and must not block.
func New(store Store, notifyRelay func(), listener Listener) *Jobs {
	return &Jobs{store: store, notifyRelay: notifyRelay, listener: listener, now: time.Now}
}

// Job is one periodic task.
type Job struct {
	Name     string
	Interval time.Duration
	Run      func(context.Context) error
}

// All lists the jobs.
func (j *Jobs) All() []Job {
	return []Job{
		{ExpireOffers, expireInterval, j.expireOffers},
		{GenerateSlots, time.Minute, j.generateSlots},
		{EnqueueReminders, time.Minute, poll(EnqueueReminders, j.enqueueReminders)},
		{DeleteIdempotencyRecords, time.Minute, poll(DeleteIdempotencyRecords, j.deleteIdempotencyRecords)},
		{AuditSlots, time.Minute, poll(AuditSlots, j.auditSlots)},
	}
}

// Run runs job at once and then at every interval, until ctx ends.
func (j *Jobs) Run(ctx context.Context, job Job) error {
	tick := time.NewTicker(job.Interval)
	defer tick.Stop()
	for {
		run, cancel := context.WithTimeout(ctx, jobTimeout)
		if err := job.Run(run); err != nil && ctx.Err() == nil {
			j.listener.JobFailed(ctx, job.Name, err)
		}
		cancel()
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// poll runs a job in a trace of its own, which is kept if it changed something.
// Jobs that look for items first have a trace per item instead (forEach).
func poll(name string, run func(context.Context) (changed bool, err error)) func(context.Context) error {
	return func(ctx context.Context) error { return telemetry.Poll(ctx, name, run) }
}

// forEach handles one item after the other, each with its own timeout and trace,
// so that an item that fails does not keep the others from being handled. It
// returns all errors, with listErr first.
func forEach[T any](ctx context.Context, job string, items []T, listErr error, handle func(context.Context, T) error) error {
	errs := []error{listErr}
	for _, item := range items {
		itemCtx, cancel := context.WithTimeout(ctx, itemTimeout)
		errs = append(errs, telemetry.Job(itemCtx, job, func(ctx context.Context) error { return handle(ctx, item) }))
		cancel()
	}
	return errors.Join(errs...)
}

// meta is the metadata of a command that nobody requested.
func (j *Jobs) meta(ctx context.Context) reservation.CommandMeta {
	return reservation.CommandMeta{
		EventID: uuid.New(), At: j.now().UTC().Truncate(time.Microsecond), Traceparent: telemetry.Traceparent(ctx),
	}
}

// expireOffers ends the offers that have run out and the waitlists that have
// reached the cut-off, and offers the covers that this frees.
func (j *Jobs) expireOffers(ctx context.Context) error {
	slots, err := j.store.SlotsWithExpiry(ctx, j.now(), batchSize)
	return forEach(ctx, ExpireOffers, slots, err, func(ctx context.Context, slot reservation.SlotID) error {
		_, err := j.store.Execute(ctx, reservation.Command{
			CommandMeta: j.meta(ctx), Scope: reservation.Scope{Slots: []reservation.SlotID{slot}}, Decide: reservation.ExpireOffers,
		})
		j.notifyRelay()
		return err
	})
}

// generateSlots makes the slots of the days that have come into each schedule's
// booking window.
func (j *Jobs) generateSlots(ctx context.Context) error {
	restaurants, err := j.store.RestaurantsToGenerate(ctx, j.now().Add(-regenerateAfter), batchSize)
	return forEach(ctx, GenerateSlots, restaurants, err, func(ctx context.Context, restaurant string) error {
		meta := j.meta(ctx)
		_, err := j.store.Execute(ctx, reservation.Command{
			CommandMeta: meta, Scope: reservation.Scope{Period: reservation.SlotsFrom(restaurant, meta.At)},
			Decide: func(u *reservation.UnitOfWork) (reservation.Reservation, error) {
				return reservation.Reservation{}, u.RegenerateSlots(restaurant)
			},
		})
		return err
	})
}

// enqueueReminders puts the reminders of the coming day into the outbox.
func (j *Jobs) enqueueReminders(ctx context.Context) (changed bool, err error) {
	for {
		now := j.meta(ctx).At
		n, err := j.store.EnqueueReminders(ctx, now, now.Add(reservation.ReminderLead), batchSize)
		if n > 0 {
			changed = true
			j.notifyRelay()
		}
		if err != nil || n < batchSize {
			return changed, err
		}
	}
}

// deleteIdempotencyRecords deletes the records that are older than a day.
func (j *Jobs) deleteIdempotencyRecords(ctx context.Context) (changed bool, err error) {
	for {
		n, err := j.store.DeleteIdempotencyRecords(ctx, j.now().Add(-idempotencyTTL), deleteBatch)
		changed = changed || n > 0
		if err != nil || n < deleteBatch {
			return changed, err
		}
	}
}

// auditSlots compares every slot's counter with its reservations. A mismatch is
// logged, and its log line leads to the trace.
func (j *Jobs) auditSlots(ctx context.Context) (mismatch bool, err error) {
	a, err := j.store.Audit(ctx, j.now())
	if err != nil {
		return false, err
	}
	j.listener.SlotsAudited(ctx, a)
	return len(a.Mismatches) > 0, nil
}
