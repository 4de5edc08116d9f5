package invariants

// transitions says for each status which events may happen to a row, and to what
// status they lead. "" is no row yet.
var transitions = map[string]map[string]string{
	"":        {"reservation.confirmed": confirmed, "waitlist.joined": waiting},
	waiting:   {"waitlist.changed": waiting, "waitlist.offered": offered, "waitlist.left": cancelled, "waitlist.expired": expired, "reservation.moved": confirmed},
	offered:   {"waitlist.changed": offered, "reservation.confirmed": confirmed, "waitlist.declined": declined, "waitlist.expired": expired, "waitlist.left": cancelled, "reservation.moved": confirmed},
	confirmed: {"reservation.moved": confirmed, "reservation.cancelled": cancelled},
}

// checkEvents holds each row's events against its version, which counts its
// changes, and against its status, to which they must lead.
func (v *Result) checkEvents(w History) {
	v.Events = len(w.Events)
	if w.Undelivered > 0 {
		v.report(EventPerChange, "%d events never left the outbox", w.Undelivered)
	}
	told := map[string][]Event{}
	for _, e := range w.Events {
		told[e.Reservation] = append(told[e.Reservation], e)
	}
	for _, r := range w.Rows {
		events := told[r.ID]
		delete(told, r.ID)
		v.EventsMissing += max(0, r.Version-len(events))
		v.EventsDoubled += max(0, len(events)-r.Version)
		if r.Version != len(events) {
			v.report(EventPerChange, "row %s has changed %d times and told %d events: %v", r.ID, r.Version, len(events), kinds(events))
			continue
		}
		status := ""
		for _, e := range events {
			next, ok := transitions[status][e.Kind]
			if !ok {
				v.report(EventPerChange, "row %s tells %v: %s cannot happen to what is %q", r.ID, kinds(events), e.Kind, status)
				break
			}
			if status = next; status == confirmed && e.Kind == "reservation.confirmed" {
				v.Booked++
			}
		}
		if status != r.Status {
			v.report(EventPerChange, "row %s is %s, but its events %v end as %s", r.ID, r.Status, kinds(events), status)
		}
	}
	for _, id := range sortedKeys(told) {
		v.EventsDoubled += len(told[id])
		v.report(EventPerChange, "%v tell of row %s, which does not exist", kinds(told[id]), id)
	}
	for _, e := range w.Events {
		switch e.Kind {
		case "waitlist.joined":
			v.Waited++
		case "waitlist.offered":
			v.Offers++
		case "waitlist.expired":
			v.Expired++
		}
	}
}

func kinds(events []Event) []string {
	list := make([]string, len(events))
	for i, e := range events {
		list[i] = e.Kind
	}
	return list
}

// checkMails wants one mail per event, and one more at most for each time that
// SES took it without its sender hearing so.
func (v *Result) checkMails(w History) {
	v.Mails = len(w.Mails)
	mails, lost := map[string]int{}, map[string]int{}
	for _, m := range w.Mails {
		mails[m.Event]++
	}
	for _, s := range w.Sends {
		if s.Accepted && s.Lost {
			v.SESLost++
			lost[s.Event]++
		}
	}
	for _, e := range w.Events {
		n := mails[e.ID]
		delete(mails, e.ID)
		switch {
		case n == 0:
			v.MailsMissing++
			v.report(MailPerEvent, "%s %s has no mail (it is %s)", e.Kind, e.ID, e.State)
			continue
		case e.State != "sent":
			v.report(MailPerEvent, "%s %s has a mail and is still %s", e.Kind, e.ID, e.State)
		}
		v.MailsSurplus += n - 1
		if surplus := n - 1 - lost[e.ID]; surplus > 0 {
			v.MailsDoubled += surplus
			v.report(NoExtraMail, "%s %s has %d mails, and SES's answer was lost %d times", e.Kind, e.ID, n, lost[e.ID])
		}
	}
	for _, id := range sortedKeys(mails) {
		v.MailsDoubled += mails[id]
		v.report(NoExtraMail, "%d mails tell of %q, which no event is", mails[id], id)
	}
}
