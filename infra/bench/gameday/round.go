package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"jari.example/infra/bench/opensearch"
	"jari.example/internal/wait"
	"jari.example/telemetry/names"
)

// The limits of a round. A rule that fires later than detectLimit is reported as missing.
const (
	pollInterval = 250 * time.Millisecond
	detectLimit  = 8 * time.Minute // a queue must be five minutes old
	namedLimit   = 30 * time.Second
	runbookTakes = 5 * time.Second
	resolveLimit = 12 * time.Minute // of audits that run once a minute, ten must be good
	calmLimit    = 20 * time.Minute // mails that were refused are sent, each at its next attempt, which is up to 5 minutes later
	faultFor     = 15 * time.Minute // ends the fault if this program is killed
	lagEvery     = 3 * time.Second  // between two measurements of the pipeline's lag
)

// afterIncident is how long ago an incident of a rule must have ended, so that the next
// one opens a new incident and does not reopen the old one: 30 minutes after its end and
// an hour after its last bad event, 60 times faster.
const afterIncident = 65 * time.Second

// round is what happened during one fault.
type round struct {
	entry
	system       string        // where it was played: a setup's name
	title        string        // of the rule
	began, ended time.Time     // of the fault
	lag          time.Duration // of the pipeline before the fault
	allowed      time.Duration // after the earliest time
	endLag       time.Duration // of the pipeline, the longest while the end was awaited
	found        message       // the message of the entry's rule, when it was first seen
	detected     time.Time
	counted      time.Time // the earliest time by what diners counted; zero: by a replay
	named        bool
	lines        []string // what the message said
	traced       bool
	steps        int // of the runbook, all of which ran
	causes       []string
	caused       bool // one of them is the injected one
	ending       sync.WaitGroup
	resolved     time.Time // set before ending is done
	problems     []string
	fired        string // of a pair of faults: how many of their alerts have
	unknown      bool   // no alert is known before, so that there is no earliest time
}

// name is the rule, and the system where it is not the first one.
func (r *round) name() string {
	if r.system == "" {
		return r.Rule
	}
	return r.Rule + ", " + r.system
}

func (r *round) problem(format string, args ...any) {
	r.problems = append(r.problems, fmt.Sprintf(format, args...))
}

// play plays one entry. An error means that the game cannot go on; what the entry
// promises and does not hold is a problem of the round.
func (g *game) play(ctx context.Context, e entry) (*round, error) {
	r := &round{entry: e, title: g.about[e.Rule].Title}
	before := append([]string{e.Rule}, g.about[e.Rule].MutedBy...)
	if slices.Contains(ofAgent, e.Rule) {
		before = nil // without telemetry no other incident could end
	}
	if err := g.awaitCalm(ctx, e.Rule, before); err != nil {
		return r, err
	}
	var err error
	if r.lag, err = g.pipelineLag(ctx); err != nil {
		return r, err
	}
	r.allowed = g.allowed(r.lag)
	args := append([]string{"on", e.Fault, "--for", cmp.Or(e.For, faultFor).String()}, e.Args...)
	r.began, g.begun = time.Now(), append(g.begun, r)
	if _, err := g.Jari(ctx, "fault", args...); err != nil {
		return r, err
	}
	off := func() error { _, err := g.Jari(context.WithoutCancel(ctx), "fault", "off", e.Fault); return err }
	g.observe(ctx, r)
	if err := off(); err != nil {
		return r, err
	}
	if r.ended = time.Now(); e.For > 0 {
		r.ended = r.began.Add(e.For)
	}
	if !r.detected.IsZero() && g.scale == alertTimeScale { // with the windows of production it takes many minutes
		r.ending.Go(func() { g.awaitResolved(ctx, r) })
	}
	if err := g.unrelated(ctx); err != nil {
		return r, err
	}
	return r, errors.Join(g.checkBookings(ctx, r), ctx.Err())
}

// observe waits for the message while the fault is on, and checks what on-call learns.
func (g *game) observe(ctx context.Context, r *round) {
	m, ok := g.await(ctx, detectLimit, func(m message) bool {
		return m.rule == r.Rule && !m.ended && m.posted.After(r.began)
	})
	if !ok {
		r.problem("no message of %s within %v", r.Rule, detectLimit)
		return
	}
	r.found, r.detected = m, m.posted
	g.Logf("  after %.1f s: %s", r.detected.Sub(r.began).Seconds(), m.headline)
	m, r.named = g.await(ctx, namedLimit, func(m message) bool { return m.ts == r.found.ts && m.names(r.entry) })
	if !r.named {
		m = g.again(ctx, r.found)
		r.problem("no line has %q: %q", r.Named, m.lines())
	}
	r.lines = m.lines()
	if r.compares() {
		g.checkTraces(ctx, r, m)
	}
	g.runRunbook(ctx, r, m.runbook)
}

