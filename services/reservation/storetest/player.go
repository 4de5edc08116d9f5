package storetest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/fault"
	"jari.example/services/reservation"
	"jari.example/services/reservation/schedule"
)

// player plays a script on a store, and on a ledger beside it.
type player struct {
	ctx      context.Context
	replicas []Store // of one store; they take turns
	ledger   *ledger
	now      time.Time
	count    int
	last     page     // what the store showed after the last step
	answers  []answer // that keys have had
	events   map[uuid.UUID]bool
	trace    string
	seen     map[string]int // what has happened, to know that scripts get everywhere
}

type answer struct {
	request
	said reservation.Reservation
}

// play returns what is wrong with the store, nil if nothing is. It adds to seen
// what came about.
func (s script) play(ctx context.Context, seen map[string]int, replicas []Store) error {
	p := &player{
		seen: seen,
		ctx:  ctx, replicas: replicas, now: dawn.Add(-time.Duration(s.Begin) * time.Minute), events: map[uuid.UUID]bool{},
		ledger: &ledger{house: "mokran", closed: map[string]bool{}},
		trace:  "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	}
	for i, step := range append([]step{{Op: "edit", Plan: s.Plan}}, s.Steps...) {
		p.count++
		if err := p.step(step); err != nil {
			return fmt.Errorf("step %d at %s, %v: %w", i, p.now.Format(time.DateTime), step, err)
		}
	}
	return p.audit()
}

func (p *player) store() Store { return p.replicas[p.count%len(p.replicas)] }

func (p *player) step(s step) error {
	switch s.Op {
	case "pass":
		p.now = p.now.Add(time.Duration([]int{1, 9, 10, 30, 11, 60, 45}[s.Who%7]) * time.Minute)
		return nil
	case "night":
		p.now = p.now.Add(time.Duration(1+s.Who%36) * time.Hour)
		return nil
	case "expire":
		return p.expire()
	case "again", "reuse":
		return p.again(s)
	}
	q, ok := p.request(s)
	if !ok {
		return nil
	}
	if q.op == "make" && s.Who%2 == 0 {
		return p.makeAtOnce(q)
	}
	return p.send(q)
}

// send sends one request, and compares everything it did with the ledger.
func (p *player) send(q request) error {
	out, err := p.act(p.store(), q)
	id, refusal := p.ledger.do(q)
	if got := fault.ReasonOf(err); got != refusal {
		return fmt.Errorf("answered %q (%v), want %q", got, err, refusal)
	}
	p.seen[q.op+" "+refusal]++
	if err := p.look(refusal != ""); err != nil {
		return err
	}
	if r := p.ledger.row(id); refusal == "" && r != nil {
		if want := p.ledger.seen(r); out.Replayed || !alike(out.Reservation, want) {
			return fmt.Errorf("answered %+v, want %+v", out, want)
		}
		if q.Key != "" {
			p.answers = append(p.answers, answer{q, out.Reservation})
		}
	}
	return p.hear(q)
}

// act sends q to one replica, as the service would.
func (p *player) act(s Store, q request) (reservation.Outcome, error) {
	b := reservation.Booking{CommandMeta: q.CommandMeta, ID: q.id, SlotID: q.slot, Party: q.party}
	about := reservation.Cancellation{CommandMeta: q.CommandMeta, ID: q.id}
	c := reservation.Command{CommandMeta: q.CommandMeta, Scope: reservation.Scope{ReservationID: q.id}}
	nothing := func(do func(*reservation.UnitOfWork)) func(*reservation.UnitOfWork) (reservation.Reservation, error) {
		return func(d *reservation.UnitOfWork) (r reservation.Reservation, err error) { do(d); return r, nil }
	}
	whole := reservation.Scope{Period: reservation.Period{RestaurantID: p.ledger.house, From: q.At, To: forever}}
	switch q.op {
	case "book":
		return s.Book(p.ctx, b)
	case "join":
		c.Op, c.Decide = reservation.OpJoin, b.Join
		c.Scope = reservation.Scope{LimitsOf: q.DinerID, Slots: []reservation.SlotID{q.slot}}
	case "enter":
		e := reservation.OwnerEntry{Booking: b, RestaurantID: p.ledger.house, WalkIn: q.walkIn}
		if !q.mine {
			e.RestaurantID = "another"
		}
		c.Op, c.Decide, c.Scope = reservation.OpEnter, e.Decide, reservation.Scope{Slots: []reservation.SlotID{q.slot}}
	case "cancel":
		c.Op, c.Decide = reservation.OpCancel, about.Decide
	case "leave":
		c.Decide = about.Leave
	case "accept", "decline":
		c.Op, c.Decide = q.op, reservation.OfferResponse{CommandMeta: q.CommandMeta, ID: q.id, Accept: q.op == "accept"}.Decide
	case "seat", "no_show":
		c.Op = q.op
		c.Decide = reservation.Attendance{CommandMeta: q.CommandMeta, ID: q.id, NoShow: q.op == "no_show", MayTouch: func(string) bool { return q.mine }}.Decide
	case "move":
		m := reservation.Move{CommandMeta: q.CommandMeta, ID: q.id}
		c.LimitsOf = q.DinerID
		if q.slot != 0 {
			m.SlotID, c.Slots = &q.slot, []reservation.SlotID{q.slot}
		}
		if q.party != 0 {
			m.Party = &q.party
		}
		c.Decide = m.Decide
	case "expire":
		c.Scope, c.Decide = reservation.Scope{Slots: []reservation.SlotID{q.slot}}, reservation.ExpireOffers
	case "edit":
		c.Scope, c.Decide = whole, nothing(func(d *reservation.UnitOfWork) {
			d.SetSchedule(q.plan, reservation.PlannedSlots(p.ledger.house, q.plan, func(date string) bool { return d.ClosedDates[date] }, q.At))
		})
	case "make":
		c.Scope, c.Decide = whole, nothing(func(d *reservation.UnitOfWork) {
			d.ReconcileSlots(reservation.PlannedSlots(p.ledger.house, *d.Schedule, func(date string) bool { return d.ClosedDates[date] }, q.At))
		})
	case "close", "reopen":
		from, to, err := schedule.DayBounds(q.date, p.ledger.plan.TimeZone)
		if err != nil {
			return reservation.Outcome{}, err
		}
		c.Scope.Period, c.Scope.AllReservations = reservation.Period{RestaurantID: p.ledger.house, From: from, To: to}, true
		c.Decide = nothing(func(d *reservation.UnitOfWork) {
			if q.op == "reopen" {
				d.ReopenDay(p.ledger.house, q.date)
			} else {
				d.CloseDay(reservation.Closure{Date: q.date, Reason: q.reason})
			}
		})
	}
	return s.Execute(p.ctx, c)
}

// expire does what the job does, once the list of what is due is right.
func (p *player) expire() error {
	due, err := p.store().SlotsWithExpiry(p.ctx, p.now, 1000)
	if err != nil {
		return err
	}
	var want []reservation.SlotID
	for _, r := range p.ledger.rows {
		if p.ledger.overdue(r, p.now) {
			want = append(want, r.SlotID)
		}
	}
	slices.Sort(want)
	want = slices.Compact(want)
	if slices.Sort(due); !slices.Equal(due, want) {
		return fmt.Errorf("due are slots %v, want %v", due, want)
	}
	for _, slot := range due {
		if err := p.send(request{op: "expire", slot: slot, CommandMeta: reservation.CommandMeta{EventID: uuid.New(), At: p.now}}); err != nil {
			return err
		}
	}
	return nil
}

// again sends what has been answered before, and only the answer may come.
func (p *player) again(s step) error {
	if len(p.answers) == 0 {
		return nil
	}
	old := p.answers[s.Who%len(p.answers)]
	q, want := old.request, ""
	q.EventID, q.At = uuid.New(), p.now
	if q.op == "book" || q.op == "join" || q.op == "enter" {
		q.id = uuid.New()
	}
	if s.Op == "reuse" {
		q.RequestHash, want = sum("another body"), "idempotency_key_reused"
	}
	out, err := p.act(p.store(), q)
	if got := fault.ReasonOf(err); got != want {
		return fmt.Errorf("%s again: %q (%v), want %q", q.op, got, err, want)
	}
	if want == "" && (!out.Replayed || !alike(out.Reservation, old.said)) {
		return fmt.Errorf("%s again: answered %+v, at first %+v", q.op, out, old.said)
	}
	p.seen[s.Op+" "]++
	p.ledger.begin(p.now)
	if err := p.look(true); err != nil {
		return err
	}
	return p.hear(q)
}

// makeAtOnce lets several replicas make the slots ahead at the same time.
func (p *player) makeAtOnce(q request) error {
	errs := make([]error, 4)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { _, errs[i] = p.act(p.replicas[i%len(p.replicas)], q) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	p.ledger.do(q)
	if err := p.look(false); err != nil {
		return err
	}
	return p.hear(q)
}

// show reads all that the store shows of the restaurant.
func (p *player) show() (now page, err error) {
	from, to := dawn.AddDate(0, 0, -2), dawn.AddDate(1, 0, 0)
	if now.slots, err = p.store().Slots(p.ctx, []string{p.ledger.house}, from, to); err != nil {
		return now, err
	}
	now.rows, err = p.store().Day(p.ctx, reservation.DayQuery{
		Period: reservation.Period{RestaurantID: p.ledger.house, From: from, To: to}, Limit: 10_000,
	})
	for i := range now.rows {
		now.rows[i].WaitlistOrder = 0 // a store's own way to keep the order
	}
	return now, err
}

// hear empties the outbox and compares it, reservation by reservation.
func (p *player) hear(q request) error {
	told, want := map[uuid.UUID][]reservation.Event{}, map[uuid.UUID][]reservation.Event{}
	for _, e := range p.ledger.told {
		p.seen[e.Kind]++
		want[e.Reservation.ID] = append(want[e.Reservation.ID], e)
	}
	own := false
	for {
		events, err := p.store().Lease(p.ctx, 1000, p.now.AddDate(1, 0, 0), p.now.AddDate(2, 0, 0))
		if err != nil {
			return err
		}
		if len(events) == 0 {
			break
		}
		for _, e := range events {
			if p.events[e.ID] {
				return fmt.Errorf("event %s was told before", e.ID)
			}
			p.events[e.ID] = true
			own = own || e.ID == q.EventID && e.Traceparent == q.Traceparent
			e.Reservation.WaitlistOrder = 0
			told[e.Reservation.ID] = append(told[e.Reservation.ID], e)
			if err := p.store().Delivered(p.ctx, e.Seq); err != nil {
				return err
			}
		}
	}
	for id, events := range want {
		if !slices.EqualFunc(told[id], events, sameNews) {
			return fmt.Errorf("told %s\nwant %s", news(told[id]), news(events))
		}
		delete(told, id)
	}
	for _, events := range told {
		return fmt.Errorf("nobody expected %s", news(events))
	}
	if len(want) > 0 && !own {
		return fmt.Errorf("no event carries the request's id and trace")
	}
	return nil
}

func sameNews(a, b reservation.Event) bool {
	return a.Kind == b.Kind && a.Reason == b.Reason && a.OccurredAt.Equal(b.OccurredAt) &&
		(a.Previous == nil) == (b.Previous == nil) &&
		(a.Previous == nil || a.Previous.Party == b.Previous.Party && a.Previous.Start.Equal(b.Previous.Start)) &&
		alike(a.Reservation, b.Reservation)
}

func news(events []reservation.Event) (s string) {
	for _, e := range events {
		s += fmt.Sprintf("%s of %+v (previous %+v, reason %q); ", e.Kind, e.Reservation, e.Previous, e.Reason)
	}
	return cmp.Or(s, "nothing")
}

// alike compares what a diner sees of a and b.
func alike(a, b reservation.Reservation) bool {
	a.WaitlistOrder, b.WaitlistOrder = 0, 0
	return same(a, b)
}

// audit lets the store's own audit look at what is left.
func (p *player) audit() error {
	a, err := p.store().Audit(p.ctx, p.now)
	if err != nil || len(a.Mismatches) > 0 {
		return fmt.Errorf("audit: %+v, %w", a, err)
	}
	return nil
}
