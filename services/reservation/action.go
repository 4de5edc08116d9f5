package reservation

// Action is what a diner can do with a slot.
type Action string

// The actions, as availability names them.
const (
	ActionBook Action = "book"
	ActionWait Action = "wait" // join the waitlist
	ActionNone Action = "none"
)

// Action says what a diner without other reservations can do with slot at b.At.
// The rules of both commands decide it, so what is offered will not be refused,
// unless the slot changes meanwhile. With ActionNone the error is the one that a
// booking is refused with or, of a slot without covers for the party, joining its
// waitlist.
func (b Booking) Action(slot *Slot) (Action, error) {
	err := b.Refusal(slot, Holdings{})
	if err == nil {
		return ActionBook, nil
	}
	if _, full := CoversLeft(err); !full {
		return ActionNone, err
	}
	if err := b.joinRefusal(slot, Holdings{}, slot.WaitlistFull); err != nil {
		return ActionNone, err
	}
	return ActionWait, nil
}
