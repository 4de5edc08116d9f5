package model

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/fault"
	"jari.example/services/reservation"
	"jari.example/services/reservation/jobs"
	"jari.example/services/reservation/outbox"
)

// Store is everything that a store of reservations implements.
type Store interface {
	reservation.Store
	outbox.Store
	jobs.Store
}

// Coverage counts what scenarios have reached: operations with the reason of
// their refusal ("book slot_full", or "book " for a success), and event kinds.
type Coverage map[string]int

// runner plays one scenario on a store and on the model.
type runner struct {
	ctx         context.Context
	replicas    []Store // of one store; each request goes to the next one
	model       *Model
	now         time.Time
	count       int      // of steps
	last        snapshot // of the store, after the last request
	records     []record
	eventIDs    map[uuid.UUID]bool // delivered so far
	traceparent string
	coverage    Coverage
}

// record is a request that has succeeded under its key.
type record struct {
	request
	result reservation.Reservation
}

// Run plays s on the replicas of one empty store, and returns the first
// difference between store and model, or the first invariant that the store
// breaks. It adds to coverage, which may be nil.
func (s Scenario) Run(ctx context.Context, replicas []Store, coverage Coverage) error {
	if coverage == nil {
		coverage = Coverage{}
	}
	r := &runner{
		ctx: ctx, replicas: replicas, coverage: coverage, model: newModel("mokran"),
		now: firstSeating.Add(-time.Duration(s.Begin) * time.Minute), eventIDs: map[uuid.UUID]bool{},
		traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	}
	for i, step := range append([]Step{{Op: EditSchedule, Schedule: s.Schedule}}, s.Steps...) {
		r.count++
		if err := r.step(step); err != nil {
			return fmt.Errorf("step %d at %s, %v: %w", i, r.now.Format(time.DateTime), step, err)
		}
	}
	return r.checkAudit()
}

func (r *runner) store() Store { return r.replicas[r.count%len(r.replicas)] }

func (r *runner) step(s Step) error {
	switch s.Op {
	case PassMinutes:
		r.now = r.now.Add(time.Duration([]int{1, 9, 10, 30, 11, 60, 45}[s.Choice%7]) * time.Minute)
		return nil
	case PassHours:
		r.now = r.now.Add(time.Duration(1+s.Choice%36) * time.Hour)
		return nil
	case ExpireOffers:
		return r.expireOffers()
	case Replay, ReuseKey:
		return r.replay(s)
	}
	q, ok := r.request(s)
	if !ok {
		return nil
	}
	if q.op == GenerateSlots && s.Choice%2 == 0 {
		return r.generateConcurrently(q)
	}
	return r.send(q)
}

// send sends one request and compares everything it did with the model.
func (r *runner) send(q request) error {
	out, err := r.execute(r.store(), q)
	id, refusal := r.model.apply(q)
	if got := fault.ReasonOf(err); got != refusal {
		return fmt.Errorf("result %q (%v), want %q", got, err, refusal)
	}
	r.coverage[string(q.op)+" "+refusal]++
	if err := r.checkState(refusal != ""); err != nil {
		return err
	}
	if changed := r.model.reservation(id); refusal == "" && changed != nil {
		if want := r.model.withPosition(changed); out.Replayed || !equal(out.Reservation, want) {
			return fmt.Errorf("result %+v, want %+v", out, want)
		}
		if q.Key != "" {
			r.records = append(r.records, record{q, out.Reservation})
		}
	}
	return r.checkEvents(q)
}

// expireOffers does what the maintenance job does, and checks which slots are due.
func (r *runner) expireOffers() error {
	due, err := r.store().SlotsWithExpiry(r.ctx, r.now, 1000)
	if err != nil {
		return err
	}
	var want []reservation.SlotID
	for _, candidate := range r.model.reservations {
		if r.model.isDue(candidate, r.now) {
			want = append(want, candidate.SlotID)
		}
	}
	slices.Sort(want)
	want = slices.Compact(want)
	if slices.Sort(due); !slices.Equal(due, want) {
		return fmt.Errorf("slots %v are due, want %v", due, want)
	}
	for _, slot := range due {
		meta := reservation.CommandMeta{EventID: uuid.New(), At: r.now}
		if err := r.send(request{op: ExpireOffers, slot: slot, CommandMeta: meta}); err != nil {
			return err
		}
	}
	return nil
}

// replay repeats an earlier request: the result must be the first one, and
// nothing else may change. With another body the key is refused.
func (r *runner) replay(s Step) error {
	if len(r.records) == 0 {
		return nil
	}
	old := r.records[s.Choice%len(r.records)]
	q, want := old.request, ""
	q.EventID, q.At = uuid.New(), r.now
	if q.op == Book || q.op == Join || q.op == Enter {
		q.id = uuid.New()
	}
	if s.Op == ReuseKey {
		q.RequestHash, want = hash("another body"), ReasonKeyReused
	}
	out, err := r.execute(r.store(), q)
	if got := fault.ReasonOf(err); got != want {
		return fmt.Errorf("replay of %s: %q (%v), want %q", q.op, got, err, want)
	}
	if want == "" && (!out.Replayed || !equal(out.Reservation, old.result)) {
		return fmt.Errorf("replay of %s: result %+v, at first %+v", q.op, out, old.result)
	}
	r.coverage[string(s.Op)+" "]++
	r.model.begin(r.now)
	if err := r.checkState(true); err != nil {
		return err
	}
	return r.checkEvents(q)
}

// generateConcurrently lets several replicas generate the slots at once. The
// model does it once.
func (r *runner) generateConcurrently(q request) error {
	errs := make([]error, 4)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { _, errs[i] = r.execute(r.replicas[i%len(r.replicas)], q) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	r.model.apply(q)
	if err := r.checkState(false); err != nil {
		return err
	}
	return r.checkEvents(q)
}
