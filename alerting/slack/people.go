package slack

import (
	"jari.example/alerting/incident"
	"jari.example/alerting/notify"
	"jari.example/alerting/slo"
)

// quiet: a ticket mentions nobody, neither in its own channel nor elsewhere.
func quiet(d notify.Delivery) bool {
	return d.Target.Address == incident.Tickets || d.Kind != notify.Notice && d.Incident.Severity == slo.Ticket
}

// people is who was notified, who has acknowledged it, and why nobody is notified.
func people(i incident.Incident, quiet bool, s sizes) []line {
	var lines []line
	r, m := i.Response, i.Facts.Muted
	if m != nil && i.Open() {
		lines = append(lines, muted(i, *m))
	}
	if called := r.Notified; len(called) > 0 {
		var all []line
		for _, p := range called[max(len(called)-s.list, 0):] {
			all = append(all, say(person(p.Name, p.SlackID, quiet), " (", span{at: p.At, now: i.UpdatedAt}, ")"))
		}
		lines = append(lines, say("On call: ", join(all, ", "), "."))
	}
	switch {
	case !r.AcknowledgedAt.IsZero():
		lines = append(lines, say("Acknowledged by ", bold(r.Assignee), " at ", span{at: r.AcknowledgedAt, now: i.UpdatedAt}, "."))
	case i.Open() && i.Severity == slo.Page && m == nil:
		lines = append(lines, say("Nobody has acknowledged it yet."))
	}
	if !r.MailedAt.IsZero() {
		lines = append(lines, say("Sent by mail at ", span{at: r.MailedAt, now: i.UpdatedAt}, ", because Slack had not accepted it."))
	}
	return lines
}

func muted(i incident.Incident, m incident.Muted) line {
	l := say(bold("Silenced"), " by ", m.By)
	if m.By == "" {
		l = say(bold("Muted"), " by the maintenance window ", m.Maintenance)
	}
	if m.Until.IsZero() {
		l = say(l, " until it resolves")
	} else {
		l = say(l, " until ", span{at: m.Until, now: i.UpdatedAt})
	}
	if m.Reason != "" {
		l = say(l, ": ", m.Reason)
	}
	return say(l, ".")
}
