// Package lineartest holds the service against its promise under concurrency: what
// a crowd is answered by two replicas must be what it would have been answered
// one by one, in some order that respects who had finished before whom began.
//
// A random crowd books, cancels, moves, waits and asks again over HTTP, now and
// then without waiting for the answer, while the owner edits the schedule. The
// history of one small restaurant is judged by porcupine against a sequential
// model, which knows nothing of how the service decides. One answer may be stale:
// a refusal that calls itself latched, by a second.
package lineartest

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

const (
	atOnce  = 8                // worlds
	judging = 30 * time.Second // at most, for one history
	telling = 48               // worlds, after which every kind of answer has been met
)

// Run plays rounds worlds against the replicas and fails the test for each that
// no sequential world explains. JARI_LINEAR_ROUNDS asks for more of them, and
// JARI_LINEAR_SEED for the ones of an earlier run.
func Run(t *testing.T, replicas []string, rounds int) {
	t.Helper()
	var undecided atomic.Int32
	c := playAll(t, replicas, int(number(t, "JARI_LINEAR_ROUNDS", uint64(rounds))), false, func(h History) bool {
		switch result, info := h.Check(judging); result {
		case porcupine.Unknown:
			undecided.Add(1)
		case porcupine.Illegal:
			t.Errorf("JARI_LINEAR_SEED=%d JARI_LINEAR_ROUNDS=1: no order of the requests explains the answers; %s\n%s",
				h.Seed, draw(t, h, info), h.stuck(info))
		}
		return !t.Failed()
	})
	t.Logf("%v\n%6d worlds undecided", c, undecided.Load())
	if n := undecided.Load(); 20*int(n) > c.worlds {
		t.Errorf("%d of %d worlds were too much for the judge: that proves nothing", n, c.worlds)
	}
	for outcome, n := range c.outcomes {
		if strings.Contains(outcome, " 500 ") {
			t.Errorf("%d times %q", n, outcome)
		}
	}
	for _, outcome := range want {
		if c.outcomes[outcome] == 0 && c.worlds >= telling {
			t.Errorf("nobody was answered %q: the worlds prove nothing about it", outcome)
		}
	}
}

// want is what a crowd must have met before its histories mean anything.
var want = []string{
	"book confirmed", "book confirmed again", "book slot_full", "book slot_full latched", "book slot_closed",
	"book already_booked", "book overlap", "book idempotency_key_reused", "book unknown",
	"join waiting", "join seats_available", "look offered",
	"accept confirmed", "accept not_offered", "decline not_offered", "leave done",
	"move confirmed", "move waiting", "move slot_full", "move version_mismatch",
	"cancel cancelled", "cancel cancelled again", "cancel not_cancellable", "cancel unknown", "edit done",
}

// Convicts plays until a world is found that no sequential one explains, and
// fails the test if all of rounds pass. It is for stores that are right when one
// client asks at a time, which it makes sure of, and wrong when several do.
func Convicts(t *testing.T, replicas []string, rounds int) {
	t.Helper()
	var guilty atomic.Int32
	judge := func(h History) bool {
		if result, _ := h.Check(judging); result == porcupine.Illegal {
			guilty.Add(1)
		}
		return guilty.Load() == 0
	}
	if playAll(t, replicas, 8, true, judge); guilty.Load() > 0 {
		t.Error("convicted though it was asked one by one: that proves nothing about concurrency")
	}
	t.Log(playAll(t, replicas, rounds, false, judge))
	if guilty.Load() == 0 {
		t.Errorf("%d rounds with a store that oversells, and nothing was found", rounds)
	}
}

// census counts what was asked and answered.
type census struct {
	seed     uint64
	worlds   int
	requests int
	took     time.Duration
	judged   time.Duration // of all judges together
	slowest  time.Duration // of one
	outcomes map[string]int
}

// playAll hands the histories of rounds worlds to judge, until it has enough.
func playAll(t *testing.T, replicas []string, rounds int, alone bool, judge func(History) (more bool)) census {
	t.Helper()
	seed := number(t, "JARI_LINEAR_SEED", rand.Uint64N(1e9))
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 100
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}

	c := census{seed: seed, outcomes: map[string]int{}}
	began := time.Now()
	var mu sync.Mutex
	var next atomic.Int64
	var enough atomic.Bool
	var wg sync.WaitGroup
	for range atOnce {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(rounds) && !enough.Load() && !t.Failed(); i = next.Add(1) - 1 {
				h, err := play(t.Context(), client, replicas, seed+uint64(i), alone)
				if err != nil {
					t.Errorf("world %d: %v", seed+uint64(i), err)
					return
				}
				judging := time.Now()
				if !judge(h) {
					enough.Store(true)
				}
				mu.Lock()
				c.count(h, time.Since(judging))
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	c.took = time.Since(began)
	return c
}

func (c *census) count(h History, judged time.Duration) {
	c.worlds++
	c.requests += len(h.events)
	c.judged, c.slowest = c.judged+judged, max(c.slowest, judged)
	for _, e := range h.events {
		c.outcomes[e.outcome()]++
	}
}

// outcome is what kind of answer the event had.
func (e event) outcome() string {
	text := e.call.op.String() + " "
	switch a := e.answer; {
	case e.latched:
		return text + a.reason + " latched"
	case e.failed != "":
		return text + e.failed
	case a.reason != "":
		return text + a.reason
	case e.call.op == edit || e.call.op == leave:
		return text + "done"
	case a.replayed:
		return text + a.status.String() + " again"
	default:
		return text + a.status.String()
	}
}

func (c census) String() string {
	text := fmt.Sprintf("seed %d: %d worlds, %d requests in %v (%.0f/s); judged in %v, the slowest in %v",
		c.seed, c.worlds, c.requests, c.took.Round(time.Millisecond), float64(c.requests)/c.took.Seconds(),
		c.judged.Round(time.Millisecond), c.slowest.Round(time.Millisecond))
	names := slices.SortedFunc(maps.Keys(c.outcomes), func(a, b string) int { return cmp.Compare(c.outcomes[b], c.outcomes[a]) })
	for _, name := range names {
		text += fmt.Sprintf("\n%6d %s", c.outcomes[name], name)
	}
	return text
}

// draw writes porcupine's picture of the history and says where. Without
// -artifacts the test's directory would be gone when one wants to look.
func draw(t *testing.T, h History, info porcupine.LinearizationInfo) string {
	dir := t.ArtifactDir()
	if kept := flag.Lookup("test.artifacts"); kept == nil || kept.Value.String() != "true" {
		dir = os.TempDir()
	}
	file := filepath.Join(dir, fmt.Sprintf("jari-linear-%d.html", h.Seed))
	if err := porcupine.VisualizePath(h.model(), info, file); err != nil {
		return err.Error()
	}
	return "see " + file
}

// number reads a number from the environment.
func number(t *testing.T, name string, absent uint64) uint64 {
	text := os.Getenv(name)
	if text == "" {
		return absent
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}
