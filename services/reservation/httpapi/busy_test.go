package httpapi_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"jari.example/services/reservation/jobs"
	"jari.example/services/reservation/observe"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

// Whoever closes the page while their request waits is not booked, or their key
// returns that very booking.
func TestAClientWhoLeaves(t *testing.T) {
	t.Parallel()
	s := shake(t)
	release := s.hold(holdSlots)
	var asks []ask
	for i := range 24 {
		asks = append(asks, s.booking(i%8, 1))
	}
	ctx, leave := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for _, a := range asks {
		all.Go(func() {
			if got, err := s.try(ctx, a); err == nil {
				t.Errorf("answered %q while the slots were held", got.word())
			}
		})
	}
	s.waits(4)
	s.until("all are there", func() bool { return s.busy.Load() == int64(len(asks)) })
	leave()
	all.Wait()
	s.until("the service has seen them leave", func() bool { return s.busy.Load() == 0 })
	release()
	s.until("what was under way has ended", func() bool {
		return s.number("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle' AND pid <> pg_backend_pid()") == 0
	})

	booked := 0
	for _, a := range asks {
		rows := s.number("SELECT count(*) FROM reservations WHERE diner_id = '" + a.who + "'")
		got := s.want(a, 201)
		if booked += rows; rows > 1 || (got.header.Get("Idempotency-Replayed") != "") != (rows == 1) {
			t.Errorf("%d rows before the key was asked, and it answers %v", rows, got)
		}
	}
	if booked == 0 || booked == len(asks) {
		t.Errorf("%d of %d were booked: both sorts are needed, sent already and still waiting", booked, len(asks))
	}
	s.settled(asks)
}

// When more wait than the queue holds, the next is told so at once and not when
// its patience ends; who was let in is served.
func TestAFullQueue(t *testing.T) {
	t.Parallel()
	s := shake(t)
	release := s.hold(holdSlots)
	var mu sync.Mutex
	words := map[string]int{}
	var shed atomic.Int64
	var all sync.WaitGroup
	var asks []ask
	for len(asks) < 5000 && shed.Load() < 20 {
		for range 50 {
			a := s.booking(0, 1)
			asks = append(asks, a)
			all.Go(func() { // without the wire: thousands of sockets prove nothing more
				w := httptest.NewRecorder()
				s.handler.ServeHTTP(w, a.request(t.Context(), "http://test"))
				got, err := read(w.Result())
				word := got.word()
				if err != nil {
					word = err.Error()
				}
				if word == "503 overloaded" {
					shed.Add(1)
				}
				mu.Lock()
				words[word]++
				mu.Unlock()
			})
		}
		s.until("these have come in", func() bool { return s.busy.Load()+shed.Load() >= int64(len(asks)) || s.busy.Load() == 0 })
	}
	mu.Lock()
	if len(words) != 1 || words["503 overloaded"] < 20 {
		t.Errorf("while the slots were held, %d requests got %v", len(asks), words)
	}
	mu.Unlock()
	release()
	all.Wait()
	for w := range words {
		if w != "2xx" && w != "409 slot_full" && w != "503 overloaded" && w != "504 timeout" {
			t.Errorf("answered %q", w)
		}
	}
	if words["2xx"] != 4 || words["409 slot_full"] == 0 {
		t.Errorf("who was let in was not served: %v", words)
	}
	for _, wrong := range s.complaints() {
		t.Error(wrong)
	}
}

// A counter that somebody has doctored is found, said and counted.
func TestTheAuditConvictsADoctoredCounter(t *testing.T) {
	s := shake(t)
	s.want(s.booking(0, 2), 201)
	rec := telemetrytest.Start(t)
	audit := func() {
		for _, job := range jobs.New(s.store, func() {}, observe.NewListener(rec.Logger)).All() {
			if job.Name == jobs.AuditSlots {
				s.must(job.Run(t.Context()))
			}
		}
	}
	audit()
	if lines := rec.Lines(t, names.EventInvariantViolated); len(lines) != 0 {
		t.Fatalf("innocent books are convicted: %v", lines)
	}
	s.exec("UPDATE slots SET booked = booked + 1 WHERE id = " + s.slots[0])
	audit()
	lines := rec.Lines(t, names.EventInvariantViolated)
	if len(lines) != 1 || fmt.Sprint(lines[0][names.SlotID]) != s.slots[0] || lines[0][names.SlotBooked] != 3.0 || lines[0][names.SlotHeld] != 2.0 {
		t.Errorf("said: %v", lines)
	}
	if n := rec.Count(t, names.MetricInvariantViolations); n != 1 {
		t.Errorf("counted: %d", n)
	}
	if audited := rec.Lines(t, names.EventAudited); len(audited) != 2 || audited[1][names.Violations] != 1.0 {
		t.Errorf("audited: %v", audited)
	}
	if _, err := s.admin.Exec(t.Context(), "UPDATE slots SET booked = capacity + 1 WHERE id = "+s.slots[0]); err == nil || !strings.Contains(err.Error(), "check constraint") {
		t.Errorf("the table's own check let more be sold than there is: %v", err)
	}
}
