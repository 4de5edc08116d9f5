// Package lineartest checks that the service is linearizable: what concurrent
// clients get from two replicas must be what they would have got one by one, in
// some order in which a call that returned before another began comes first.
//
// In each round random clients book, cancel, move, wait and repeat calls over
// HTTP, some without waiting for the response, while the owner edits the
// schedule. Porcupine checks the history of one small restaurant against a
// sequential model, which shares no code with the service. One result may be
// stale, by a second: a refusal from the sold-out cache ("latched").
package lineartest

import (
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

const (
	parallelRounds   = 8
	checkTimeout     = 30 * time.Second // for one history
	roundsToCoverAll = 48               // after so many rounds every expected outcome has occurred
)

// Run runs so many rounds against the replicas and fails the test for each
// history that is not linearizable. JARI_LINEAR_ROUNDS sets another number of
// rounds, and JARI_LINEAR_SEED the seed of an earlier run.
func Run(t *testing.T, replicas []string, rounds int) {
	t.Helper()
	var undecided atomic.Int32
	rounds = int(numberFromEnv(t, "JARI_LINEAR_ROUNDS", uint64(rounds)))
	s := runRounds(t, replicas, seedFromEnv(t), rounds, false, func(h History) bool {
		switch result, info := h.Check(checkTimeout); result {
		case porcupine.Unknown:
			undecided.Add(1)
		case porcupine.Illegal:
			t.Errorf("JARI_LINEAR_SEED=%d JARI_LINEAR_ROUNDS=1: the history is not linearizable; %s\n%s",
				h.Seed, visualize(t, h, info), h.explain(info))
		}
		return !t.Failed()
	})
	t.Logf("%v\n%6d histories undecided", s, undecided.Load())
	if n := undecided.Load(); 20*int(n) > s.rounds {
		t.Errorf("%d of %d histories took too long to check: the test proves too little", n, s.rounds)
	}
	for outcome, n := range s.outcomes {
		if strings.Contains(outcome, " 500 ") {
			t.Errorf("%d times %q", n, outcome)
		}
	}
	for _, outcome := range expectedOutcomes {
		if s.outcomes[outcome] == 0 && s.rounds >= roundsToCoverAll {
			t.Errorf("no call had the outcome %q: the test proves nothing about it", outcome)
		}
	}
}

// expectedOutcomes must occur, or the histories prove too little.
var expectedOutcomes = []string{
	"book confirmed", "book confirmed replayed", "book slot_full", "book slot_full from cache", "book slot_closed",
	"book already_booked", "book overlap", "book idempotency_key_reused", "book unknown",
	"join waiting", "join seats_available", "get offered",
	"accept confirmed", "accept not_offered", "decline not_offered", "leave done",
	"move confirmed", "move waiting", "move slot_full", "move version_mismatch",
	"cancel cancelled", "cancel cancelled replayed", "cancel not_cancellable", "cancel unknown", "edit done",
}

// Detects runs rounds until a history is not linearizable, and fails the test
// if all are. It is the negative control, for stores that are right when calls
// come one by one, which it verifies, and wrong when they are concurrent.
func Detects(t *testing.T, replicas []string, rounds int) {
	t.Helper()
	const sequentialRounds = 8
	var illegal atomic.Int32
	check := func(h History) bool {
		if result, _ := h.Check(checkTimeout); result == porcupine.Illegal {
			illegal.Add(1)
		}
		return illegal.Load() == 0
	}
	if runRounds(t, replicas, seedFromEnv(t), sequentialRounds, true, check); illegal.Load() > 0 {
		t.Error("a sequential history is illegal: the control proves nothing about concurrency")
	}
	t.Log(runRounds(t, replicas, seedFromEnv(t), rounds, false, check))
	if illegal.Load() == 0 {
		t.Errorf("no illegal history in %d rounds with a store that oversells", rounds)
	}
}

// seedFromEnv returns JARI_LINEAR_SEED, or a random seed.
func seedFromEnv(t *testing.T) uint64 { return numberFromEnv(t, "JARI_LINEAR_SEED", rand.Uint64N(1e9)) }

func numberFromEnv(t *testing.T, name string, absent uint64) uint64 {
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
