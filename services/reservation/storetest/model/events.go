package model

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"jari.example/services/reservation"
)

// checkEvents empties the outbox and compares it with the model's events,
// reservation by reservation: between reservations there is no order.
func (r *runner) checkEvents(q request) error {
	want := map[uuid.UUID][]reservation.Event{}
	for _, e := range r.model.events {
		r.coverage[e.Kind]++
		want[e.Reservation.ID] = append(want[e.Reservation.ID], e)
	}
	events, err := r.drainOutbox()
	if err != nil {
		return err
	}
	got, carriesRequest := map[uuid.UUID][]reservation.Event{}, false
	for _, e := range events {
		if r.eventIDs[e.ID] {
			return fmt.Errorf("event %s was enqueued twice", e.ID)
		}
		r.eventIDs[e.ID] = true
		carriesRequest = carriesRequest || e.ID == q.EventID && e.Traceparent == q.Traceparent
		got[e.Reservation.ID] = append(got[e.Reservation.ID], e)
	}
	for id, events := range want {
		if !slices.EqualFunc(got[id], events, equalEvents) {
			return fmt.Errorf("events %s\nwant %s", describeEvents(got[id]), describeEvents(events))
		}
		delete(got, id)
	}
	for _, events := range got {
		return fmt.Errorf("unexpected events %s", describeEvents(events))
	}
	if len(want) > 0 && !carriesRequest {
		return fmt.Errorf("no event carries the request's event id and trace")
	}
	return nil
}

// drainOutbox delivers everything in the outbox.
func (r *runner) drainOutbox() (all []reservation.Event, err error) {
	for {
		events, err := r.store().Lease(r.ctx, 1000, r.now.AddDate(1, 0, 0), r.now.AddDate(2, 0, 0))
		if err != nil || len(events) == 0 {
			return all, err
		}
		all = append(all, events...)
		for _, e := range events {
			if err := r.store().Delivered(r.ctx, e.Seq); err != nil {
				return nil, err
			}
		}
	}
}

func equalEvents(a, b reservation.Event) bool {
	return a.Kind == b.Kind && a.Reason == b.Reason && a.OccurredAt.Equal(b.OccurredAt) &&
		(a.Previous == nil) == (b.Previous == nil) &&
		(a.Previous == nil || a.Previous.Party == b.Previous.Party && a.Previous.Start.Equal(b.Previous.Start)) &&
		equal(a.Reservation, b.Reservation)
}

func describeEvents(events []reservation.Event) (text string) {
	for _, e := range events {
		text += fmt.Sprintf("%s of %+v (previous %+v, reason %q); ", e.Kind, e.Reservation, e.Previous, e.Reason)
	}
	return cmp.Or(text, "none")
}
