package storetest

import (
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"

	"jari.example/services/reservation"
	"jari.example/services/reservation/schedule"
)

// ledger is one restaurant's book as a careful head waiter keeps it on paper.
// It holds no counter that could go wrong: what is booked is added up from the
// claims, and who is next follows from the order in which people came. What a
// store says is compared with it after every step.
type ledger struct {
	house  string
	plan   *schedule.Schedule
	made   time.Time // when the plan's slots were last made
	closed map[string]bool
	slots  []*reservation.Slot        // by start; Capacity and Booked are added up when asked for
	rows   []*reservation.Reservation // in the order in which they were made
	queue  []uuid.UUID                // who waits, for whatever slot, first come first

	now   time.Time
	fresh map[uuid.UUID]bool // changed by this step: one version, however often
	told  []reservation.Event
}

// begin turns a page.
func (l *ledger) begin(now time.Time) {
	l.now, l.fresh, l.told = now, map[uuid.UUID]bool{}, nil
}

func (l *ledger) slot(id reservation.SlotID) *reservation.Slot {
	for _, s := range l.slots {
		if s.ID == id && id != 0 {
			return s
		}
	}
	return nil
}

func (l *ledger) row(id uuid.UUID) *reservation.Reservation {
	for _, r := range l.rows {
		if r.ID == id {
			return r
		}
	}
	return nil
}

// held is how many covers the claims on a slot hold.
func (l *ledger) held(s *reservation.Slot) (covers int) {
	for _, r := range l.rows {
		if r.SlotID == s.ID && holds(r.Status) {
			covers += r.Party
		}
	}
	return covers
}

// holds is DESIGN §3's list, on purpose not the domain's own.
func holds(s reservation.Status) bool { return s == "offered" || s == "confirmed" || s == "seated" }

func shut(s *reservation.Slot, held int) bool { return s.Wanted == 0 || held > s.Wanted }

func (l *ledger) left(s *reservation.Slot) int {
	if held := l.held(s); !shut(s, held) {
		return s.Wanted - held
	}
	return 0
}

// line is who waits for a slot.
func (l *ledger) line(id reservation.SlotID) (line []*reservation.Reservation) {
	for _, who := range l.queue {
		if r := l.row(who); r.SlotID == id {
			line = append(line, r)
		}
	}
	return line
}

// seen is r with what only its surroundings know.
func (l *ledger) seen(r *reservation.Reservation) reservation.Reservation {
	s := *r
	s.WaitlistOrder = 0
	s.Position = 1 + slices.Index(l.line(r.SlotID), r) // 0: not in line
	return s
}

func (l *ledger) touch(r *reservation.Reservation) {
	if !l.fresh[r.ID] {
		l.fresh[r.ID] = true
		r.Version++
	}
}

func (l *ledger) become(r *reservation.Reservation, s reservation.Status) {
	l.touch(r)
	l.queue = slices.DeleteFunc(l.queue, func(id uuid.UUID) bool { return id == r.ID })
	r.Status, r.OfferEndsAt = s, time.Time{}
}

func (l *ledger) tell(kind string, r *reservation.Reservation, previous *reservation.Visit, reason string) {
	if r.DinerID != uuid.Nil {
		l.told = append(l.told, reservation.Event{
			Kind: kind, Reservation: l.seen(r), OccurredAt: l.now, Previous: previous, Reason: reason,
		})
	}
}

// offer goes along every line and offers what is left to the first who fit.
func (l *ledger) offer() {
	for _, s := range l.slots {
		for _, r := range l.line(s.ID) {
			if !l.now.Before(s.CancelUntil) || !l.now.Before(s.Start) || r.Party > l.left(s) {
				continue
			}
			l.become(r, reservation.Offered)
			r.OfferEndsAt = s.CancelUntil
			if soon := l.now.Add(10 * time.Minute); soon.Before(r.OfferEndsAt) {
				r.OfferEndsAt = soon
			}
			l.tell("waitlist.offered", r, nil, "")
		}
	}
}

// arrange makes what starts in [from, to) what the plan wants there.
func (l *ledger) arrange(from, to time.Time) {
	if l.plan == nil {
		return
	}
	want := map[time.Time]reservation.Slot{}
	for _, s := range reservation.PlannedSlots(l.house, *l.plan, func(date string) bool { return l.closed[date] }, l.now) {
		if !s.Start.Before(from) && s.Start.Before(to) {
			want[s.Start] = s
		}
	}
	for _, s := range l.slots {
		w, wanted := want[s.Start]
		switch {
		case wanted:
			w.ID = s.ID
			*s = w
			delete(want, s.Start)
		case s.Start.After(l.now) && !s.Start.Before(from) && s.Start.Before(to):
			s.Wanted = 0
		}
	}
	for _, s := range want {
		l.slots = append(l.slots, &s)
	}
	slices.SortFunc(l.slots, func(a, b *reservation.Slot) int { return a.Start.Compare(b.Start) })
}

// page is what a store shows of a restaurant, or ought to.
type page struct {
	slots []reservation.Slot        // by start
	rows  []reservation.Reservation // by start and id
}

func (l *ledger) page() (p page) {
	for _, s := range l.slots {
		shown := *s
		shown.Booked = l.held(s)
		shown.Capacity = max(s.Wanted, shown.Booked)
		p.slots = append(p.slots, shown)
	}
	for _, r := range l.rows {
		p.rows = append(p.rows, l.seen(r))
	}
	slices.SortFunc(p.rows, func(a, b reservation.Reservation) int {
		return cmp.Or(a.Start.Compare(b.Start), slices.Compare(a.ID[:], b.ID[:]))
	})
	return p
}
