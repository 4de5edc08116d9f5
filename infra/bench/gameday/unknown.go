package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"jari.example/internal/wait"
)

// unknownRounds is how many pairs of faults are drawn.
const unknownRounds = 8

// onlyPairs are faults that are drawn beside those of the entries.
var onlyPairs = []entry{
	{
		Rule: "booking-availability", Fault: "route-errors", Flag: true,
		Named: []string{"failing call to reservation"}, Span: span{Service: "reservation"},
	},
	{
		Rule: "booking-availability", Fault: "route-panics", Flag: true,
		Named: []string{"failing call to reservation"}, Span: span{Service: "reservation"},
	},
}

// flagged are the entries whose fault is a feature flag: nothing outside a service's process shows
// it. Those are left out whose alert takes longer than a pair lasts, whose message compares nothing
// and so has the same title whatever the fault is, or that make other alerts fire, too: of these
// nobody could say whose cause the message must name.
func flagged() (all []entry) {
	for _, e := range append(slices.Clone(entries), onlyPairs...) {
		if e.Flag && !e.Long && e.compares() && e.Also == nil {
			all = append(all, e)
		}
	}
	return all
}

// pairs draws pairs of entries of different rules, whose messages differ, the same ones for the same
// seed. The same fault can be on once in a region, so the second is in the other one then.
func pairs(seed uint64, n int) (all [][2]entry) {
	r := rand.New(rand.NewPCG(seed, 0))
	from := flagged()
	for range n {
		r.Shuffle(len(from), func(i, j int) { from[i], from[j] = from[j], from[i] })
		a := from[0]
		b := from[slices.IndexFunc(from, func(e entry) bool { return e.Rule != a.Rule })]
		if a.Fault == b.Fault {
			b = b.elsewhere()
		}
		all = append(all, [2]entry{a, b})
	}
	return all
}

// elsewhere is the entry in the other region.
func (e entry) elsewhere() entry {
	e.Args = append([]string{"--region", "us"}, e.Args...)
	named := make([]string, len(e.Named))
	for i, word := range e.Named {
		named[i] = strings.ReplaceAll(word, "ap-northeast-2", "us-east-1")
	}
	e.Named = named
	return e
}

// playUnknown plays pairs of faults that were drawn at random. At least one right alert must
// fire for each pair, and the message of each that fires must name its cause. Both need not: an
// alert may be muted by the other one.
func (g *game) playUnknown(ctx context.Context) (all []*round, err error) {
	g.Logf("unknown faults: -seed %d", g.seed)
	for n, pair := range pairs(g.seed, unknownRounds) {
		r := &round{entry: entry{Rule: fmt.Sprintf("unknown %d", n+1), Fault: pair[0].how() + " and " + pair[1].how()}, unknown: true}
		g.Logf("%s: %s for %s and %s", r.Rule, r.Fault, pair[0].Rule, pair[1].Rule)
		if err := g.playPair(ctx, r, pair); err != nil {
			return all, err
		}
		g.Logf("  %s", r.fired)
		for _, p := range r.problems {
			g.Logf("  PROBLEM %s", p)
		}
		all = append(all, r)
	}
	return all, nil
}

// how is the fault with its arguments.
func (e entry) how() string { return strings.Join(append([]string{e.Fault}, e.Args...), " ") }

// pairFor is how long both faults are on.
const pairFor = 45 * time.Second

func (g *game) playPair(ctx context.Context, r *round, pair [2]entry) error {
	for _, e := range pair {
		if err := g.awaitCalm(ctx, e.Rule, nil); err != nil {
			return err
		}
	}
	r.began = time.Now()
	for _, e := range pair {
		args := append([]string{"on", e.Fault, "--for", pairFor.String()}, e.Args...)
		if _, err := g.Jari(ctx, "fault", args...); err != nil {
			return err
		}
	}
	if err := wait.For(ctx, pairFor); err != nil { // they end by themselves
		return err
	}
	r.ended = time.Now()
	limited, cancel := context.WithTimeout(ctx, namedLimit)
	defer cancel()
	var err error
	_ = wait.Until(limited, pollInterval, func() bool { // a message that has just come is completed a little later
		var all []message
		if all, err = g.messages(ctx); err == nil {
			r.judgePair(pair, all)
		}
		return r.named
	})
	return errors.Join(err, g.checkBookings(ctx, r))
}

// judgePair compares the messages with the faults, in place of what was judged before.
func (r *round) judgePair(pair [2]entry, all []message) {
	fired := 0
	r.problems = nil
	for _, e := range pair {
		i := slices.IndexFunc(all, func(m message) bool { return m.rule == e.Rule && m.posted.After(r.began) })
		if i < 0 {
			continue
		}
		fired++
		if !all[i].names(e) {
			r.problem("the message of %s does not name %q: %q", e.Rule, e.Named, all[i].lines())
		}
	}
	if fired == 0 {
		r.problem("neither %s nor %s has fired", pair[0].Rule, pair[1].Rule)
	}
	r.named, r.fired = len(r.problems) == 0, fmt.Sprintf("%d of 2 alerts", fired)
}
