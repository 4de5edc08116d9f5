package incident

import (
	"context"
	"errors"
	"fmt"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/evaluate"
	"jari.example/alerting/lease"
	"jari.example/alerting/slo"
)

// wanted is an incident whose bad events are looked at after the verdicts of a tick were
// carried out.
type wanted struct {
	incident  Incident // as the verdict leaves it
	entries   []Entry  // that were not written, because the verdict alone was no reason to
	indicator slo.Indicator
	at        time.Time
	begins    bool // it opened, or got worse
}

// want remembers an incident for Explain. written: the verdict was.
func (m Manager) want(before, after Incident, v evaluate.Verdict, written bool) {
	if m.Evidence == nil || v.Event == evaluate.Resolved || v.Event == evaluate.Withdrawn {
		return
	}
	indicator, ok := badEvents(v)
	if !ok || !indicator.Source.Searchable() {
		return
	}
	w := wanted{incident: after, indicator: indicator, at: v.At}
	w.begins = v.Event != evaluate.Ongoing || written && spread(before.Facts, after.Facts)
	if !written {
		w.entries = m.entries(before, after, v)
	}
	m.Evidence.wanted = append(m.Evidence.wanted, w)
}

// Explain implements evaluate.Incidents: it adds to the incidents of the tick what is found
// about their bad events. Their messages exist already, so that nobody waits for a search.
func (m Manager) Explain(ctx context.Context, term lease.Term) (changed bool, err error) {
	if m.Evidence == nil {
		return false, nil
	}
	all := m.Evidence.wanted
	m.Evidence.wanted = nil
	var failed []error
	for _, w := range all {
		i := w.incident
		if !m.findEvidence(ctx, &i, w) {
			continue
		}
		switch err := m.Store.Update(ctx, term, Change{Incident: i, Entries: w.entries, Targets: m.targets(i)}); {
		case errors.Is(err, ErrChanged): // somebody has resolved it since
		case err != nil:
			failed = append(failed, fmt.Errorf("write the evidence of %s: %w", i.Rule, err))
		default:
			changed = true
			if m.Report != nil {
				m.Report(ctx, evaluate.Ongoing, i)
			}
		}
	}
	return changed, errors.Join(failed...)
}

// findEvidence searches when the incident begins or gets worse, and again while it has
// too little evidence. It reports whether evidence has changed. A failure is reported,
// but changes nothing.
func (m Manager) findEvidence(ctx context.Context, i *Incident, w wanted) (changed bool) {
	defer func() { changed = m.diagnose(ctx, i, w.indicator, w.at, w.begins) || changed }()
	if !w.begins && !m.Evidence.due(i.ID, w.at, w.indicator.Source.Complete(i.Facts.evidence())) {
		return false
	}
	found, err := m.Evidence.find(ctx, i.ID, w.indicator, count.Span{From: i.StartedAt, To: w.at}, w.begins)
	if err != nil && m.ReportEvidence != nil {
		m.ReportEvidence(ctx, *i, err)
	}
	old := i.Facts.evidence()
	i.Facts = i.Facts.with(newer(old, found))
	return !same(old, i.Facts.evidence())
}

// badEvents is the indicator whose bad events are evidence; ok is false when there
// are none, because what is wrong is that something is absent.
func badEvents(v evaluate.Verdict) (indicator slo.Indicator, ok bool) {
	switch {
	case v.SLO != nil:
		return v.SLO.Indicator, v.SLO.Indicator.Within == 0
	case v.Alert.When.Absent || len(v.Subjects) == 0:
		return indicator, false
	}
	return v.Subjects[0].Indicator, true
}
