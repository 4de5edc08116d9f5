package notification

import (
	"net/mail"
	"strings"

	ics "github.com/arran4/golang-ical"
)

// calendar is the entry that a mail about e brings, if it brings one: published
// while the table is booked, and cancelled afterwards. All entries of one
// reservation have its id, and its version tells a calendar which is the last,
// in whatever order they are opened.
//
// They are published rather than requested (RFC 5546), because nobody waits for
// a diner's reply, and they name no attendee, because who sees a calendar need
// not see an address.
func calendar(e Event, t tale, from mail.Address) (entry string, method ics.Method, ok bool) {
	status := ics.ObjectStatusConfirmed
	switch e.Kind {
	case Confirmed, Moved:
		method = ics.MethodPublish
	case Cancelled, Closed:
		method, status = ics.MethodCancel, ics.ObjectStatusCancelled
	default:
		return "", "", false
	}
	v := e.Reservation
	if v.End.IsZero() {
		return "", "", false // from before events had an end
	}
	c := ics.NewCalendarFor("Jari")
	c.SetMethod(method)
	c.SetCalscale("GREGORIAN")
	table := c.AddEvent(v.ID.String())
	table.SetDtStampTime(e.OccurredAt)
	table.SetSequence(max(0, v.Version-1))
	table.SetStartAt(v.Start)
	table.SetEndAt(v.End)
	table.SetStatus(status)
	table.SetSummary(t.Restaurant)
	table.SetOrganizer(from.Address)
	if t.Address != "" {
		table.SetLocation(t.Address)
	}
	var b strings.Builder
	_ = c.SerializeTo(&b, ics.WithNewLineWindows) // a Builder takes everything
	return b.String(), method, true
}
