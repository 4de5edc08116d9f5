package postgres

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"jari.example/services/reservation"
)

// groupPlan is what a group locks, each list sorted so that no two groups wait
// for one another, and who leads in it: of one diner's bookings only the first
// can be booked. The others are asked about with it, and judged by what has
// become of it.
type groupPlan struct {
	diners []int64
	slots  []int64
	leader []int // index of the first booking of the same diner
}

func planGroup(group []*pending[reservation.Booking]) groupPlan {
	m := groupPlan{leader: make([]int, len(group))}
	first := make(map[uuid.UUID]int, len(group))
	for i, t := range group {
		leader, known := first[t.request.DinerID]
		if !known {
			leader, first[t.request.DinerID] = i, i
			m.diners = append(m.diners, dinerLock(t.request.DinerID))
		}
		m.leader[i] = leader
		m.slots = append(m.slots, int64(t.request.SlotID))
	}
	slices.Sort(m.diners)
	slices.Sort(m.slots)
	m.slots = slices.Compact(m.slots)
	return m
}

// columns are decideSQL's arguments. FlatArray and pgtype.UUID spare pgx a
// reflection for every value.
func (m groupPlan) columns(group []*pending[reservation.Booking]) []any {
	n := len(group)
	id, diner, event := make(pgtype.FlatArray[pgtype.UUID], n), make(pgtype.FlatArray[pgtype.UUID], n), make(pgtype.FlatArray[pgtype.UUID], n)
	slot, party := make(pgtype.FlatArray[int64], n), make(pgtype.FlatArray[int32], n)
	note, key, trace := make(pgtype.FlatArray[string], n), make(pgtype.FlatArray[string], n), make(pgtype.FlatArray[string], n)
	hash, at, leads := make(pgtype.FlatArray[[]byte], n), make(pgtype.FlatArray[time.Time], n), make(pgtype.FlatArray[bool], n)
	for i, t := range group {
		b := t.request
		id[i], diner[i], event[i] = uuidOf(b.ID), uuidOf(b.DinerID), uuidOf(b.EventID)
		slot[i], party[i] = int64(b.SlotID), int32(b.Party)
		note[i], key[i], trace[i] = b.Note.Reveal(), b.Key, b.Traceparent
		hash[i], at[i], leads[i] = b.RequestHash, b.At, m.leader[i] == i
	}
	return []any{id, slot, diner, party, note, key, hash, at, event, trace, leads, reservation.MaxActive}
}

func uuidOf(id uuid.UUID) pgtype.UUID { return pgtype.UUID{Bytes: id, Valid: true} }

// resolve fills in t from the verdict and the slots as the group has left them, or
// returns false: only who stood before it in the group has kept it from its
// seats. first is a booking of the same diner that the group has made, if any.
func resolve(t *pending[reservation.Booking], v decision, slots map[reservation.SlotID]*reservation.Slot, first *reservation.Booking) bool {
	b := t.request
	slot := slots[b.SlotID]
	switch {
	case v.previous != nil:
		t.outcome, t.err = replay(v.previous, v.sameRequest)
	case v.booked:
		t.outcome.Reservation = booked(b, slot)
	case first != nil && first.Key == b.Key && !bytes.Equal(first.RequestHash, b.RequestHash):
		t.err = reservation.KeyReused()
	case first != nil && first.Key == b.Key:
		t.outcome = reservation.Outcome{Reservation: booked(*first, slots[first.SlotID]), Replayed: true}
	default:
		has := v.holdings
		if first != nil {
			has.Active++
			other := slots[first.SlotID]
			has.OnSlot = has.OnSlot || slot == other
			has.Overlaps = has.Overlaps || slot != nil && slot != other && slot.Start.Before(other.End) && slot.End.After(other.Start)
		}
		t.err = b.Refusal(slot, has)
		return t.err != nil
	}
	return true
}

// booked is the row that decideSQL has written.
func booked(b reservation.Booking, slot *reservation.Slot) reservation.Reservation {
	return reservation.Reservation{
		ID: b.ID, DinerID: b.DinerID, SlotID: slot.ID, RestaurantID: slot.RestaurantID,
		Start: slot.Start.UTC(), End: slot.End.UTC(), TimeZone: slot.TimeZone, CancelUntil: slot.CancelUntil.UTC(),
		Party: b.Party, Note: b.Note, Status: reservation.Confirmed, Version: 1,
		CreatedAt: b.At.UTC().Truncate(time.Microsecond), // as the database keeps it
	}
}

// replay is the answer a key has had before.
func replay(answer []byte, same bool) (out reservation.Outcome, err error) {
	if !same {
		return out, reservation.KeyReused()
	}
	var r row
	if err := json.Unmarshal(answer, &r); err != nil {
		return out, fmt.Errorf("remembered answer: %w", err)
	}
	return reservation.Outcome{Reservation: r.reservation(), Replayed: true}, nil
}
