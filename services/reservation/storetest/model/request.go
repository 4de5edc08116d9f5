package model

import (
	"github.com/google/uuid"

	"jari.example/services/reservation"
	"jari.example/services/reservation/schedule"
)

// Op is what a step of a scenario does.
type Op string

// Operations that take an idempotency key. Their names are the stores'.
const (
	Book    Op = reservation.OpBook
	Join    Op = reservation.OpJoin
	Cancel  Op = reservation.OpCancel
	Accept  Op = reservation.OpAccept
	Decline Op = reservation.OpDecline
	Enter   Op = reservation.OpEnter
	Seat    Op = reservation.OpSeat
	NoShow  Op = reservation.OpNoShow
	Undo    Op = reservation.OpUndoNoShow
)

// Operations without a key.
const (
	Move          Op = "move"
	Leave         Op = "leave"
	EditSchedule  Op = "edit schedule"
	CloseDay      Op = "close day"
	ReopenDay     Op = "reopen day"
	GenerateSlots Op = "generate slots" // the maintenance job
	ExpireOffers  Op = "expire offers"  // the maintenance job
)

// Steps that become one of the operations above, or only let time pass.
const (
	ResendSchedule Op = "resend schedule" // the one in force
	Replay         Op = "replay"          // an earlier request under its key
	ReuseKey       Op = "reuse key"       // of an earlier request, with another body
	PassMinutes    Op = "pass minutes"
	PassHours      Op = "pass hours"
)

// request is one request, with everything that it needs.
type request struct {
	op Op
	reservation.CommandMeta
	id             uuid.UUID          // of the reservation it is about, or creates
	slot           reservation.SlotID // 0: none
	party          int                // 0: unchanged
	walkIn         bool
	ownsRestaurant bool // the one who sends it does
	schedule       schedule.Schedule
	date           string
	reason         string // of a closure
}

// apply changes the model as the request asks and returns the reservation's
// id, or the reason of the refusal.
func (m *Model) apply(q request) (id uuid.UUID, refusal string) {
	m.begin(q.At)
	switch q.op {
	case Book, Join:
		refusal = m.bookOrJoin(q)
	case Enter:
		refusal = m.enter(q)
	case Move:
		refusal = m.move(q)
	case Cancel, Leave:
		refusal = m.giveUp(q)
	case Accept, Decline:
		refusal = m.respond(q)
	case Seat, NoShow:
		refusal = m.recordAttendance(q)
	case Undo:
		refusal = m.undoNoShow(q)
	case ExpireOffers:
		m.expireOffers(q.slot)
	case EditSchedule:
		m.setSchedule(q)
	case GenerateSlots:
		m.reconcileSlots(q.At, endOfTime)
	case CloseDay:
		m.closeDay(q)
	case ReopenDay:
		m.reopenDay(q)
	}
	if refusal == "" {
		m.offerFreeCovers()
	}
	return q.id, refusal
}
