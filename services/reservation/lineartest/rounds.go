package lineartest

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// runRounds passes the history of each round to check, until check returns
// false. The rounds have consecutive seeds.
func runRounds(t *testing.T, replicas []string, seed uint64, rounds int, sequential bool, check func(History) (more bool)) statistics {
	t.Helper()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 100
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}

	s := statistics{seed: seed, outcomes: map[string]int{}}
	start := time.Now()
	var mu sync.Mutex
	var next atomic.Int64
	var stop atomic.Bool
	var wg sync.WaitGroup
	for range parallelRounds {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(rounds) && !stop.Load() && !t.Failed(); i = next.Add(1) - 1 {
				h, err := runRound(t.Context(), client, replicas, seed+uint64(i), sequential)
				if err != nil {
					t.Errorf("round with seed %d: %v", seed+uint64(i), err)
					return
				}
				checkStart := time.Now()
				if !check(h) {
					stop.Store(true)
				}
				mu.Lock()
				s.add(h, time.Since(checkStart))
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	s.elapsed = time.Since(start)
	return s
}

// statistics describe what the rounds did.
type statistics struct {
	seed         uint64 // of the first round
	rounds       int
	operations   int
	elapsed      time.Duration
	checking     time.Duration // of all histories together
	slowestCheck time.Duration
	outcomes     map[string]int
}

func (s *statistics) add(h History, checking time.Duration) {
	s.rounds++
	s.operations += len(h.operations)
	s.checking, s.slowestCheck = s.checking+checking, max(s.slowestCheck, checking)
	for _, o := range h.operations {
		s.outcomes[o.outcome()]++
	}
}

func (s statistics) String() string {
	text := fmt.Sprintf("seed %d: %d rounds, %d operations in %v (%.0f/s); checked in %v, the slowest in %v",
		s.seed, s.rounds, s.operations, s.elapsed.Round(time.Millisecond), float64(s.operations)/s.elapsed.Seconds(),
		s.checking.Round(time.Millisecond), s.slowestCheck.Round(time.Millisecond))
	byCount := func(a, b string) int { return cmp.Compare(s.outcomes[b], s.outcomes[a]) }
	for _, outcome := range slices.SortedFunc(maps.Keys(s.outcomes), byCount) {
		text += fmt.Sprintf("\n%6d %s", s.outcomes[outcome], outcome)
	}
	return text
}
