package invariants

// transitions is the status machine of a row: status → event → next status. The
// status "" is before the row exists.
var transitions = map[string]map[string]string{
	"": {"reservation.confirmed": confirmed, "waitlist.joined": waiting},
	waiting: {
		"waitlist.changed": waiting, "waitlist.offered": offered, "waitlist.left": cancelled, "waitlist.expired": expired,
		"reservation.moved": confirmed,
	},
	offered: {
		"waitlist.changed": offered, "reservation.confirmed": confirmed, "waitlist.declined": declined, "waitlist.expired": expired,
		"waitlist.left": cancelled, "reservation.moved": confirmed,
	},
	confirmed: {"reservation.moved": confirmed, "reservation.cancelled": cancelled},
}

// checkEvents compares each row's events with its version, which counts its
// changes, and with its status, to which the events must lead.
func (r *Result) checkEvents(h History) {
	r.Events = len(h.Events)
	if h.Undelivered > 0 {
		r.report(EventPerChange, "%d events are still in the outbox", h.Undelivered)
	}
	byRow := map[string][]Event{}
	for _, e := range h.Events {
		byRow[e.Reservation] = append(byRow[e.Reservation], e)
	}
	for _, row := range h.Rows {
		r.checkEventsOf(row, byRow[row.ID])
		delete(byRow, row.ID)
	}
	for _, id := range sortedKeys(byRow) {
		r.EventsDoubled += len(byRow[id])
		r.report(EventPerChange, "events %v are of row %s, which does not exist", kinds(byRow[id]), id)
	}
	for _, e := range h.Events {
		switch e.Kind {
		case "waitlist.joined":
			r.Waited++
		case "waitlist.offered":
			r.Offers++
		case "waitlist.expired":
			r.Expired++
		}
	}
}

func (r *Result) checkEventsOf(row Row, events []Event) {
	r.EventsMissing += max(0, row.Version-len(events))
	r.EventsDoubled += max(0, len(events)-row.Version)
	if row.Version != len(events) {
		r.report(EventPerChange, "row %s has changed %d times and has %d events: %v", row.ID, row.Version, len(events), kinds(events))
		return
	}
	status := ""
	for _, e := range events {
		next, ok := transitions[status][e.Kind]
		if !ok {
			r.report(EventPerChange, "row %s has the events %v: %s is not possible in status %q", row.ID, kinds(events), e.Kind, status)
			break
		}
		if status = next; status == confirmed && e.Kind == "reservation.confirmed" {
			r.Booked++
		}
	}
	if status != row.Status {
		r.report(EventPerChange, "row %s is %s, but its events %v lead to %s", row.ID, row.Status, kinds(events), status)
	}
}

func kinds(events []Event) []string {
	list := make([]string, len(events))
	for i, e := range events {
		list[i] = e.Kind
	}
	return list
}

// checkMails requires one mail per event. An extra one is allowed for each time
// that SES accepted the mail and its sender did not get the response.
func (r *Result) checkMails(h History) {
	r.Mails = len(h.Mails)
	mails, lost := map[string]int{}, map[string]int{}
	for _, m := range h.Mails {
		mails[m.Event]++
	}
	for _, s := range h.Sends {
		if s.Accepted && s.Lost {
			r.SESResponsesLost++
			lost[s.Event]++
		}
	}
	for _, e := range h.Events {
		n := mails[e.ID]
		delete(mails, e.ID)
		switch {
		case n == 0:
			r.MailsMissing++
			r.report(MailPerEvent, "%s %s has no mail (it is %s)", e.Kind, e.ID, e.State)
			continue
		case e.State != "sent":
			r.report(MailPerEvent, "%s %s has a mail and is still %s", e.Kind, e.ID, e.State)
		}
		r.MailsExtra += n - 1
		if extra := n - 1 - lost[e.ID]; extra > 0 {
			r.MailsDoubled += extra
			r.report(NoExtraMail, "%s %s has %d mails, and the response of SES was lost %d times", e.Kind, e.ID, n, lost[e.ID])
		}
	}
	for _, id := range sortedKeys(mails) {
		r.MailsDoubled += mails[id]
		r.report(NoExtraMail, "%d mails are about event %q, which does not exist", mails[id], id)
	}
}
