package replay

import (
	"context"
	"slices"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/evaluate"
	"jari.example/alerting/lease"
	"jari.example/alerting/slo"
)

// Episode is one incident of a replay.
type Episode struct {
	Rule, Title  string
	Severity     slo.Severity
	StartedAt    time.Time // when the fault began
	OpenedAt     time.Time // when it was detected
	PagedAt      time.Time // when it became a page; zero for a ticket
	ResolvedAt   time.Time // zero while open
	Reopened     int       // how often
	Since        count.Sum // what was counted since StartedAt
	Subjects     []string  // of an alert: that fired so far
	AlsoAffected []string  // rules that opened nothing because of it
	Waiting      bool      // it is open only because too few good events were seen
}

// Open reports whether the episode has not ended.
func (e Episode) Open() bool { return e.ResolvedAt.IsZero() }

// recorder keeps the episodes that verdicts make, beside the manager's incidents.
type recorder struct {
	evaluate.Incidents
	episodes []*Episode
	last     map[string]*Episode // by rule
	end      time.Time           // of the bucket that is evaluated
}

// Apply implements evaluate.Incidents.
func (r *recorder) Apply(ctx context.Context, term lease.Term, v evaluate.Verdict) (changed bool, err error) {
	changed, err = r.Incidents.Apply(ctx, term, v)
	if err != nil {
		return changed, err
	}
	if v.Event == evaluate.Opened {
		e := &Episode{Rule: v.Name, Title: title(v), OpenedAt: r.end}
		r.episodes = append(r.episodes, e)
		r.last[v.Name] = e
	}
	e := r.last[v.Name]
	switch v.Event {
	case evaluate.Reopened:
		e.Reopened++
		e.ResolvedAt = time.Time{}
	case evaluate.Resolved, evaluate.Withdrawn:
		e.ResolvedAt = r.end
	}
	if v.Severity == slo.Page && e.PagedAt.IsZero() {
		e.PagedAt = r.end
	}
	e.Severity, e.StartedAt, e.Since, e.Waiting = v.Severity, v.StartedAt, v.Since, v.Waiting != nil
	for _, s := range v.Subjects {
		e.Subjects = added(e.Subjects, s.Name)
	}
	for _, name := range v.AlsoAffected {
		e.AlsoAffected = added(e.AlsoAffected, name)
	}
	return changed, nil
}

func title(v evaluate.Verdict) string {
	if v.SLO != nil {
		return v.SLO.Title
	}
	return v.Alert.Title
}

// added is the sorted set all with name, which may be "".
func added(all []string, name string) []string {
	if i, found := slices.BinarySearch(all, name); !found && name != "" {
		all = slices.Insert(all, i, name)
	}
	return all
}
