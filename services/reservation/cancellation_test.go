package reservation

import (
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestCancellation(t *testing.T) {
	for name, c := range map[string]struct {
		whose  uuid.UUID
		status Status
		at     time.Time
		owner  bool
		reason string
		kind   string
	}{
		"releases a confirmed reservation":           {diner, Confirmed, now, false, "", EventCancelled},
		"gives up an offer":                          {diner, Offered, now, false, "", EventLeft},
		"leaves the waitlist":                        {diner, Waiting, now, false, "", EventLeft},
		"is refused from the cut-off on":             {diner, Confirmed, now.Add(22 * time.Hour), false, "not_cancellable", ""},
		"leaves the waitlist after the cut-off, too": {diner, Waiting, now.Add(22 * time.Hour), false, "", EventLeft},
		"is refused for a seated party":              {diner, Seated, now, false, "not_cancellable", ""},
		"is refused for what is cancelled":           {diner, Cancelled, now, false, "not_cancellable", ""},
		"does not find somebody else's":              {other, Confirmed, now, true, "reservation_not_found", ""},
		"does not find an owner's entry":             {uuid.Nil, Confirmed, now, false, "reservation_not_found", ""},
		"lets the owner cancel an entry":             {uuid.Nil, Confirmed, now, true, "", ""},
		"lets the owner cancel after the cut-off":    {uuid.Nil, Confirmed, now.Add(23 * time.Hour), true, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			u := newUnit()
			r := u.with(c.whose, c.status, 2)
			cancel := Cancellation{CommandMeta: meta(c.at), ID: r.ID, MayTouch: func(string) bool { return c.owner }}
			var kinds []string
			if c.kind != "" {
				kinds = []string{c.kind}
			}
			if got := apply(t, u, cancel.CommandMeta, cancel.Decide, c.reason, kinds...); c.reason == "" && got.Status != Cancelled {
				t.Errorf("status %s", got.Status)
			}
		})
	}
}

func TestCancellationOffersTheCoversToTheWaitlist(t *testing.T) {
	u := newUnit()
	booked := u.with(diner, Confirmed, 4)
	first, tooLarge, second := u.with(other, Waiting, 3), u.with(uuid.New(), Waiting, 2), u.with(uuid.New(), Waiting, 1)
	cancel := Cancellation{CommandMeta: meta(now), ID: booked.ID}
	apply(t, u, cancel.CommandMeta, cancel.Decide, "", EventCancelled, EventOffered, EventOffered)
	if first.Status != Offered || tooLarge.Status != Waiting || second.Status != Offered {
		t.Errorf("statuses %s, %s, %s", first.Status, tooLarge.Status, second.Status)
	}
	if !first.OfferEndsAt.Equal(now.Add(OfferTTL)) {
		t.Errorf("the offer ends at %v", first.OfferEndsAt)
	}
}

func TestLeave(t *testing.T) {
	for status, c := range map[Status]struct {
		reason string
		kinds  []string
		want   Status
	}{
		Waiting:   {"", []string{EventLeft}, Cancelled},
		Offered:   {"", []string{EventLeft}, Cancelled},
		Confirmed: {"not_waiting", nil, Confirmed},
		Seated:    {"not_waiting", nil, Seated},
		Expired:   {"", nil, Expired},
		Declined:  {"", nil, Declined},
	} {
		t.Run(string(status), func(t *testing.T) {
			u := newUnit()
			r := u.with(diner, status, 2)
			leave := Cancellation{CommandMeta: meta(now), ID: r.ID}
			apply(t, u, leave.CommandMeta, leave.Leave, c.reason, c.kinds...)
			if r.Status != c.want {
				t.Errorf("status %s, want %s", r.Status, c.want)
			}
		})
	}
}
