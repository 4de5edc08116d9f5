package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"jari.example/infra/bench/crowd"
	"jari.example/internal/wait"
)

// ofAgent are the rules that look at the agent.
var ofAgent = []string{"agent-disk-low", "dead-letters-growing", "telemetry-blind", "telemetry-delivery", "telemetry-evicted"}

// otherAgent proves the rules of the agent with the Collector, too, where the other systems
// have Fluent Bit. hidden is the environment of their rules.
func (g *game) otherAgent(ctx context.Context, hidden string) ([]row, error) {
	if _, err := exec.LookPath("fluent-bit"); err != nil {
		g.Logf("fluent-bit is not on PATH: all alerts are proven with the Collector, and none with Fluent Bit")
		return nil, nil
	}
	g.Logf("with the Collector in place of Fluent Bit")
	rows, err := g.inSystem(ctx, setup{"Collector", alertTimeScale, []string{hidden, "JARI_AGENT=collector"}}, func(ctx context.Context) ([]*round, error) {
		return g.playAll(ctx, slices.DeleteFunc(slices.Clone(entries), func(e entry) bool { return !slices.Contains(ofAgent, e.Rule) }))
	})
	return rows, err
}

// unscaledAllowed is how long after the earliest time a message may come where alerts have
// the windows of production, and a tick takes ten seconds. There what is counted has a
// resolution of a minute, too coarse for a replay: the earliest time is when the diners have
// had as many failures as the rule needs at least.
const (
	unscaledAllowed = 15 * time.Second
	unscaledFlow    = "book and cancel"
	unscaledNeeds   = 5 // minBadEvents
)

// unscaledEntry is proven with the rules as they are, so that its message names the flag.
var unscaledEntry = entry{
	Rule: "booking-availability", Fault: "route-errors", Args: []string{"--percent", "60"},
	Named: []string{"route-errors"}, Cause: "A FLAG WAS SWITCHED ON", Span: span{Service: "reservation"},
}

// unscaled proves an alert in a system whose windows are those of production. Its end is not
// waited for.
func (g *game) unscaled(ctx context.Context) ([]row, error) {
	g.Logf("with the windows of production")
	rows, err := g.inSystem(ctx, setup{"windows of production", 1, nil}, func(ctx context.Context) ([]*round, error) {
		rounds, err := g.playAll(ctx, []entry{unscaledEntry})
		for _, r := range rounds {
			r.counted = crowd.NthFailure(g.crowds, unscaledFlow, r.began, unscaledNeeds)
		}
		return rounds, err
	})
	return rows, err
}

// The mistakes of the control: the thresholds of one rule are doubled, and a step of its
// runbook takes something else for the cause. Few look-ups are slow, and after a
// while in which none were, so that a doubled threshold is reached much later.
var (
	controlEntry = entry{
		Rule: "free-times-latency", Fault: "route-delay",
		Args:  []string{"--route", "GET /v1/restaurants/{id}/availability", "--percent", "10"},
		Named: []string{"slow call to reservation"}, Cause: "A FLAG WAS SWITCHED ON", Span: span{Service: "reservation", Slow: true},
	}
	controlRunbook = "free-times"
	controlBefore  = 2 * time.Minute
	wrongAnswer    = [2]string{"some variant != off", "some variant = no-such-variant"}
)

// control plays a round with mistakes in the rule and in the runbook. It has a problem if
// the checks do not find both.
func (g *game) control(ctx context.Context) ([]row, error) {
	dir, err := os.MkdirTemp("", "jari-gameday-control-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	rules := filepath.Join(dir, "rules")
	g.runbooks = filepath.Join(dir, "runbooks")
	defer func() { g.runbooks = "" }()
	if err := withMistakes(g.Root, rules, g.runbooks); err != nil {
		return nil, err
	}
	g.Logf("with mistakes, which must be found")
	rows, err := g.inSystem(ctx, setup{"with mistakes", alertTimeScale, []string{"JARI_SLO_DIR=" + rules}}, func(ctx context.Context) ([]*round, error) {
		if err := wait.For(ctx, controlBefore); err != nil {
			return nil, err
		}
		return g.playAll(ctx, []entry{controlEntry})
	})
	for i := range rows {
		rows[i].Problems = notFound(rows[i].Problems)
	}
	return rows, err
}

// late matches a problem of the detection, and not "resolved late".
var late = regexp.MustCompile(`(^|; )late: `)

// notFound says which mistake is not among the problems of the control.
func notFound(problems string) string {
	var all []string
	if !late.MatchString(problems) && !strings.Contains(problems, "no message of ") {
		all = append(all, "the doubled thresholds were not reported")
	}
	if !strings.Contains(problems, "the runbook "+controlRunbook+" finds ") {
		all = append(all, "the wrong step of the runbook was not reported")
	}
	return strings.Join(all, "; ")
}

// withMistakes writes the clone's rules and runbooks, with mistakes about the rule of the
// control.
func withMistakes(clone, rules, pages string) error {
	if err := os.MkdirAll(rules, 0o755); err != nil {
		return err
	}
	if err := withoutFlags(filepath.Join(clone, "alerting", "slos"), rules); err != nil {
		return err
	}
	if err := change(filepath.Join(rules, controlEntry.Rule+".yaml"), doubled); err != nil {
		return err
	}
	if err := os.CopyFS(pages, os.DirFS(filepath.Join(clone, "runbooks"))); err != nil {
		return err
	}
	return change(filepath.Join(pages, controlRunbook+".md"), func(text []byte) []byte {
		return bytes.ReplaceAll(text, []byte(wrongAnswer[0]), []byte(wrongAnswer[1]))
	})
}

// change changes a file, and fails if it stays the same.
func change(file string, how func([]byte) []byte) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	changed := how(text)
	if bytes.Equal(changed, text) {
		return fmt.Errorf("%s has nothing to change", file)
	}
	return os.WriteFile(file, changed, 0o644)
}

var burn = regexp.MustCompile(`\bburn: ([0-9.]+)`)

// doubled are the rules of a file with twice the thresholds.
func doubled(text []byte) []byte {
	return burn.ReplaceAllFunc(text, func(found []byte) []byte {
		rate, _ := strconv.ParseFloat(string(burn.FindSubmatch(found)[1]), 64) // of digits
		return fmt.Appendf(nil, "burn: %g", 2*rate)
	})
}
