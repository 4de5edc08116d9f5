package notification

import (
	"net/mail"
	"strings"

	ics "github.com/arran4/golang-ical"
)

// calendar returns the calendar entry attached to the mail about e, if there is
// one: with method PUBLISH for a confirmed reservation, CANCEL afterwards. All
// entries of a reservation have its id as UID. SEQUENCE follows its version, so
// that a calendar keeps the newest entry in whatever order they are opened.
//
// The method is PUBLISH and not REQUEST (RFC 5546), because the diner need not
// reply. The entry has no attendee, because readers of a calendar need not see
// the diner's address.
func calendar(e Event, t templateData, from mail.Address) (entry string, method ics.Method, ok bool) {
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
		return "", "", false // an event of version 1 of this service, without an end
	}
	c := ics.NewCalendarFor("Jari")
	c.SetMethod(method)
	c.SetCalscale("GREGORIAN")
	entryEvent := c.AddEvent(v.ID.String())
	entryEvent.SetDtStampTime(e.OccurredAt)
	entryEvent.SetSequence(max(0, v.Version-1))
	entryEvent.SetStartAt(v.Start)
	entryEvent.SetEndAt(v.End)
	entryEvent.SetStatus(status)
	entryEvent.SetSummary(t.Restaurant)
	entryEvent.SetOrganizer(from.Address)
	if t.Address != "" {
		entryEvent.SetLocation(t.Address)
	}
	var b strings.Builder
	_ = c.SerializeTo(&b, ics.WithNewLineWindows) // writing to a Builder cannot fail
	return b.String(), method, true
}
