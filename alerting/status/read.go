package status

import (
	"cmp"
	"context"
	"slices"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/notify"
	"jari.example/alerting/oncall"
	"jari.example/alerting/wording"
)

const (
	maxEnded   = 20                  // incidents that ended, the newest
	endedSince = 30 * 24 * time.Hour // that are looked for
	shiftsOf   = 14 * 24 * time.Hour
)

// Status is what the page shows. Its JSON is that of /status.json. All times are in
// UTC.
type Status struct {
	At          time.Time      `json:"at"`
	LastTick    *Tick          `json:"last_tick"` // null on a replica that does not evaluate
	Objectives  []Objective    `json:"objectives"`
	Open        []Incident     `json:"open"`
	Ended       []Incident     `json:"ended"` // the newest first
	Silences    []Silence      `json:"silences"`
	OnCall      *OnCall        `json:"on_call"` // null without a rota
	Maintenance []Maintenance  `json:"maintenance"`
	Waiting     []Waiting      `json:"deliveries_waiting"`
	Nobody      bool           `json:"notifies_nobody,omitempty"` // neither Slack nor mail is configured
	NotUseful   map[string]int `json:"not_useful"`                // by rule: how often people said so
}

// Tick is the last evaluation on this replica.
type Tick struct {
	At         time.Time `json:"at"`
	DurationS  float64   `json:"duration_s"`
	Blind      string    `json:"blind,omitempty"` // why telemetry cannot be trusted
	BlindSince time.Time `json:"blind_since,omitzero"`
}

// Incident is one incident.
type Incident struct {
	ID             string    `json:"id"`
	Rule           string    `json:"rule"`
	Title          string    `json:"title"`
	Affected       string    `json:"affected"`
	Severity       string    `json:"severity"`
	StartedAt      time.Time `json:"started_at"`
	OpenedAt       time.Time `json:"opened_at"`
	ResolvedAt     time.Time `json:"resolved_at,omitzero"`
	ResolvedBy     string    `json:"resolved_by,omitempty"`
	Figures        string    `json:"figures,omitempty"`
	Firing         []string  `json:"firing,omitempty"` // subjects of an alert
	AcknowledgedAt time.Time `json:"acknowledged_at,omitzero"`
	AcknowledgedBy string    `json:"acknowledged_by,omitempty"`
	Silenced       string    `json:"silenced,omitempty"` // until when and why it notifies nobody
	Frozen         string    `json:"frozen,omitempty"`   // why it cannot resolve
	NotUseful      []string  `json:"not_useful,omitempty"`
	Runbook        string    `json:"runbook"` // URLs
	Dashboard      string    `json:"dashboard"`
	Traces         []string  `json:"traces,omitempty"`
	ErrorType      string    `json:"error_type,omitempty"` // the most frequent one
	Dependency     string    `json:"dependency,omitempty"` // that fails
	Diagnosis      []string  `json:"diagnosis,omitempty"`  // what differs between bad and good events, in sentences with counts
	LogLine        string    `json:"log_line,omitempty"`   // of one bad event
	Timeline       []Entry   `json:"timeline,omitempty"`   // of an open incident
}

// Entry is one line of a timeline.
type Entry struct {
	At    time.Time `json:"at"`
	Kind  string    `json:"kind"`
	Actor string    `json:"actor,omitempty"`
	Text  string    `json:"text,omitempty"`
}

// Silence is one silence.
type Silence struct {
	ID       string    `json:"id"`
	Rule     string    `json:"rule"`
	Incident string    `json:"incident,omitempty"` // with whose end it ends
	Until    time.Time `json:"until,omitzero"`
	By       string    `json:"by"`
	Reason   string    `json:"reason,omitempty"`
}

// OnCall is who is on call.
type OnCall struct {
	Line   []string `json:"line"`   // now, in the order in which they are notified
	Shifts []Shift  `json:"shifts"` // of the next two weeks
	Gaps   []Gap    `json:"gaps"`
}

// Shift is a time in which one person is on call.
type Shift struct {
	From      time.Time `json:"from"`
	To        time.Time `json:"to"`
	Person    string    `json:"person"`
	InsteadOf string    `json:"instead_of,omitempty"`
}

// Gap is a time for which the person on call is away.
type Gap struct {
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Reason string    `json:"reason"`
}

// Maintenance is a planned window that is not over.
type Maintenance struct {
	Name     string    `json:"name"`
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Now      bool      `json:"now"`
	Reason   string    `json:"reason"`
	Rules    []string  `json:"rules,omitempty"`
	Services []string  `json:"services,omitempty"`
}

// Waiting is what waits for one target.
type Waiting struct {
	Target  string    `json:"target"`
	Count   int       `json:"count"`
	Oldest  time.Time `json:"oldest"`
	Refused string    `json:"refused,omitempty"` // why the channel's configuration refuses it
}

