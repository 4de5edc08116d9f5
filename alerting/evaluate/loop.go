// Package evaluate turns counts into decisions about incidents. Each tick counts
// what is new, reads the sums of all windows at once and gives a verdict for every
// rule of the set: an SLO or a direct alert.
package evaluate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/lease"
	"jari.example/alerting/slo"
	"jari.example/telemetry"
)

// Incidents remembers incidents and carries verdicts out.
type Incidents interface {
	// Recent returns the open incidents, and those that ended at since or later.
	Recent(ctx context.Context, since time.Time) ([]Incident, error)
	// Apply carries out a verdict, and reports whether it changed an incident,
	// which it may have done even if it fails.
	Apply(ctx context.Context, term lease.Term, v Verdict) (changed bool, err error)
	// Explain looks for what the bad events of the incidents have in common. It is called
	// when all verdicts of a tick were carried out, because searches take time.
	Explain(ctx context.Context, term lease.Term) (changed bool, err error)
}

// Loop judges the rules of a set at every tick. It is used by one goroutine.
type Loop struct {
	// Set is the current set, with the time scale applied. It returns the same
	// slices until the set changes.
	Set    func() slo.Set
	Timing count.Timing
	// Count counts what is new up to now: count.Counter.Count.
	Count     func(ctx context.Context, term lease.Term, set slo.Set, now time.Time) error
	Store     count.Store
	Incidents Incidents
	Now       func() time.Time
	// Report is called by Run after every tick that failed, and with err == nil
	// after the first one that succeeds again.
	Report func(ctx context.Context, err error)
	// Observe is called after every tick; nil calls nothing. When Run ends, it is
	// called with the zero value: another replica knows from then on.
	Observe func(ctx context.Context, s State)
	// Succeeded is called by Run after every tick that succeeded; when it fails, the tick
	// has failed. nil calls nothing.
	Succeeded func(ctx context.Context, term lease.Term, at time.Time) error

	set      slo.Set
	rules    rules
	term     lease.Term
	counting time.Time // since when this term has counted
	counted  time.Time // until when counting succeeded and there was telemetry
	prepared bool
}

// tickJob is the name of a tick in spans and metrics.
const tickJob = "alerting.tick"

// Run ticks until ctx ends. A tick whose counting failed resolves nothing; the next
// one counts what it missed.
func (l *Loop) Run(ctx context.Context, term lease.Term) {
	ticker := time.NewTicker(l.Timing.Tick)
	defer ticker.Stop()
	if l.Observe != nil {
		defer l.Observe(context.WithoutCancel(ctx), State{})
	}
	failing := false
	for {
		_ = telemetry.Poll(ctx, tickJob, func(tick context.Context) (changed bool, err error) {
			now := l.Now()
			if changed, err = l.Tick(tick, term, now); err == nil && l.Succeeded != nil {
				err = l.Succeeded(tick, term, now)
			}
			recovered := failing && err == nil
			if ctx.Err() == nil && (err != nil || recovered) {
				l.Report(tick, err)
			}
			failing = err != nil
			return changed || recovered, err // what is reported has a log line, which leads to the trace
		})
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Tick counts what is new up to now and judges every rule. It reports whether an
// incident changed. When counting fails, it judges by what was counted before:
// that something is absent shows in just this way.
func (l *Loop) Tick(ctx context.Context, term lease.Term, now time.Time) (changed bool, err error) {
	l.prepare(term, now)
	countErr := l.Count(ctx, term, l.set, now)
	if errors.Is(countErr, lease.ErrLost) || ctx.Err() != nil {
		return false, countErr
	}
	failed := []error{countErr}
	if errors.Is(countErr, count.ErrOlder) {
		countErr = nil // the newest period, which is judged, was counted
	}
	verdicts, blind, err := l.judge(ctx, now, countErr)
	if err != nil {
		return false, errors.Join(append(failed, err)...)
	}
	state := State{Blindness: blind, Open: map[slo.Severity]int64{}, At: now}
	for _, v := range verdicts {
		if v.Event != Resolved && v.Event != Withdrawn {
			state.Open[v.Severity]++
		}
		one, err := l.Incidents.Apply(ctx, term, v)
		changed = changed || one
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", v.Name, err))
		}
	}
	explained, err := l.Incidents.Explain(ctx, term)
	changed, failed = changed || explained, append(failed, err)
	if l.Observe != nil {
		state.Took = l.Now().Sub(now)
		l.Observe(ctx, state)
	}
	return changed, errors.Join(failed...)
}

// prepare takes over a new set and a new term.
func (l *Loop) prepare(term lease.Term, now time.Time) {
	if set := l.Set(); !l.prepared || !same(set.SLOs, l.set.SLOs) || !same(set.Alerts, l.set.Alerts) {
		l.set, l.rules = set, newRules(set, l.Timing, max(reopenAfterEnd, reopenAfterBad)/time.Duration(l.Timing.Scale))
	}
	if !l.prepared || term != l.term {
		l.term, l.counting, l.counted = term, now, now
	}
	l.prepared = true
}

// same reports whether a and b are the same memory.
func same[T any](a, b []T) bool { return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0]) }

// judge reads what a tick is judged by and returns its verdicts. A rule that opens
// an incident needs the figures since the start of the fault, so the sums are read
// again then: the figures of a message are always of one read.
func (l *Loop) judge(ctx context.Context, now time.Time, failed error) ([]Verdict, Blindness, error) {
	incidents, err := l.Incidents.Recent(ctx, now.Add(-l.rules.memory))
	if err != nil {
		return nil, Blindness{}, fmt.Errorf("look up incidents: %w", err)
	}
	counted, err := l.Store.Counted(ctx)
	if err != nil {
		return nil, Blindness{}, fmt.Errorf("read the counted periods: %w", err)
	}
	j := judge{
		rules: l.rules, timing: l.Timing, now: now, counting: l.counting, fresh: failed == nil, blind: l.sourceBlindness(now, failed),
		counted: counted, incidents: incidents,
	}
	for {
		sums, err := l.Store.Sums(ctx, j.windows())
		if err != nil {
			return nil, Blindness{}, fmt.Errorf("read the sums of the windows: %w", err)
		}
		verdicts, blind := j.verdicts(sums)
		if j.starts != nil {
			return slices.DeleteFunc(verdicts, func(v Verdict) bool { return v.StartedAt.IsZero() }), blind, nil
		}
		if j.starts, err = l.starts(ctx, &j, verdicts); err != nil {
			return nil, Blindness{}, err
		}
		if len(j.starts) == 0 {
			return verdicts, blind, nil
		}
	}
}

// sourceBlindness says whether counting has failed, or has found no document of any
// kind, for so long that late lines are missing.
func (l *Loop) sourceBlindness(now time.Time, failed error) Blindness {
	if failed == nil {
		l.counted = now
		return Blindness{}
	}
	if empty := now.Add(-l.Timing.Lookback); errors.Is(failed, count.ErrNoTelemetry) && empty.Before(l.counted) {
		l.counted = latest(l.counting, empty) // so far back there was none already
	}
	if now.Sub(l.counted) < l.Timing.Lookback {
		return Blindness{}
	}
	return Blindness{Since: l.counted, Reason: failed.Error()}
}