// names reports whether each word of the entry is in one of the lines.
func (m message) names(e entry) bool {
	where := m.lines()
	if !e.compares() {
		where = []string{m.headline + "\n" + m.text}
	}
	return !slices.ContainsFunc(e.Named, func(word string) bool {
		return !slices.ContainsFunc(where, func(line string) bool { return strings.Contains(line, word) })
	})
}

// await polls the messages until one is as wanted.
func (g *game) await(ctx context.Context, limit time.Duration, wanted func(message) bool) (m message, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	_ = wait.Until(ctx, pollInterval, func() bool {
		all, err := g.messages(ctx)
		if i := slices.IndexFunc(all, wanted); err == nil && i >= 0 {
			m, ok = all[i], true
		}
		return ok
	})
	return m, ok
}

// again is the message as it is now.
func (g *game) again(ctx context.Context, m message) message {
	all, _ := g.messages(ctx)
	if i := slices.IndexFunc(all, func(o message) bool { return o.ts == m.ts }); i >= 0 {
		return all[i]
	}
	return m
}

// awaitCalm waits until no incident of some rules is open, nil for any, and the rule's last
// one ended long ago.
func (g *game) awaitCalm(ctx context.Context, rule string, rules []string) error {
	var seen string
	ctx, cancel := context.WithTimeout(ctx, calmLimit)
	defer cancel()
	err := wait.Until(ctx, pollInterval, func() bool {
		all, err := g.messages(ctx)
		if err != nil {
			seen = err.Error()
			return false
		}
		i := slices.IndexFunc(all, func(m message) bool {
			return !m.ended && (rules == nil || slices.Contains(rules, m.rule)) || m.rule == rule && time.Since(m.edited) < afterIncident
		})
		if i >= 0 {
			seen = all[i].headline
		}
		return i < 0
	})
	if err != nil {
		return fmt.Errorf("before the fault for %s, after %v: %q: %w", rule, calmLimit, seen, err)
	}
	return nil
}

// awaitResolved measures the lag of the pipeline meanwhile: the end comes minutes after the fault
// began, and when an agent or a region has just come back, log lines are later than before.
func (g *game) awaitResolved(ctx context.Context, r *round) {
	measuring, stop := context.WithCancel(ctx)
	var measured sync.WaitGroup
	measured.Go(func() {
		for measuring.Err() == nil {
			if lag, err := g.pipelineLag(measuring); err == nil { // the next round's fault may refuse every request
				r.endLag = max(r.endLag, lag)
			}
			_ = wait.For(measuring, lagEvery)
		}
	})
	defer measured.Wait()
	defer stop()
	if m, ok := g.await(ctx, resolveLimit, func(m message) bool { return m.ts == r.found.ts && m.ended }); ok {
		r.resolved = m.edited
		g.Logf("  %.1f s after %s: %s", r.resolved.Sub(r.ended).Seconds(), r.Fault, m.headline)
	}
}

// awaitEnd waits until the incident is resolved, or the game is given up.
func (r *round) awaitEnd(ctx context.Context, g *game) {
	r.ending.Wait()
	if ctx.Err() == nil && !r.detected.IsZero() && g.scale == alertTimeScale && r.resolved.IsZero() {
		r.problem("not resolved %v after the fault", resolveLimit)
		g.Logf("  PROBLEM %s: %s", r.Rule, r.problems[len(r.problems)-1])
	}
}

// allowed is how long after the earliest time a message may come: the lag of the pipeline,
// two ticks, and what Slack takes.
func (g *game) allowed(lag time.Duration) time.Duration {
	if g.scale != alertTimeScale {
		return unscaledAllowed
	}
	return lag + 2*g.tick() + postTime
}

