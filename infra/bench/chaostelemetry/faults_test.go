package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// server is an OpenSearch that creates every document and records it.
type server struct{ got []string }

func (s *server) forward(r request) response {
	all, _ := entries(r.body)
	var created items
	for _, e := range all {
		s.got = append(s.got, string(e.action))
		created.Items = append(created.Items, itemCreated)
	}
	b, _ := json.Marshal(created)
	return response{status: 200, body: b}
}

func bulkOf(n int) request {
	var list []entry
	for i := range n {
		list = append(list, entry{fmt.Appendf(nil, `{"create":{"_index":"logs","_id":"%d"}}`, i), []byte(`{"jari.count":1}`)})
	}
	return request{method: "POST", path: "/_bulk?filter_path=items", body: body(list)}
}

func TestInjectsFaults(t *testing.T) {
	for name, c := range map[string]struct {
		with                   func(*counter) fault
		reach, created, inject int // documents that reach the server, items reported as created, injections
		status                 int
		drop                   bool
	}{
		"unavailable":   {with: unavailable, status: 503, inject: 1},
		"drop reply":    {with: dropReply, reach: 5, created: 5, status: 200, drop: true, inject: 1},
		"reject half":   {with: rejectHalf, reach: 3, created: 3, status: 200, inject: 2},
		"too large":     {with: func(f *counter) fault { return rejectLarge(100, f) }, status: 413, inject: 1},
		"not too large": {with: func(f *counter) fault { return rejectLarge(1000, f) }, reach: 5, created: 5, status: 200},
		"count items": {
			with:  func(f *counter) fault { return countItems(201, f) },
			reach: 5, created: 5, status: 200, inject: 5,
		},
		"count items of another status": {
			with:  func(f *counter) fault { return countItems(400, f) },
			reach: 5, created: 5, status: 200,
		},
		"acknowledge only": {with: acknowledgeOnly, created: 5, status: 200, inject: 1},
		"without ids": {
			with:  func(f *counter) fault { return withoutIDs(dropReply(f)) },
			reach: 5, created: 5, status: 200, drop: true, inject: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var injected counter
			s := &server{}
			a := c.with(&injected)(bulkOf(5), s.forward)
			if len(s.got) != c.reach || a.created() != c.created || a.status != c.status || a.dropped != c.drop || injected.times() != c.inject {
				t.Errorf("%d documents reach OpenSearch, %d reported as created, status %d, dropped %t, injected %d; want %+v",
					len(s.got), a.created(), a.status, a.dropped, injected.times(), c)
			}
			if ids := strings.Contains(strings.Join(s.got, ""), "_id"); ids == (name == "without ids") && c.reach > 0 {
				t.Errorf("requests have ids: %t", ids)
			}
		})
	}
}

func TestInjectsNothingIntoHeartbeats(t *testing.T) {
	r := bulkOf(1)
	r.body = bytes.Replace(r.body, []byte(`"jari.count":1`), []byte(`"body":"alive","serviceName":"agent"`), 1)
	for name, with := range map[string]func(*counter) fault{"drop reply": dropReply, "acknowledge only": acknowledgeOnly} {
		var injected counter
		s := &server{}
		if a := with(&injected)(r, s.forward); a.dropped || a.created() != 1 || len(s.got) != 1 || injected.times() != 0 {
			t.Errorf("%s: %d documents reach OpenSearch, dropped %t, injected %d", name, len(s.got), a.dropped, injected.times())
		}
	}
}
