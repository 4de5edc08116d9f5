package reservation

import (
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestJoin(t *testing.T) {
	for name, c := range map[string]struct {
		party    int
		change   func(*UnitOfWork)
		reason   string
		position int
	}{
		"a sold-out slot": {2, func(u *UnitOfWork) { u.with(other, Confirmed, 4) }, "", 1},
		"behind others": {2, func(u *UnitOfWork) {
			u.with(other, Confirmed, 4)
			u.with(uuid.New(), Waiting, 1)
		}, "", 2},
		"a slot with covers left":   {2, func(*UnitOfWork) {}, "seats_available", 0},
		"with a party it can't fit": {4, func(u *UnitOfWork) { u.Slots[1].Wanted, u.Slots[1].Capacity = 3, 3 }, "party_too_large", 0},
		"after the cut-off": {2, func(u *UnitOfWork) {
			u.with(other, Confirmed, 4)
			u.Slots[1].CancelUntil = now
		}, "slot_closed", 0},
		"a waitlist that is full": {2, func(u *UnitOfWork) {
			u.with(other, Confirmed, 4)
			for range MaxWaitlist {
				u.with(uuid.New(), Waiting, 1)
			}
		}, "line_full", 0},
	} {
		t.Run(name, func(t *testing.T) {
			u := newUnit()
			c.change(u)
			b := Booking{CommandMeta: meta(now), ID: uuid.New(), SlotID: 1, Party: c.party}
			var kinds []string
			if c.reason == "" {
				kinds = []string{EventJoined}
			}
			if r := apply(t, u, b.CommandMeta, b.Join, c.reason, kinds...); c.reason == "" && (r.Status != Waiting || r.Position != c.position) {
				t.Errorf("%s at position %d, want %d", r.Status, r.Position, c.position)
			}
		})
	}
}

func TestExpireOffers(t *testing.T) {
	u := newUnit()
	ran, valid := u.with(diner, Offered, 3), u.with(other, Offered, 1)
	ran.OfferEndsAt, valid.OfferEndsAt = now, now.Add(1)
	next := u.with(uuid.New(), Waiting, 3)
	apply(t, u, meta(now), ExpireOffers, "", EventExpired, EventOffered)
	if ran.Status != Expired || valid.Status != Offered || next.Status != Offered {
		t.Errorf("statuses %s, %s, %s", ran.Status, valid.Status, next.Status)
	}
}

func TestAnOfferSaysHowLongItsCoversHaveBeenFree(t *testing.T) {
	ranOut := func(ago time.Duration, party int) func(*UnitOfWork) {
		return func(u *UnitOfWork) { u.with(uuid.New(), Offered, party).OfferEndsAt = now.Add(-ago) }
	}
	for name, c := range map[string]struct {
		before []func(*UnitOfWork)
		decide func(*UnitOfWork) (Reservation, error)
		want   time.Duration
	}{
		"an offer ran out just now":         {[]func(*UnitOfWork){ranOut(0, 4)}, ExpireOffers, 0},
		"an offer ran out a minute ago":     {[]func(*UnitOfWork){ranOut(time.Minute, 4)}, ExpireOffers, time.Minute},
		"the first of two ran out long ago": {[]func(*UnitOfWork){ranOut(time.Hour, 2), ranOut(time.Second, 2)}, ExpireOffers, time.Hour},
		"covers are freed and offered at once": {nil, func(u *UnitOfWork) (Reservation, error) {
			return Reservation{}, nil
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			u := newUnit()
			for _, b := range c.before {
				b(u)
			}
			next := u.with(uuid.New(), Waiting, 4)
			if _, err := (Command{CommandMeta: meta(now), Decide: c.decide}).Apply(u); err != nil {
				t.Fatal(err)
			}
			all := u.ChangeSet().Transitions
			offer := all[len(all)-1].Offer
			if next.Status != Offered || offer.ReservationID != next.ID || offer.SlotID != next.SlotID || offer.Delay != c.want {
				t.Errorf("%s, offer %+v, want a delay of %v", next.Status, offer, c.want)
			}
		})
	}
}

func TestExpireOffersEndsAWaitlistAtTheCutOff(t *testing.T) {
	u := newUnit()
	u.with(other, Confirmed, 4)
	waiting := u.with(diner, Waiting, 2)
	apply(t, u, meta(u.Slots[1].CancelUntil), ExpireOffers, "", EventExpired)
	if waiting.Status != Expired {
		t.Errorf("status %s", waiting.Status)
	}
}
