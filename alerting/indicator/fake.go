package indicator

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"jari.example/alerting/slo"
)

// Fake is a Source in memory, for tests and for a daemon without OpenSearch. Its
// zero value has no events, which is not the same as no telemetry. It is safe
// for concurrent use.
type Fake struct {
	mu          sync.Mutex
	events      map[string][]event
	evidence    Evidence
	evidenceErr error
	err         error
	queries     int
}

type event struct {
	at  time.Time
	bad bool
}

// Add adds good and bad events of the objective name at the time at.
func (f *Fake) Add(name string, at time.Time, good, bad int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.events == nil {
		f.events = map[string][]event{}
	}
	for i := range good + bad {
		f.events[name] = append(f.events[name], event{at, i >= good})
	}
}

// SetEvidence sets what Evidence returns.
func (f *Fake) SetEvidence(e Evidence) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.evidence = e
}

// FailEvidence makes Evidence fail with err; Count still works.
func (f *Fake) FailEvidence(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.evidenceErr = err
}

// Fail makes Count and Evidence fail with err; nil ends that.
func (f *Fake) Fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

// Queries is how often Count was called.
func (f *Fake) Queries() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.queries
}

// Count implements Source.
func (f *Fake) Count(_ context.Context, slos []slo.SLO, from, to time.Time, width time.Duration) (map[string][]slo.Bucket, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queries++
	if f.err != nil {
		return nil, f.err
	}
	all := map[string][]slo.Bucket{}
	for _, s := range slos {
		counts := map[time.Time]slo.Count{}
		for _, e := range f.events[s.Name] {
			if e.at.Before(from) || !e.at.Before(to) {
				continue
			}
			at := time.UnixMilli(e.at.UnixMilli() / width.Milliseconds() * width.Milliseconds()).UTC()
			if e.bad {
				counts[at] = counts[at].Plus(slo.Count{Bad: 1})
			} else {
				counts[at] = counts[at].Plus(slo.Count{Good: 1})
			}
		}
		for at, c := range counts {
			all[s.Name] = append(all[s.Name], slo.Bucket{At: at, Count: c})
		}
		slices.SortFunc(all[s.Name], func(a, b slo.Bucket) int { return a.At.Compare(b.At) })
	}
	return all, nil
}

// Evidence implements Source.
func (f *Fake) Evidence(context.Context, slo.SLO, time.Time, time.Time) (Evidence, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.evidence, errors.Join(f.err, f.evidenceErr)
}
