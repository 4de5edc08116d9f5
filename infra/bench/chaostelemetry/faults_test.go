package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// server is OpenSearch as a trick sees it: it makes everything, and remembers.
type server struct{ got []string }

func (s *server) pass(r request) response {
	all, _ := entries(r.body)
	var told items
	for _, e := range all {
		s.got = append(s.got, string(e.action))
		told.Items = append(told.Items, itemCreated)
	}
	b, _ := json.Marshal(told)
	return response{status: 200, body: b}
}

func bulkOf(n int) request {
	var list []entry
	for i := range n {
		list = append(list, entry{fmt.Appendf(nil, `{"create":{"_index":"logs","_id":"%d"}}`, i), []byte(`{"jari.count":1}`)})
	}
	return request{method: "POST", path: "/_bulk?filter_path=items", body: body(list)}
}

func TestTricks(t *testing.T) {
	for name, c := range map[string]struct {
		with              func(*counter) fault
		reach, told, fire int // documents that reach the server, items told as made, times it fires
		status            int
		cut               bool
	}{
		"unavailable":   {with: unavailable, status: 503, fire: 1},
		"deaf":          {with: dropReply, reach: 5, told: 5, status: 200, cut: true, fire: 1},
		"busy half":     {with: rejectHalf, reach: 3, told: 3, status: 200, fire: 2},
		"too large":     {with: func(f *counter) fault { return rejectLarge(100, f) }, status: 413, fire: 1},
		"not too large": {with: func(f *counter) fault { return rejectLarge(1000, f) }, reach: 5, told: 5, status: 200},
		"counted":       {with: func(f *counter) fault { return countItems(201, f) }, reach: 5, told: 5, status: 200, fire: 5},
		"counted none":  {with: func(f *counter) fault { return countItems(400, f) }, reach: 5, told: 5, status: 200},
		"swallow":       {with: acknowledgeOnly, told: 5, status: 200, fire: 1},
		"nameless":      {with: func(f *counter) fault { return withoutIDs(dropReply(f)) }, reach: 5, told: 5, status: 200, cut: true, fire: 1},
	} {
		t.Run(name, func(t *testing.T) {
			var fired counter
			s := &server{}
			a := c.with(&fired)(bulkOf(5), s.pass)
			if len(s.got) != c.reach || a.created() != c.told || a.status != c.status || a.dropped != c.cut || fired.times() != c.fire {
				t.Errorf("%d reach OpenSearch, %d are told as made, status %d, cut %t, fired %d; want %+v", len(s.got), a.created(), a.status, a.dropped, fired.times(), c)
			}
			if named := strings.Contains(strings.Join(s.got, ""), "_id"); named == (name == "nameless") && c.reach > 0 {
				t.Errorf("ids on their way: %t", named)
			}
		})
	}
}

func TestHeartbeatsAreLeftAlone(t *testing.T) {
	r := bulkOf(1)
	r.body = bytes.Replace(r.body, []byte(`"jari.count":1`), []byte(`"body":"the agent lives","serviceName":"agent"`), 1)
	for name, with := range map[string]func(*counter) fault{"deaf": dropReply, "swallow": acknowledgeOnly} {
		var fired counter
		s := &server{}
		if a := with(&fired)(r, s.pass); a.dropped || a.created() != 1 || len(s.got) != 1 || fired.times() != 0 {
			t.Errorf("%s: %d reach OpenSearch, cut %t, fired %d", name, len(s.got), a.dropped, fired.times())
		}
	}
}
