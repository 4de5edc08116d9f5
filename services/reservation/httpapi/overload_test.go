package httpapi_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
)

// A client that disconnects while its request waits is not booked, or its key
// returns that booking.
func TestClientsThatDisconnectAreBookedAtMostOnce(t *testing.T) {
	t.Parallel()
	s := startUnreliable(t)
	release := s.holdLocks(lockSlotsSQL)
	var requests []apiRequest
	for i := range 24 {
		requests = append(requests, s.booking(i%8, 1))
	}
	ctx, disconnect := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for _, r := range requests {
		all.Go(func() {
			if got, err := s.send(ctx, r); err == nil {
				t.Errorf("got %q while the slots were locked", got.summary())
			}
		})
	}
	s.waitForLockWaiters(4)
	s.waitUntil("all requests are in the handler", func() bool { return s.inFlight.Load() == int64(len(requests)) })
	disconnect()
	all.Wait()
	s.waitUntil("the handler has returned for all of them", func() bool { return s.inFlight.Load() == 0 })
	release()
	s.waitUntil("the transactions in progress have ended", func() bool {
		return s.queryInt(`SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND state <> 'idle' AND pid <> pg_backend_pid()`) == 0
	})

	booked := 0
	for _, r := range requests {
		rows := s.queryInt("SELECT count(*) FROM reservations WHERE diner_id = '" + r.caller + "'")
		got := s.mustSend(r, 201)
		replayed := got.header.Get("Idempotency-Replayed") != ""
		if booked += rows; rows > 1 || replayed != (rows == 1) {
			t.Errorf("%d rows before the retry, whose response is %v", rows, got)
		}
	}
	if booked == 0 || booked == len(requests) {
		t.Errorf("%d of %d were booked: the test needs both, requests in a transaction and requests in the queue", booked, len(requests))
	}
	s.checkRecovery(requests)
}

// When the queue is full, the next request is refused at once, not at its
// timeout. Requests in the queue are served.
func TestRefusesAtOnceWhenTheQueueIsFull(t *testing.T) {
	t.Parallel()
	s := startUnreliable(t)
	release := s.holdLocks(lockSlotsSQL)
	var mu sync.Mutex
	count := map[string]int{} // by summary
	var shed atomic.Int64
	var all sync.WaitGroup
	sent := 0
	for sent < 5000 && shed.Load() < 20 {
		for range 50 {
			r := s.booking(0, 1)
			sent++
			all.Go(func() { // without the network: thousands of sockets would add nothing
				w := httptest.NewRecorder()
				s.handler.ServeHTTP(w, r.build(t.Context(), "http://test"))
				got, err := readResponse(w.Result())
				summary := got.summary()
				if err != nil {
					summary = err.Error()
				}
				if summary == "503 overloaded" {
					shed.Add(1)
				}
				mu.Lock()
				count[summary]++
				mu.Unlock()
			})
		}
		s.waitUntil("these requests are in the handler", func() bool {
			return s.inFlight.Load()+shed.Load() >= int64(sent) || s.inFlight.Load() == 0
		})
	}
	mu.Lock()
	if len(count) != 1 || count["503 overloaded"] < 20 {
		t.Errorf("while the slots were locked, %d requests got %v", sent, count)
	}
	mu.Unlock()
	release()
	all.Wait()
	for got := range count {
		if !slices.Contains([]string{success, "409 slot_full", "503 overloaded", "504 timeout"}, got) {
			t.Errorf("got %q", got)
		}
	}
	if count[success] != 4 || count["409 slot_full"] == 0 {
		t.Errorf("requests in the queue were not served: %v", count)
	}
	for _, problem := range s.inconsistencies() {
		t.Error(problem)
	}
}

// Many commands for one locked slot delay neither commands for other slots nor
// queries.
func TestManyCommandsForOneSlotDelayNoOthers(t *testing.T) {
	t.Parallel()
	s := startUnreliable(t)
	var others, crowd []apiRequest
	for _, r := range s.mixedRequests() {
		if r.method == "GET" {
			others = append(others, r)
		}
	}
	for i := range 3 {
		others = append(others, s.booking(6+i, 1))
	}
	for range 4 * poolSize {
		crowd = append(crowd, apiRequest{"POST", "/v1/restaurants/mokran/reservations",
			fmt.Sprintf(`{"slot_id":%q,"party":1,"name":"Kim"}`, s.slots[5]), owner, uuid.NewString()})
	}
	release := s.holdLocks("SELECT FROM slots WHERE id = " + s.slots[5] + " FOR NO KEY UPDATE")
	done := make(chan []string)
	go func() { done <- s.sendAll(crowd) }()
	s.waitUntil("four commands wait for the slot", func() bool { return s.queryInt(lockWaitersSQL) >= 4 })
	for i, got := range s.sendAll(others) {
		if got != success {
			t.Errorf("%v got %q, want success", others[i], got)
		}
	}
	release()
	<-done
	s.checkRecovery(others[len(others)-3:])
}

// Every connection of the pool waits for a lock. A request that needs a
// connection times out, with the response for that.
func TestTimesOutWhenLocksUseUpThePool(t *testing.T) {
	t.Parallel()
	s := startUnreliable(t)
	requests := s.mixedRequests()
	release := s.holdLocks("LOCK TABLE slots IN ACCESS EXCLUSIVE MODE")
	summaries := s.sendAll(requests)
	for i, got := range summaries {
		if got != "504 timeout" && !(got == success && requests[i].method == "GET") {
			t.Errorf("%v got %q, want 504 timeout", requests[i], got)
		}
	}
	if !slices.Contains(summaries, "504 timeout") {
		t.Errorf("no request waited: %q", summaries)
	}
	s.waitUntil("no statement waits for requests that have ended", func() bool { return s.queryInt(lockWaitersSQL) == 0 })
	release()
	s.checkRecovery(requests)
}
