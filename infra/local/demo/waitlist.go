package demo

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"jari.example/telemetry/names"
)

// waitlist: one diner books all covers of a slot, another joins the waitlist, the
// first cancels, and the second gets and accepts an offer.
func (sc *scenario) waitlist(ctx context.Context) error {
	at, slot, err := sc.emptySlot(ctx)
	if err != nil {
		return err
	}
	first, err := sc.newDiner(ctx, "yuna", "ko")
	if err != nil {
		return err
	}
	second, err := sc.newDiner(ctx, "doyun", "ko")
	if err != nil {
		return err
	}
	booked, err := call[reservation](ctx, sc, first, "POST", "/v1/reservations",
		map[string]any{"slot_id": slot.SlotID, "party": slot.Available}, http.StatusCreated, names.HeaderIdempotency, "all-"+sc.runID)
	if err != nil {
		return err
	}
	if full, err := second.book(ctx, sc, slot.SlotID, 2, "late-"+sc.runID); err != nil {
		return err
	} else if full.reason() != "slot_full" {
		return fmt.Errorf("booking a sold-out slot: expected slot_full, got %s", full)
	}
	entry, err := call[reservation](ctx, sc, second, "POST", "/v1/waitlist",
		map[string]any{"slot_id": slot.SlotID, "party": 2}, http.StatusCreated, names.HeaderIdempotency, "wait-"+sc.runID)
	if err != nil {
		return err
	}
	if entry.Status != "waiting" || entry.Position != 1 {
		return fmt.Errorf("joining an empty waitlist: expected position 1, got %+v", entry)
	}
	sc.pass("Yuna books all %d covers of %s on %s. Doyun joins the waitlist at position 1.",
		slot.Available, at.Name.En, local(slot.Start, slot.zone))
	if err := sc.mail(ctx, second, 1, "대기", at); err != nil {
		return err
	}

	_, err = call[reservation](ctx, sc, first, "POST", "/v1/reservations/"+booked.ID+"/cancel", nil, http.StatusOK,
		names.HeaderIdempotency, "sorry-"+sc.runID)
	if err != nil {
		return err
	}
	offer, err := call[reservation](ctx, sc, second, "GET", "/v1/reservations/"+entry.ID, nil, http.StatusOK)
	if err != nil {
		return err
	}
	if offer.Status != "offered" || !offer.OfferEndsAt.After(time.Now()) {
		return fmt.Errorf("the covers are free again, but the waitlist entry is %+v", offer)
	}
	sc.pass("Yuna cancels. Doyun has an offer of two covers at once, valid until %s.", local(offer.OfferEndsAt, slot.zone))
	if err := sc.mail(ctx, second, 2, "자리가 났습니다", at); err != nil {
		return err
	}
	accepted, err := call[reservation](ctx, sc, second, "POST", "/v1/waitlist/"+entry.ID+"/accept", nil, http.StatusOK,
		names.HeaderIdempotency, "yes-"+sc.runID)
	if err != nil {
		return err
	}
	if accepted.Status != "confirmed" || accepted.ID != entry.ID {
		return fmt.Errorf("an accepted offer is %+v", accepted)
	}
	sc.pass("He accepts.")
	return sc.mail(ctx, second, 3, "확정", at)
}
