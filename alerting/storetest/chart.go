package storetest

import (
	"slices"
	"testing"

	"jari.example/alerting/incident"
	"jari.example/alerting/lease"
	"jari.example/alerting/notify"
	"jari.example/alerting/slo"
)

// charts: the chart is written beside the evaluation and people, and updates the messages
// of its medium alone.
func charts(t *testing.T, s Store, term lease.Term) {
	ctx, i := t.Context(), example("a")
	messaged := func(when string, want ...string) {
		t.Helper()
		found, err := s.Messaged(ctx, incident.Slack, at(5))
		must(t, err)
		var rules []string
		for _, f := range found {
			rules = append(rules, f.Rule)
		}
		if !slices.Equal(rules, want) {
			t.Errorf("%s: messages of %q, want %q", when, rules, want)
		}
	}
	c := opened(i, "opened")
	c.Targets = []incident.Target{pages, mina}
	must(t, s.Open(ctx, term, c))
	messaged("before its message was posted")
	drain(t, s, term, incident.Slack)
	drain(t, s, term, incident.Mail)
	messaged("with its message", "a")

	chart := incident.Chart{File: "F0123456789", Alt: "Chart of it.", Severity: slo.Page}
	must(t, s.SetChart(ctx, term, incident.Slack, i.ID, chart))
	must(t, s.SetChart(ctx, term, incident.Slack, i.ID, chart))
	d := next(t, s, at(6))
	if d.Kind != notify.Update || d.Incident.Chart != chart || !chart.Shows(d.Incident) {
		t.Errorf("the delivery is %s with %+v", d.Kind, d.Incident.Chart)
	}
	if mails, messages := drain(t, s, term, incident.Mail), drain(t, s, term, incident.Slack); len(mails) != 0 || len(messages) != 1 {
		t.Errorf("queued %v mails and %v messages, want one update of the message", mails, messages)
	}

	// Neither an evaluation, which read the incident before, nor a person removes it.
	i.ResolvedAt = at(8)
	must(t, update(t, s, term, i, "resolved"))
	_, err := s.Respond(ctx, i.ID, func(i *incident.Incident) ([]incident.Entry, []incident.Target, error) {
		i.Response.NotUseful = []string{"Jo"}
		return entries("not useful"), nil, nil
	})
	must(t, err)
	stored, err := s.Get(ctx, i.ID)
	must(t, err)
	if stored.Chart != chart || chart.Shows(stored) {
		t.Errorf("stored %+v, which shows the resolved incident: %v", stored.Chart, chart.Shows(stored))
	}
	chart.ResolvedAt = at(8)
	must(t, s.SetChart(ctx, term, incident.Slack, i.ID, chart))
	stored, err = s.Get(ctx, i.ID)
	must(t, err)
	if !chart.Shows(stored) || !stored.Chart.Shows(stored) {
		t.Errorf("renewed: %+v", stored.Chart)
	}

	b := example("b")
	b.OpenedAt = at(2)
	must(t, s.Open(ctx, term, opened(b, "opened")))
	drain(t, s, term, incident.Slack)
	messaged("another one", "a", "b")
	i.ResolvedAt = at(4) // too early, as read by Messaged
	must(t, s.Update(ctx, term, incident.Change{Incident: i, ResolvedBefore: at(8)}))
	messaged("the first has ended too long ago", "b")
	drain(t, s, term, incident.Slack)
	must(t, update(t, s, term, b, "worse"))
	u := next(t, s, at(9))
	begin(t, s, term, u.ID, at(9))
	must(t, s.GiveUp(ctx, term, u.ID, at(9), "edit_window_closed", ""))
	messaged("a message that cannot be edited")

	drain(t, s, term, incident.Slack)
	c = opened(example("c"), "")
	must(t, s.Open(ctx, term, c))
	p := next(t, s, at(10))
	begin(t, s, term, p.ID, at(10))
	must(t, s.GiveUp(ctx, term, p.ID, at(10), "channel_not_found", ""))
	messaged("a message that was refused for good")
}
