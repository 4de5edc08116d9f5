package postgres

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"jari.example/internal/zone"
	"jari.example/services/reservation"
)

// groupPlan is what a group locks, each list sorted so that no two groups
// deadlock, and the leader of each diner: of one diner's bookings in a group only
// the first can be booked. The others are resolved by what became of it.
type groupPlan struct {
	diners []int64
	slots  []int64
	leader []int // index of the first booking of the same diner
}

func planGroup(group []*pending[reservation.Booking]) groupPlan {
	m := groupPlan{leader: make([]int, len(group))}
	first := make(map[uuid.UUID]int, len(group))
	for i, p := range group {
		leader, known := first[p.request.DinerID]
		if !known {
			leader, first[p.request.DinerID] = i, i
			m.diners = append(m.diners, dinerLock(p.request.DinerID))
		}
		m.leader[i] = leader
		m.slots = append(m.slots, int64(p.request.SlotID))
	}
	slices.Sort(m.diners)
	slices.Sort(m.slots)
	m.slots = slices.Compact(m.slots)
	return m
}

// columns are bookGroupSQL's arguments. FlatArray and pgtype.UUID avoid
// reflection in pgx for every value.
func (m groupPlan) columns(group []*pending[reservation.Booking]) []any {
	n := len(group)
	id, diner := make(pgtype.FlatArray[pgtype.UUID], n), make(pgtype.FlatArray[pgtype.UUID], n)
	event := make(pgtype.FlatArray[pgtype.UUID], n)
	slot, party := make(pgtype.FlatArray[int64], n), make(pgtype.FlatArray[int32], n)
	note, key, trace := make(pgtype.FlatArray[string], n), make(pgtype.FlatArray[string], n), make(pgtype.FlatArray[string], n)
	hash, at, leads := make(pgtype.FlatArray[[]byte], n), make(pgtype.FlatArray[time.Time], n), make(pgtype.FlatArray[bool], n)
	for i, p := range group {
		b := p.request
		id[i], diner[i], event[i] = uuidOf(b.ID), uuidOf(b.DinerID), uuidOf(b.EventID)
		slot[i], party[i] = int64(b.SlotID), int32(b.Party)
		note[i], key[i], trace[i] = b.Note.Reveal(), b.Key, b.Traceparent
		hash[i], at[i], leads[i] = b.RequestHash, b.At, m.leader[i] == i
	}
	return []any{id, slot, diner, party, note, key, hash, at, event, trace, leads, reservation.MaxActive}
}

func uuidOf(id uuid.UUID) pgtype.UUID { return pgtype.UUID{Bytes: id, Valid: true} }

// resolve sets p's result from the decision and the slots as the group has left
// them. It returns false if only earlier bookings of the same group took p's
// covers, so that p must be decided again. first is a booking of the same diner
// that the group has made, if any.
func resolve(p *pending[reservation.Booking], d decision, slots map[reservation.SlotID]*reservation.Slot, first *reservation.Booking) bool {
	b := p.request
	slot := slots[b.SlotID]
	switch {
	case d.previous != nil:
		p.outcome, p.err = replay(d.previous, d.sameRequest)
	case d.booked:
		p.outcome.Reservation = newReservation(b, slot)
	case first != nil && first.Key == b.Key && !bytes.Equal(first.RequestHash, b.RequestHash):
		p.err = reservation.KeyReused()
	case first != nil && first.Key == b.Key:
		p.outcome = reservation.Outcome{Reservation: newReservation(*first, slots[first.SlotID]), Replayed: true}
	default:
		has := d.holdings
		if first != nil {
			has.Active++
			other := slots[first.SlotID]
			has.OnSlot = has.OnSlot || slot == other
			has.Overlaps = has.Overlaps || slot != nil && slot != other && slot.Start.Before(other.End) && slot.End.After(other.Start)
		}
		p.err = b.Refusal(slot, has)
		return p.err != nil
	}
	return true
}

// newReservation is the row that bookGroupSQL or bookSingleSQL has written.
func newReservation(b reservation.Booking, slot *reservation.Slot) reservation.Reservation {
	return reservation.Reservation{
		ID: b.ID, DinerID: b.DinerID, SlotID: slot.ID, RestaurantID: slot.RestaurantID,
		Start: slot.Start.UTC(), End: slot.End.UTC(), TimeZone: zone.Repaired(slot.TimeZone), CancelUntil: slot.CancelUntil.UTC(),
		Party: b.Party, Note: b.Note, Status: reservation.Confirmed, Version: 1,
		CreatedAt: b.At.UTC().Truncate(time.Microsecond), // as the database keeps it
	}
}

// replay returns the stored result of a key.
func replay(answer []byte, same bool) (out reservation.Outcome, err error) {
	if !same {
		return out, reservation.KeyReused()
	}
	var r row
	if err := json.Unmarshal(answer, &r); err != nil {
		return out, fmt.Errorf("stored result: %w", err)
	}
	return reservation.Outcome{Reservation: r.reservation(), Replayed: true}, nil
}
