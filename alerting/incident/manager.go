package incident

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jari.example/alerting/evaluate"
	"jari.example/alerting/lease"
	"jari.example/alerting/slo"
)

// Manager carries verdicts out. It implements evaluate.Incidents.
type Manager struct {
	Store    Store
	Evidence *Finder // nil: incidents have no evidence
	Scale    int
	// UpdateInterval is the shortest time between two updates of an open incident
	// in which only figures changed.
	UpdateInterval time.Duration
	// Targets are where an incident gets a message unless it has one there. nil: in Slack.
	Targets func(Incident) []Target
	// OnCall returns who is notified first about a page; ok is false when nobody is.
	// nil: nobody is on call.
	OnCall func(at time.Time) (person Notified, ok bool)
	// Silenced returns why the rule notifies nobody at that time; id is "" for an
	// incident that is not open yet. nil, or a nil result: it notifies.
	Silenced func(ctx context.Context, r slo.Rule, id string, at time.Time) (*Silenced, error)
	// Report is called after every change; nil reports nothing.
	Report func(context.Context, evaluate.Event, Incident)
	// ReportEvidence is called when a search for the evidence of an incident fails; nil
	// reports nothing.
	ReportEvidence func(context.Context, Incident, error)
}

// targets are where the incident is posted.
func (m Manager) targets(i Incident) []Target {
	if m.Targets != nil {
		return m.Targets(i)
	}
	if i.Severity == slo.Page {
		return []Target{{Slack, Pages}}
	}
	return []Target{{Slack, Tickets}}
}

// Recent implements evaluate.Incidents.
func (m Manager) Recent(ctx context.Context, since time.Time) ([]evaluate.Incident, error) {
	stored, err := m.Store.Recent(ctx, since)
	if err != nil {
		return nil, err
	}
	all := make([]evaluate.Incident, len(stored))
	for n, i := range stored {
		all[n] = evaluate.Incident{
			ID: i.ID, Rule: i.Rule, Severity: i.Severity, OpenedAt: i.OpenedAt, StartedAt: i.StartedAt, EndedAt: i.ResolvedAt,
			LastBad: i.Facts.LastBad, Worst: i.Facts.Worst, Pair: i.Facts.Pair,
		}
		if i.Facts.Alert != nil {
			all[n].Subjects = i.Facts.Alert.Fired
		}
	}
	return all, nil
}

// Apply changes the rule's incident and reports whether it did. Explain adds evidence.
func (m Manager) Apply(ctx context.Context, term lease.Term, v evaluate.Verdict) (changed bool, err error) {
	before, err := m.before(ctx, v)
	if err != nil {
		return false, err
	}
	if !before.Open() && (v.Event == evaluate.Ongoing || v.Event == evaluate.Resolved) {
		return false, nil // somebody has resolved it since the verdict
	}
	i := before
	i.Severity, i.StartedAt, i.UpdatedAt, i.ResolvedAt = v.Severity, v.StartedAt, v.At, time.Time{}
	switch v.Event {
	case evaluate.Withdrawn:
		i.Facts.Withdrawn, i.Facts.EndsAfter, i.Facts.Frozen, i.Facts.ExhaustedAt = true, nil, "", time.Time{}
	default:
		i.Facts = m.facts(i.Facts, v)
		if i.Facts.Silenced, err = m.silenced(ctx, before, v); err != nil {
			return false, fmt.Errorf("read the silences: %w", err)
		}
		if v.Event == evaluate.Ongoing && !m.due(before, v, i.Facts) {
			m.want(before, i, v, false)
			return false, nil
		}
	}
	if v.Event == evaluate.Resolved || v.Event == evaluate.Withdrawn {
		i.ResolvedAt = v.At
	}
	c := Change{Incident: i, ResolvedBefore: before.ResolvedAt, Entries: m.entries(before, i, v), Targets: m.targets(i)}
	write := m.Store.Update
	if v.Event == evaluate.Opened {
		write, c.Response = m.Store.Open, Response{}.After(c.Entries)
	}
	if err := write(ctx, term, c); err != nil {
		return false, err
	}
	m.want(before, i, v, true)
	if m.Report != nil {
		m.Report(ctx, v.Event, i)
	}
	return true, nil
}

// silenced is why the incident of v notifies nobody at present.
func (m Manager) silenced(ctx context.Context, before Incident, v evaluate.Verdict) (*Silenced, error) {
	if m.Silenced == nil || v.Event == evaluate.Resolved {
		return nil, nil
	}
	id := before.ID
	if v.Event == evaluate.Opened {
		id = ""
	}
	return m.Silenced(ctx, v.Rule(), id, v.At)
}

// entries are what the timeline says about v. A page that opens, reopens or was a
// ticket before notifies the person on call, by a mention in its message or, where
// that exists already, in the thread.
func (m Manager) entries(before, i Incident, v evaluate.Verdict) (all []Entry) {
	if text := note(i, v); text != "" {
		all = append(all, Entry{At: v.At, Kind: EntryKind(v.Event), Text: text})
	}
	switch v.Event {
	case evaluate.Opened, evaluate.Reopened, evaluate.Raised:
		if m.OnCall == nil || i.Severity != slo.Page || i.Facts.Silenced != nil {
			return all
		}
		if person, ok := m.OnCall(v.At); ok {
			e := Entry{At: v.At, Kind: EntryNotified, Actor: person.Name, Mention: person.SlackID}
			if v.Event == evaluate.Reopened {
				e.Text = person.Name + ", you are on call: this is open again."
			}
			all = append(all, e)
		}
	case evaluate.Ongoing:
		if text := worse(before, i); text != "" {
			all = append(all, Entry{At: v.At, Kind: EntryWorse, Text: text, Mention: i.Response.AssigneeID})
		}
	}
	return all
}

// before is the incident as it was before v.
func (m Manager) before(ctx context.Context, v evaluate.Verdict) (Incident, error) {
	if v.Event == evaluate.Opened {
		id, err := uuid.NewV7()
		return Incident{ID: id.String(), Rule: v.Name, OpenedAt: v.At}, err
	}
	i, err := m.Store.Get(ctx, v.Incident.ID)
	if err != nil {
		return i, fmt.Errorf("read the incident %s: %w", v.Incident.ID, err)
	}
	return i, nil
}

// due reports whether an open incident has news: newer figures after a while, and
// at once what changes what a reader does.
func (m Manager) due(i Incident, v evaluate.Verdict, facts Facts) bool {
	return v.At.Sub(i.UpdatedAt) >= m.UpdateInterval ||
		(v.Waiting == nil) != (i.Facts.EndsAfter == nil) ||
		(v.Frozen == "") != (i.Facts.Frozen == "") ||
		(facts.Silenced == nil) != (i.Facts.Silenced == nil) ||
		len(facts.AlsoAffected) > len(i.Facts.AlsoAffected) ||
		// The worst share decides the end, so it may not wait for the next update.
		2*slo.GoodNeeded(v.Worst) <= slo.GoodNeeded(i.Facts.Worst)
}