// pipelineLag is the longest time of a few requests until a search finds their log line.
func (g *game) pipelineLag(ctx context.Context) (longest time.Duration, err error) {
	const requests = 4
	for range requests {
		limited, cancel := context.WithTimeout(ctx, time.Minute)
		var sent time.Time
		var trace string
		_ = wait.Until(limited, time.Second, func() bool { // what the fault before has changed may just be starting
			sent = time.Now()
			trace, err = g.crowds[0].Probe(ctx)
			return err == nil
		})
		if err != nil {
			cancel()
			return 0, fmt.Errorf("a request has no response for a minute: %w", err)
		}
		err = wait.Until(limited, 100*time.Millisecond, func() bool {
			n, err := g.Search.Count(limited, names.LogIndex+"*", opensearch.Term(names.DocTraceID, trace))
			return err == nil && n > 0
		})
		cancel()
		if err != nil {
			return 0, fmt.Errorf("the log line of a request was not found within a minute: %w", err)
		}
		longest = max(longest, time.Since(sent))
	}
	return longest, nil
}

// checkTraces looks for the fault in the example traces.
func (g *game) checkTraces(ctx context.Context, r *round, m message) {
	clauses := []opensearch.Object{
		{"terms": opensearch.Object{names.DocTraceID: m.traces}}, opensearch.Term(names.DocServiceName, r.Span.Service),
	}
	if r.Span.Slow {
		clauses = append(clauses, opensearch.Object{"range": opensearch.Object{names.DocDuration: opensearch.Object{"gte": int64(time.Second)}}})
	} else {
		clauses = append(clauses, opensearch.Object{"term": opensearch.Object{names.DocStatusCode: 2}})
	}
	if r.Span.Peer != "" {
		clauses = append(clauses, opensearch.Term(names.PeerService, r.Span.Peer))
	}
	limited, cancel := context.WithTimeout(ctx, namedLimit)
	defer cancel()
	err := wait.Until(limited, time.Second, func() bool {
		n, err := g.Search.Count(limited, names.SpanIndex+"*", opensearch.Filter(clauses...))
		r.traced = err == nil && n > 0
		return r.traced
	})
	if err != nil {
		r.problem("none of the %d example traces has a span as %+v", len(m.traces), r.Span)
	}
}

// runRunbook runs the steps of the message's runbook, again until they find the injected
// cause: as an engineer would, since what they search for arrives late, too.
func (g *game) runRunbook(ctx context.Context, r *round, name string) {
	limited, cancel := context.WithTimeout(ctx, namedLimit)
	defer cancel()
	var err error
	_ = wait.Until(limited, time.Second, func() bool {
		r.steps, r.causes, err = g.runbook(ctx, name, r.lookBack())
		r.caused = slices.ContainsFunc(r.causes, func(c string) bool { return strings.Contains(c, r.Cause) })
		return err == nil && r.caused
	})
	switch {
	case err != nil:
		r.problem("jarictl runbook run %s: %v", name, err)
	case !r.caused:
		r.problem("the runbook %s finds %q, not %q", name, r.causes, r.Cause)
	}
}

// lookBack are flags of `jarictl runbook run` without which it could find the cause of an earlier
// round: a flag that was switched on then, or an agent that has ended then. Steps are run one after
// the other, so that the last one asks some seconds later.
func (r *round) lookBack() []string {
	switch since := time.Since(r.began).Truncate(time.Second) + runbookTakes; {
	case r.For > 0:
		return []string{"-since", (since + time.Minute).String()} // the agent's last heartbeat before the fault, too
	case strings.Contains(r.Cause, "FLAG"):
		return []string{"-since", since.String()}
	}
	return nil
}

// runbook runs the steps of a runbook, and returns how many there are and the causes that
// they name.
func (g *game) runbook(ctx context.Context, name string, lookBack []string) (steps int, causes []string, err error) {
	limited, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	args := append([]string{"runbook", "run", "-output", "json", "-runbooks", g.runbooks}, lookBack...)
	cmd := exec.CommandContext(limited, g.Bin("jarictl"), append(args, name)...)
	for key, value := range g.Addresses {
		cmd.Env = append(cmd.Env, key+"="+value)
	}
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return 0, nil, fmt.Errorf("%w: %s", err, complaint.String())
	}
	var report struct {
		Steps  []struct{}
		Causes []struct{ Answer, Meaning string }
	}
	if err := json.Unmarshal(out, &report); err != nil {
		return 0, nil, err
	}
	for _, c := range report.Causes {
		causes = append(causes, c.Answer+": "+c.Meaning)
	}
	return len(report.Steps), causes, nil
}

func seconds(d time.Duration) *float64 {
	s := math.Round(d.Seconds()*10) / 10
	return &s
}

// checkBookings compares what diners were told with the databases.
func (g *game) checkBookings(ctx context.Context, r *round) error {
	for _, c := range g.crowds {
		problems, err := c.Check(ctx, g.System)
		for _, p := range problems {
			r.problem("%s", p)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
