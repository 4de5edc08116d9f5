package model

import (
	"fmt"

	"jari.example/services/reservation"
)

// checkState reads what the store shows and compares it with the invariants,
// with the model and, where nothing may have changed, with what it showed
// before.
func (r *runner) checkState(unchanged bool) error {
	now, err := r.readSnapshot()
	if err != nil {
		return err
	}
	before := r.last
	r.last = now
	if unchanged {
		if err := compareSnapshots(now, before); err != nil {
			return fmt.Errorf("an unexpected change: %w", err)
		}
	}
	if err := r.checkInvariants(before, now); err != nil {
		return err
	}
	want := r.model.snapshot()
	for i := range want.slots { // stores choose the ids
		if want.slots[i].ID == 0 && i < len(now.slots) {
			want.slots[i].ID = now.slots[i].ID
			r.model.slots[i].ID = now.slots[i].ID
		}
	}
	if err := compareSnapshots(now, want); err != nil {
		return fmt.Errorf("differs from the model: %w", err)
	}
	return nil
}

// readSnapshot reads all that the store shows of the restaurant.
func (r *runner) readSnapshot() (snap snapshot, err error) {
	from, to := firstSeating.AddDate(0, 0, -2), firstSeating.AddDate(1, 0, 0)
	if snap.slots, err = r.store().Slots(r.ctx, []string{r.model.restaurant}, from, to); err != nil {
		return snap, err
	}
	snap.reservations, err = r.store().Day(r.ctx, reservation.DayQuery{
		Period: reservation.Period{RestaurantID: r.model.restaurant, From: from, To: to}, Limit: 10_000,
	})
	return snap, err
}

// checkAudit compares the counters once more, as the store's own audit does.
func (r *runner) checkAudit() error {
	a, err := r.store().Audit(r.ctx, r.now)
	if err != nil || len(a.Mismatches) > 0 {
		return fmt.Errorf("audit: %+v, %w", a, err)
	}
	return nil
}
