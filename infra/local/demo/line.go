package demo

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"jari.example/telemetry/names"
)

// line: one diner has the whole room, another waits, the first changes her
// mind, and the seats find the one who waits.
func (e *evening) line(ctx context.Context) error {
	at, slot, err := e.untouchedSlot(ctx)
	if err != nil {
		return err
	}
	first, err := e.newDiner(ctx, "yuna", "ko")
	if err != nil {
		return err
	}
	second, err := e.newDiner(ctx, "doyun", "ko")
	if err != nil {
		return err
	}
	room, err := call[reservation](ctx, e, first, "POST", "/v1/reservations",
		map[string]any{"slot_id": slot.SlotID, "party": slot.Available}, http.StatusCreated, names.HeaderIdempotency, "room-"+e.tag)
	if err != nil {
		return err
	}
	if full, err := second.book(ctx, e, slot.SlotID, 2, "late-"+e.tag); err != nil {
		return err
	} else if full.reason() != "slot_full" {
		return fmt.Errorf("booking a room that is taken: expected slot_full, got %s", full)
	}
	entry, err := call[reservation](ctx, e, second, "POST", "/v1/waitlist",
		map[string]any{"slot_id": slot.SlotID, "party": 2}, http.StatusCreated, names.HeaderIdempotency, "wait-"+e.tag)
	if err != nil {
		return err
	}
	if entry.Status != "waiting" || entry.Position != 1 {
		return fmt.Errorf("joining an empty line: expected to wait as number 1, got %+v", entry)
	}
	e.say("Yuna takes all %d seats of %s on %s; Doyun waits, number 1 in line.", slot.Available, at.Name.En, local(slot.Start, at.TimeZone))
	if err := e.mail(ctx, second, 1, "대기", at); err != nil {
		return err
	}

	if _, err := call[reservation](ctx, e, first, "POST", "/v1/reservations/"+room.ID+"/cancel", nil, http.StatusOK, names.HeaderIdempotency, "sorry-"+e.tag); err != nil {
		return err
	}
	offer, err := call[reservation](ctx, e, second, "GET", "/v1/reservations/"+entry.ID, nil, http.StatusOK)
	if err != nil {
		return err
	}
	if offer.Status != "offered" || !offer.OfferEndsAt.After(time.Now()) {
		return fmt.Errorf("the room is free again, and whoever waits has %+v", offer)
	}
	e.say("Yuna cancels. That very moment two of the seats are Doyun's to take, until %s.", local(offer.OfferEndsAt, at.TimeZone))
	if err := e.mail(ctx, second, 2, "자리가 났습니다", at); err != nil {
		return err
	}
	taken, err := call[reservation](ctx, e, second, "POST", "/v1/waitlist/"+entry.ID+"/accept", nil, http.StatusOK, names.HeaderIdempotency, "yes-"+e.tag)
	if err != nil {
		return err
	}
	if taken.Status != "confirmed" || taken.ID != entry.ID {
		return fmt.Errorf("an accepted offer is %+v", taken)
	}
	e.say("He accepts.")
	return e.mail(ctx, second, 3, "확정", at)
}
