package httpapi_test

import (
	"slices"
	"strings"
	"testing"
)

// Whoever believes complaints must have seen each of them.
func TestTheCheckOfTheBooksConvicts(t *testing.T) {
	t.Parallel()
	s := shake(t)
	s.settled(s.evening())
	for _, forgery := range []struct{ what, sql, says string }{
		{"an event twice", `INSERT INTO outbox (event_id, reservation_id, kind, payload, traceparent, created_at, due_at)
			SELECT event_id, reservation_id, kind, payload, traceparent, created_at, due_at FROM outbox WHERE kind = 'reservation.confirmed' LIMIT 1`, "first event"},
		{"a row twice", `INSERT INTO reservations SELECT (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid(), 'diner_id', NULL))).*
			FROM reservations r WHERE status = 'cancelled'`, "exactly one answer"},
		{"a row that is lost", "DELETE FROM reservations WHERE status = 'waiting'", "about no reservation"},
		{"a counter that moved alone", "UPDATE slots SET booked = booked + 1 WHERE booked = 1", "audit: "},
		{"and seen without the audit", "", "counter is wrong"},
	} {
		if strings.Contains(strings.Join(s.complaints(), "\n"), forgery.says) && forgery.sql != "" {
			t.Errorf("%s: convicted before it was done", forgery.what)
		}
		s.exec(forgery.sql)
		if wrong := s.complaints(); !strings.Contains(strings.Join(wrong, "\n"), forgery.says) {
			t.Errorf("%s: not convicted, %q", forgery.what, wrong)
		}
	}
}

// Whatever stands between the service and its database: each request is answered
// in time, with what the documentation promises; when it is over everything goes
// on by itself, and nothing is lost or doubled.
func TestADatabaseInTrouble(t *testing.T) {
	var release func()
	for name, trouble := range map[string]struct {
		begin func(*shaky)
		while func(*shaky) // requests wait; nil: nothing more
		end   func(*shaky) // nil: over by itself
		may   []string     // every answer while it lasts is one of them
		must  string       // and at least one is this
	}{
		"it is down, connections are refused": {
			begin: func(s *shaky) { s.proxy.Stop() },
			end:   func(s *shaky) { s.must(s.proxy.Start()) },
			may:   []string{"503 unavailable"}, must: "503 unavailable",
		},
		"connections are reset on the way to it": {
			begin: func(s *shaky) { s.bad("reset_peer", "upstream", `"timeout":0`) },
			end:   (*shaky).good,
			may:   []string{"503 unavailable"}, must: "503 unavailable",
		},
		"connections are reset before its answers": {
			begin: func(s *shaky) { s.bad("reset_peer", "downstream", `"timeout":0`) },
			end:   (*shaky).good,
			may:   []string{"503 unavailable"}, must: "503 unavailable",
		},
		"connections break in the middle of its answers": {
			begin: func(s *shaky) { s.bad("limit_data", "downstream", `"bytes":600`) },
			end:   (*shaky).good,
			may:   []string{"2xx", "503 unavailable"}, must: "503 unavailable",
		},
		"it hears nothing, connections hang": {
			begin: func(s *shaky) { s.bad("timeout", "upstream", `"timeout":0`) },
			end:   (*shaky).good,
			may:   []string{"504 timeout", "503 unavailable"}, must: "504 timeout",
		},
		"it does what it is told, but its answers never come": {
			begin: func(s *shaky) { s.bad("timeout", "downstream", `"timeout":0`) },
			end:   (*shaky).good,
			may:   []string{"504 timeout", "503 unavailable"}, must: "504 timeout",
		},
		"it is far away": {
			begin: func(s *shaky) { s.bad("latency", "downstream", `"latency":100,"jitter":50`) },
			end:   (*shaky).good,
			may:   []string{"2xx"}, must: "2xx",
		},
		"the wire is thin": {
			begin: func(s *shaky) { s.bad("bandwidth", "downstream", `"rate":30`) },
			end:   (*shaky).good,
			may:   []string{"2xx"}, must: "2xx",
		},
		"an operator ends all its sessions": {
			begin: func(s *shaky) { release = s.hold(holdSlots) },
			while: func(s *shaky) {
				s.waits(4)
				s.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
				release()
			},
			may: []string{"2xx", "503 unavailable"}, must: "503 unavailable",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := shake(t)
			asks := s.evening()
			trouble.begin(s)
			answered := make(chan []string, 1)
			go func() { answered <- s.all(asks) }()
			if trouble.while != nil {
				trouble.while(s)
			}
			words := <-answered
			if trouble.end != nil {
				trouble.end(s)
			}
			for i, w := range words {
				if !slices.Contains(trouble.may, w) {
					t.Errorf("%s %s was answered %q", asks[i].method, asks[i].path, w)
				}
			}
			if !slices.Contains(words, trouble.must) {
				t.Errorf("none was answered %q, so it proves nothing: %q", trouble.must, words)
			}
			s.settled(asks)
		})
	}
}