// read is the status now.
func (s *server) read(ctx context.Context) (v Status, err error) {
	now := s.Now().UTC()
	v = Status{At: now, LastTick: s.tick(), Nobody: s.NotifiesNobody}
	if v.Objectives, err = s.objectives(ctx, now); err != nil {
		return v, err
	}
	if v.Open, v.Ended, err = s.incidents(ctx, now); err != nil {
		return v, err
	}
	silences, err := s.Store.Silences(ctx, now)
	if err != nil {
		return v, err
	}
	v.Silences = each(silences, func(one incident.Silence) Silence {
		return Silence{one.ID, one.Rule, one.Incident, utc(one.Until), one.By, one.Reason}
	})
	waiting, err := s.Store.Waiting(ctx)
	if err != nil {
		return v, err
	}
	v.Waiting = each(waiting, func(w notify.Waiting) Waiting {
		return Waiting{w.Target.String(), w.Count, utc(w.Oldest), w.Refused}
	})
	plan := s.Plan()
	v.OnCall, v.Maintenance = onCall(plan, now), maintenance(plan, now)
	v.NotUseful, err = s.Store.NotUseful(ctx)
	return v, err
}

// utc is t in UTC; a zero time stays zero.
func utc(t time.Time) time.Time { return t.UTC() }

// each is never nil, so that its JSON is a list.
func each[A, B any](all []A, f func(A) B) []B {
	out := make([]B, 0, len(all))
	for _, a := range all {
		out = append(out, f(a))
	}
	return out
}

func (s *server) tick() *Tick {
	state := s.LastTick()
	if state.At.IsZero() {
		return nil
	}
	t := &Tick{At: state.At.UTC(), DurationS: state.Took.Seconds()}
	if state.Blind() {
		t.Blind, t.BlindSince = state.Reason, state.Since.UTC()
	}
	return t
}

// incidents are those that are open, the oldest first, and the last that ended.
func (s *server) incidents(ctx context.Context, now time.Time) (open, ended []Incident, err error) {
	recent, err := s.Store.Recent(ctx, now.Add(-endedSince))
	if err != nil {
		return nil, nil, err
	}
	open = []Incident{}
	var over []incident.Incident
	for _, i := range recent {
		if !i.Open() {
			over = append(over, i)
			continue
		}
		one := s.incident(i)
		timeline, err := s.Store.Timeline(ctx, i.ID)
		if err != nil {
			return nil, nil, err
		}
		one.Timeline = each(timeline, func(e incident.Entry) Entry { return Entry{utc(e.At), string(e.Kind), e.Actor, e.Text} })
		open = append(open, one)
	}
	slices.SortFunc(over, func(a, b incident.Incident) int { return b.ResolvedAt.Compare(a.ResolvedAt) })
	return open, each(over[:min(len(over), maxEnded)], s.incident), nil
}

func (s *server) incident(i incident.Incident) Incident {
	f, r := i.Facts, i.Response
	one := Incident{
		ID: i.ID, Rule: i.Rule, Title: f.Title, Affected: f.Affected, Severity: string(i.Severity),
		StartedAt: utc(i.StartedAt), OpenedAt: utc(i.OpenedAt), ResolvedAt: utc(i.ResolvedAt), ResolvedBy: r.ResolvedBy,
		Figures: f.Figures(), AcknowledgedAt: utc(r.AcknowledgedAt), AcknowledgedBy: r.Assignee, Frozen: f.Frozen, NotUseful: r.NotUseful,
		Runbook: s.Links.RunbookURL(cmp.Or(f.Runbook, i.Rule)), Dashboard: s.Links.DashboardURL(i),
		ErrorType: f.ErrorType, Dependency: f.Dependency, LogLine: f.LogLine, Diagnosis: wording.WithCounts(i),
	}
	for _, id := range f.Traces {
		one.Traces = append(one.Traces, s.Links.TraceURL(id))
	}
	if f.Silenced != nil {
		one.Silenced = f.Silenced.String()
	}
	if f.Alert != nil {
		for _, subject := range f.Alert.Firing {
			if subject.Name != "" {
				one.Firing = append(one.Firing, subject.Name)
			}
		}
	}
	return one
}

func onCall(plan oncall.Plan, now time.Time) *OnCall {
	if plan.Rota == nil {
		return nil
	}
	to := now.Add(shiftsOf)
	return &OnCall{
		Line: each(plan.Rota.Line(now), func(p oncall.Person) string { return p.Name }),
		Shifts: each(plan.Rota.Shifts(now, to), func(s oncall.Shift) Shift {
			return Shift{utc(s.From), utc(s.To), s.Person.Name, s.InsteadOf}
		}),
		Gaps: each(plan.Rota.Gaps(now, to), func(g oncall.Gap) Gap { return Gap{utc(g.From), utc(g.To), g.Reason} }),
	}
}

// maintenance are the windows that are not over, in the order in which they begin.
func maintenance(plan oncall.Plan, now time.Time) []Maintenance {
	all := []Maintenance{}
	for _, m := range plan.Maintenance {
		if m.To.After(now) {
			all = append(all, Maintenance{m.Name, utc(m.From), utc(m.To), m.Contains(now), m.Reason, m.Rules, m.Services})
		}
	}
	slices.SortStableFunc(all, func(a, b Maintenance) int { return a.From.Compare(b.From) })
	return all
}
