package incident

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/slo"
)

// Evidence finds what bad events have in common, and examples of them.
type Evidence interface {
	// FindEvidence searches the bad events of the period. With an error it may return
	// a part.
	FindEvidence(ctx context.Context, indicator slo.Indicator, period count.Span) (slo.Evidence, error)
	// Diagnose compares the bad with the good events of the period, and says what changed
	// in another one. Without bad or good events, and without a change, the result is nil.
	// With an error it may return a part.
	Diagnose(ctx context.Context, indicator slo.Indicator, period, changed count.Span) ([]slo.Finding, error)
}

// Finder keeps searches for evidence from delaying ticks and from being a part of every
// one: they have a time limit, and an incident has few of them. It is used by one
// goroutine.
type Finder struct {
	Evidence Evidence
	Limit    time.Duration // for all searches of one tick together
	// Pause is the least time between the first and the second search for an incident.
	// It doubles with each search.
	Pause time.Duration

	wanted    []wanted // in this tick
	tick      time.Time
	left      time.Duration // of Limit
	searches  map[string]searches
	diagnoses map[string]searches
}

// searches are those for one incident since it opened, or got worse.
type searches struct {
	number int
	last   time.Time
}

const (
	// maxSearches is how often evidence of an incident is searched until it gets worse.
	maxSearches = 8
	// minSearches is how often it is searched even if there is some: the spans of the
	// deepest calls may be stored later than those of their callers.
	minSearches = 2
	// searchMemory is how long an incident without searches is remembered. Somebody may
	// have resolved it, which is not noticed here.
	searchMemory = 24 * time.Hour
)

var errNoTimeLeft = errors.New("earlier searches of the tick have taken all the time")

// due reports whether to search again for an incident. complete: it has all evidence
// that there can be.
func (f *Finder) due(id string, at time.Time, complete bool) bool {
	s := f.searches[id]
	limit := maxSearches
	if complete {
		limit = minSearches
	}
	return s.number < limit && (s.number == 0 || at.Sub(s.last) >= f.Pause<<(s.number-1))
}

// find searches within what is left of the limit. again counts searches from one again.
func (f *Finder) find(ctx context.Context, id string, i slo.Indicator, period count.Span, again bool) (slo.Evidence, error) {
	forget(f.searches, period.To)
	if f.searches == nil {
		f.searches = map[string]searches{}
	}
	number := f.searches[id].number
	if again {
		number = 0
	}
	f.searches[id] = searches{number + 1, period.To}
	var found slo.Evidence
	err := f.within(ctx, period.To, func(ctx context.Context) (err error) {
		found, err = f.Evidence.FindEvidence(ctx, i, period)
		return err
	})
	return found, err
}

// forget removes incidents that had no search for long.
func forget(all map[string]searches, at time.Time) {
	maps.DeleteFunc(all, func(_ string, s searches) bool { return at.Sub(s.last) > searchMemory })
}

// within lets search take what is left of the limit in the tick.
func (f *Finder) within(ctx context.Context, tick time.Time, search func(context.Context) error) error {
	if !f.tick.Equal(tick) {
		f.tick, f.left = tick, f.Limit
	}
	if f.left <= 0 {
		return errNoTimeLeft
	}
	ctx, cancel := context.WithTimeout(ctx, f.left)
	defer cancel()
	began := time.Now()
	err := search(ctx)
	f.left -= time.Since(began)
	return err
}

// spread reports whether the incident got worse: the share of bad events has doubled, or
// the fault has reached another region or subject.
func spread(before, now Facts) bool {
	return doublings(now.Worst, before.Worst) > 0 || len(now.Regions) > len(before.Regions) ||
		now.Alert != nil && before.Alert != nil && len(now.Alert.Fired) > len(before.Alert.Fired)
}

// newer is what was found now, and what was found before in place of what was not. An
// error and a dependency belong together: the error of an event does not replace that
// of a dependency.
func newer(old, found slo.Evidence) slo.Evidence {
	if found.Dependency == "" && (old.Dependency != "" || found.ErrorType == "") {
		found.ErrorType, found.Dependency = old.ErrorType, old.Dependency
	}
	if found.LogLine == "" {
		found.LogLine = old.LogLine
	}
	if len(found.Traces) == 0 {
		found.Traces = old.Traces
	}
	return found
}

func same(a, b slo.Evidence) bool {
	return a.ErrorType == b.ErrorType && a.Dependency == b.Dependency && a.LogLine == b.LogLine && slices.Equal(a.Traces, b.Traces)
}

func (f Facts) evidence() slo.Evidence {
	return slo.Evidence{ErrorType: f.ErrorType, Dependency: f.Dependency, LogLine: f.LogLine, Traces: f.Traces}
}

func (f Facts) with(e slo.Evidence) Facts {
	f.ErrorType, f.Dependency, f.LogLine, f.Traces = e.ErrorType, e.Dependency, e.LogLine, e.Traces
	return f
}
