package storetest

import (
	"time"

	"github.com/google/uuid"

	"jari.example/services/notification"
)

func urgentFirst(f *fixture) {
	first, second := f.add(Event()), f.add(Event())
	f.now = f.now.Add(time.Minute)
	offer := f.add(of(uuid.New(), notification.Offered))
	f.want("the offer, and then the oldest", f.lease(2), offer, first)
	f.want("the rest", f.lease(10), second)
	later := f.add(Event())
	f.must(f.Postpone(f.Context(), offer.ID, f.now.Add(time.Second), true))
	f.want("while the offer is postponed", f.lease(1), later)
	f.now = f.now.Add(time.Second)
	f.must(f.Postpone(f.Context(), later.ID, f.now, true))
	f.want("when the offer is due again", f.lease(1), offer)
}

// An offer cannot be sent before the older mails of its reservation.
func urgentWithOlder(f *fixture) {
	oldest := f.add(Event())
	joined := f.add(of(uuid.New(), notification.Joined))
	changed := f.add(of(joined.Reservation.ID, notification.Changed))
	next := f.add(Event())
	offer := f.add(of(joined.Reservation.ID, notification.Offered))
	left := f.add(of(joined.Reservation.ID, notification.Left)) // after the offer: it is not urgent
	b, err := f.UrgentBacklog(f.Context())
	if err != nil || b.Waiting != 3 || !b.Oldest.Equal(f.now) {
		f.Errorf("urgent backlog %+v, %v; want the offer and the two before it", b, err)
	}
	for _, e := range []notification.Event{joined, changed, offer, oldest, next, left} {
		f.want(string(e.Kind), f.lease(1), e)
		f.must(f.Sent(f.Context(), e.ID, f.now))
	}
	if b, err := f.UrgentBacklog(f.Context()); err != nil || b.Waiting != 0 {
		f.Errorf("urgent backlog afterwards %+v, %v", b, err)
	}
}

func longestDue(f *fixture) {
	failed := f.add(Event())
	f.lease(1)
	f.must(f.Postpone(f.Context(), failed.ID, f.now.Add(2*time.Second), true))
	f.now = f.now.Add(time.Second)
	waiting := f.add(Event())
	f.now = f.now.Add(2 * time.Second)
	last := f.add(Event())
	f.want("the repetition is in its turn", f.lease(10), waiting, failed, last)
}
