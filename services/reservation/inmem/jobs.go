package inmem

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"jari.example/services/reservation"
	"jari.example/services/reservation/jobs"
	"jari.example/telemetry"
)

// SlotsWithExpiry implements [jobs.Store].
func (s *Store) SlotsWithExpiry(_ context.Context, now time.Time, n int) ([]reservation.SlotID, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	due := map[reservation.SlotID]bool{}
	for _, r := range s.reservations {
		offerExpired := r.Status == reservation.Offered && !now.Before(r.OfferEndsAt)
		waitlistEnded := r.Status == reservation.Waiting && !now.Before(s.slots[r.SlotID].CancelUntil)
		if (offerExpired || waitlistEnded) && len(due) < n {
			due[r.SlotID] = true
		}
	}
	var list []reservation.SlotID
	for id := range due {
		list = append(list, id)
	}
	slices.Sort(list)
	return list, nil
}

// RestaurantsToGenerate implements [jobs.Store].
func (s *Store) RestaurantsToGenerate(_ context.Context, before time.Time, n int) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	for restaurant, p := range s.restaurants {
		if p.schedule != nil && p.generatedAt.Before(before) {
			list = append(list, restaurant)
		}
	}
	slices.Sort(list)
	return list[:min(len(list), n)], nil
}

// EnqueueReminders implements [jobs.Store].
func (s *Store) EnqueueReminders(ctx context.Context, now, before time.Time, n int) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	enqueued, traceparent := 0, telemetry.Traceparent(ctx)
	for _, r := range s.reservations {
		changedAhead := s.updated[r.ID].Before(r.Start.Add(-reservation.ReminderLead))
		if enqueued < n && r.Status == reservation.Confirmed && r.DinerID != uuid.Nil &&
			r.Start.After(now) && r.Start.Before(before) && changedAhead && !s.reminded[r.ID].Equal(r.Start) {
			s.reminded[r.ID] = r.Start
			s.enqueue(reservation.Event{
				ID: uuid.New(), Kind: reservation.EventReminder, OccurredAt: now, Reservation: *r, Traceparent: traceparent,
			})
			enqueued++
		}
	}
	s.metrics.Reminded(ctx, enqueued)
	return enqueued, nil
}

// DeleteIdempotencyRecords implements [jobs.Store].
func (s *Store) DeleteIdempotencyRecords(_ context.Context, before time.Time, n int) (deleted int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, record := range s.records {
		if record.createdAt.Before(before) && deleted < n {
			delete(s.records, key)
			deleted++
		}
	}
	return deleted, nil
}

// Audit implements [jobs.Store].
func (s *Store) Audit(_ context.Context, now time.Time) (a jobs.Audit, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	held := map[reservation.SlotID]int{}
	for _, r := range s.reservations {
		if r.Status.HoldsCovers() {
			held[r.SlotID] += r.Party
		}
	}
	for id, slot := range s.slots {
		if !slot.End.After(now) {
			continue
		}
		a.Slots++
		m := jobs.CounterMismatch{SlotID: id, RestaurantID: slot.RestaurantID,
			Wanted: slot.Wanted, Capacity: slot.Capacity, Booked: slot.Booked, Held: held[id]}
		if m.Held != m.Booked || m.Capacity != max(m.Wanted, m.Booked) {
			a.Mismatches = append(a.Mismatches, m)
		}
	}
	return a, nil
}
