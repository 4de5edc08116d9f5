package reservation

import (
	"testing"
	"time"
)

func TestOfferResponse(t *testing.T) {
	for name, c := range map[string]struct {
		status Status
		at     time.Time
		accept bool
		reason string
		want   Status
		kind   string
	}{
		"accepts":                        {Offered, now, true, "", Confirmed, EventConfirmed},
		"declines":                       {Offered, now, false, "", Declined, EventDeclined},
		"comes when the offer has ended": {Offered, now.Add(time.Minute), true, "offer_expired", Offered, ""},
		"comes after it was expired":     {Expired, now, true, "offer_expired", Expired, ""},
		"has no offer yet":               {Waiting, now, true, "not_offered", Waiting, ""},
		"was accepted before":            {Confirmed, now, false, "not_offered", Confirmed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			u := newUnit()
			if c.status == Waiting {
				u.with(other, Confirmed, 4)
			}
			r := u.with(diner, c.status, 2)
			o := OfferResponse{CommandMeta: meta(c.at), ID: r.ID, Accept: c.accept}
			var kinds []string
			if c.kind != "" {
				kinds = []string{c.kind}
			}
			apply(t, u, o.CommandMeta, o.Decide, c.reason, kinds...)
			if r.Status != c.want {
				t.Errorf("status %s, want %s", r.Status, c.want)
			}
		})
	}
}
