package wording

import (
	"jari.example/alerting/incident"
	"jari.example/alerting/slo"
)

// people is who was notified, who has acknowledged it, and why nobody is notified.
func people(i incident.Incident, items int) []Line {
	var lines []Line
	r, m := i.Response, i.Facts.Silenced
	if m != nil && i.Open() {
		lines = append(lines, silenced(i, *m))
	}
	if called := r.Notified; len(called) > 0 {
		var all []Line
		for _, p := range called[max(len(called)-items, 0):] {
			all = append(all, Say(Span{Text: p.Name, User: p.SlackID}, " (", Span{At: p.At, Now: i.UpdatedAt}, ")"))
		}
		lines = append(lines, Say("On call: ", Join(all, ", "), "."))
	}
	switch {
	case !r.AcknowledgedAt.IsZero():
		lines = append(lines, Say("Acknowledged by ", Bold(r.Assignee), " at ", Span{At: r.AcknowledgedAt, Now: i.UpdatedAt}, "."))
	case i.Open() && i.Severity == slo.Page && m == nil:
		lines = append(lines, Say("Nobody has acknowledged it yet."))
	}
	if !r.MailedAt.IsZero() {
		lines = append(lines, Say("Sent by mail at ", Span{At: r.MailedAt, Now: i.UpdatedAt}, ", because Slack had not accepted it."))
	}
	return lines
}

func silenced(i incident.Incident, m incident.Silenced) Line {
	l := Say(Bold("Silenced"), " by ", m.By)
	if m.By == "" {
		l = Say(Bold("Silenced"), " by the maintenance window ", m.Maintenance)
	}
	if m.Until.IsZero() {
		l = Say(l, " until it resolves")
	} else {
		l = Say(l, " until ", Span{At: m.Until, Now: i.UpdatedAt})
	}
	if m.Reason != "" {
		l = Say(l, ": ", m.Reason)
	}
	return Say(l, ".")
}
