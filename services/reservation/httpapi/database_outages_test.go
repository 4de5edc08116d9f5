package httpapi_test

import (
	"slices"
	"strings"
	"testing"
)

// The checks that the other tests rely on must detect each kind of damage.
func TestConsistencyCheckDetectsEachKindOfDamage(t *testing.T) {
	t.Parallel()
	s := startUnreliable(t)
	s.checkRecovery(s.mixedRequests())
	for _, damage := range []struct{ what, sql, problem string }{
		{"an event twice", `INSERT INTO outbox (event_id, reservation_id, kind, payload, traceparent, created_at, due_at)
			SELECT event_id, reservation_id, kind, payload, traceparent, created_at, due_at
			FROM outbox WHERE kind = 'reservation.confirmed' LIMIT 1`, "first event"},
		{"a reservation twice", `INSERT INTO reservations
			SELECT (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid(), 'diner_id', NULL))).*
			FROM reservations r WHERE status = 'cancelled'`, "exactly one idempotency record"},
		{"a lost reservation", "DELETE FROM reservations WHERE status = 'waiting'", "without a reservation"},
		{"a counter that changed alone", "UPDATE slots SET booked = booked + 1 WHERE booked = 1", "audit: "},
		{"the same counter, without the audit", "", "wrong counter"},
	} {
		if strings.Contains(strings.Join(s.inconsistencies(), "\n"), damage.problem) && damage.sql != "" {
			t.Errorf("%s: reported before it was done", damage.what)
		}
		s.exec(damage.sql)
		if found := s.inconsistencies(); !strings.Contains(strings.Join(found, "\n"), damage.problem) {
			t.Errorf("%s: not detected, found only %q", damage.what, found)
		}
	}
}

// outage is a fault of the database or of the network to it.
type outage struct {
	name     string
	begin    func(*unreliableSystem)
	during   func(*unreliableSystem) // while requests wait; nil: nothing
	end      func(*unreliableSystem) // nil: it ends by itself
	allowed  []string                // summaries of responses during the outage
	expected string                  // at least one response is this
}

// networkFault is an outage by a toxic of the proxy.
func networkFault(name, kind, stream, attributes string, allowed ...string) outage {
	return outage{
		name:    name,
		begin:   func(s *unreliableSystem) { s.addToxic(kind, stream, attributes) },
		end:     (*unreliableSystem).removeToxics,
		allowed: allowed, expected: allowed[len(allowed)-1],
	}
}

func outages() []outage {
	return []outage{
		{
			name:    "the database is down and connections are refused",
			begin:   func(s *unreliableSystem) { s.proxy.Stop() },
			end:     func(s *unreliableSystem) { s.must(s.proxy.Start()) },
			allowed: []string{"503 unavailable"}, expected: "503 unavailable",
		},
		networkFault("connections are reset on the way to the database",
			"reset_peer", "upstream", `"timeout":0`, "503 unavailable"),
		networkFault("connections are reset before the database's responses",
			"reset_peer", "downstream", `"timeout":0`, "503 unavailable"),
		networkFault("connections break in the middle of the database's responses",
			"limit_data", "downstream", `"bytes":600`, success, "503 unavailable"),
		networkFault("requests do not reach the database and connections hang",
			"timeout", "upstream", `"timeout":0`, "503 unavailable", "504 timeout"),
		networkFault("the database executes everything but its responses are lost",
			"timeout", "downstream", `"timeout":0`, "503 unavailable", "504 timeout"),
		networkFault("the network is slow", "latency", "downstream", `"latency":100,"jitter":50`, success),
		networkFault("the network has little bandwidth", "bandwidth", "downstream", `"rate":30`, success),
		terminatedSessions(),
	}
}

// terminatedSessions is an operator who terminates all sessions that wait.
func terminatedSessions() outage {
	var release func()
	return outage{
		name:  "an operator terminates all sessions",
		begin: func(s *unreliableSystem) { release = s.holdLocks(lockSlotsSQL) },
		during: func(s *unreliableSystem) {
			s.waitForLockWaiters(4)
			s.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
			release()
		},
		allowed: []string{success, "503 unavailable"}, expected: "503 unavailable",
	}
}

// During an outage each request gets one of the documented responses in time.
// Afterwards everything works without a restart, and nothing is lost or doubled.
func TestRecoversFromDatabaseOutages(t *testing.T) {
	for _, o := range outages() {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			s := startUnreliable(t)
			requests := s.mixedRequests()
			o.begin(s)
			responses := make(chan []string, 1)
			go func() { responses <- s.sendAll(requests) }()
			if o.during != nil {
				o.during(s)
			}
			summaries := <-responses
			if o.end != nil {
				o.end(s)
			}
			for i, got := range summaries {
				if !slices.Contains(o.allowed, got) {
					t.Errorf("%v got %q, want one of %q", requests[i], got, o.allowed)
				}
			}
			if !slices.Contains(summaries, o.expected) {
				t.Errorf("no response was %q, so the outage had no effect: %q", o.expected, summaries)
			}
			s.checkRecovery(requests)
		})
	}
}
