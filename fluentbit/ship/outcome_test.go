package ship_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"jari.example/fluentbit/ship"
	"jari.example/fluentbit/ship/shiptest"
	"jari.example/telemetry/names"
)

// outcomeCase is one way in which OpenSearch responds to the documents "a" to "d".
type outcomeCase struct {
	fault func(*shiptest.Fake)
	err   string // part of Ship's error; "" if it succeeds
	want  ship.Result
	sent  map[string]int // how often an id was sent
	dead  bool           // whether "b" is in the dead-letter index
}

// itemFault has OpenSearch respond with it to document "b", always.
func itemFault(status int, kind, reason string) func(*shiptest.Fake) {
	return func(f *shiptest.Fake) {
		f.Item = itemFor("b", forever, shiptest.Item{Status: status, Type: kind, Reason: reason})
	}
}

func itemCases() map[string]outcomeCase {
	return map[string]outcomeCase{
		"no fault": {
			fault: func(*shiptest.Fake) {},
			want:  ship.Result{Created: 4},
		},
		"one item gets 429 twice": {
			fault: func(f *shiptest.Fake) { f.Item = itemFor("b", 2, shiptest.Item{Status: 429, Type: "rejected"}) },
			want:  ship.Result{Created: 4, Retried: 2},
			sent:  map[string]int{"a": 1, "b": 3},
		},
		"one item gets 503 once": {
			fault: func(f *shiptest.Fake) {
				f.Item = itemFor("b", 1, shiptest.Item{Status: 503, Type: "unavailable_shards"})
			},
			want: ship.Result{Created: 4, Retried: 1},
			sent: map[string]int{"a": 1, "b": 2},
		},
		"one item always gets 503": {
			fault: itemFault(503, "unavailable_shards", ""),
			err:   "1 of 1 documents still rejected after 5 attempts",
			sent:  map[string]int{"a": 1, "b": 5},
		},
		"the cluster has no shards left": {
			fault: itemFault(400, "validation_exception", "this cluster currently has [1000]/[1000] maximum shards open"),
			err:   "maximum shards open",
		},
		"the index is closed": {
			fault: itemFault(400, "index_closed_exception", "closed"),
			err:   "index_closed_exception",
			sent:  map[string]int{"b": 1}, // the agent decides when to send it again
		},
		"the index's pipeline is missing": {
			fault: itemFault(400, "illegal_argument_exception", "pipeline with id [x] does not exist"),
			err:   "does not exist",
		},
		"an unknown 400": {
			fault: itemFault(400, "new_exception", ""),
			err:   "new_exception",
		},
		"the index is read-only": {
			fault: itemFault(403, "cluster_block_exception", ""),
			err:   "cluster_block_exception",
		},
		"the index may not be created": {
			fault: itemFault(404, "index_not_found_exception", ""),
			err:   "index_not_found_exception",
		},
	}
}

func requestCases() map[string]outcomeCase {
	return map[string]outcomeCase{
		"the request is not authorized": {
			fault: func(f *shiptest.Fake) { f.Request = func(int, int) int { return 401 } },
			err:   "status 401",
		},
		"the server is not ready": {
			fault: func(f *shiptest.Fake) { f.Request = func(int, int) int { return 503 } },
			err:   "status 503",
		},
		"the request is too large": {
			fault: func(f *shiptest.Fake) {
				f.Request = func(_, size int) int {
					if size > 300 {
						return 413
					}
					return 0
				}
			},
			want: ship.Result{Created: 4},
		},
		"foreign templates have a higher priority": {
			fault: func(f *shiptest.Fake) { f.Foreign = true },
			err:   "would be made from another template",
			sent:  map[string]int{"a": 0, "b": 0},
		},
	}
}

func deadLetterCases() map[string]outcomeCase {
	refused := ship.Result{Created: 3, Refused: 1}
	return map[string]outcomeCase{
		"the mapping refuses a document": {
			fault: itemFault(400, "mapper_parsing_exception", "failed to parse"),
			want:  refused,
			sent:  map[string]int{"b": 1},
			dead:  true,
		},
		"a dead letter is refused itself": {
			fault: func(f *shiptest.Fake) {
				f.Item = func(id string, _ int) shiptest.Item {
					if id == "b" || len(id) > 1 {
						return shiptest.Item{Status: 400, Type: "mapper_parsing_exception"}
					}
					return shiptest.Item{}
				}
			},
			err: "write 1 dead letters",
		},
		"a term is too long for the index": {
			fault: itemFault(400, "illegal_argument_exception", `Document contains at least one immense term in field="k"`),
			want:  refused,
			dead:  true,
		},
		"a document has more fields than the index may have": {
			fault: itemFault(400, "illegal_argument_exception", "Limit of total fields [1000] has been exceeded"),
			want:  refused,
			dead:  true,
		},
		"a strict mapping does not know a field": {
			fault: itemFault(400, "strict_dynamic_mapping_exception", ""),
			want:  refused,
			dead:  true,
		},
		"a request is malformed because of one document": {
			fault: func(f *shiptest.Fake) {
				f.Request = func(n, _ int) int { return map[bool]int{true: 400}[n == 0 || n == 1 || n == 3] } // all, {a b}, {b}
			},
			want: refused,
			dead: true,
		},
	}
}

func TestShipAcknowledgesRetriesOrWritesADeadLetter(t *testing.T) {
	tests := itemCases()
	maps.Copy(tests, requestCases())
	maps.Copy(tests, deadLetterCases())
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := shiptest.NewFake(t)
			test.fault(f)
			res, err := open(t, f.URL, ship.Config{}).Ship(t.Context(), docs())
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("error %v, want one that contains %q", err, test.err)
				}
			} else if err != nil || res != test.want {
				t.Errorf("%+v, %v, want %+v", res, err, test.want)
			}
			for id, want := range test.sent {
				if got := f.Sent(id); got != want {
					t.Errorf("%s was sent %d times, want %d", id, got, want)
				}
			}
			stored := slices.Sorted(maps.Keys(f.Stored()))
			dead := slices.ContainsFunc(stored, func(key string) bool { return strings.HasPrefix(key, names.DeadLetterIndex) })
			if dead != test.dead {
				t.Errorf("stored %v, want a dead letter: %v", stored, test.dead)
			}
		})
	}
}

// A refused document is sent again with its chunk, as often as the chunk fails.
func TestCountsADeadLetterOnce(t *testing.T) {
	f := shiptest.NewFake(t)
	f.Item = func(id string, before int) shiptest.Item {
		switch {
		case id == "b":
			return shiptest.Item{Status: 400, Type: "mapper_parsing_exception"}
		case id == "c" && before < 3:
			return shiptest.Item{Status: 403, Type: "cluster_block_exception"}
		case id == "d" && before < 10:
			return shiptest.Item{Status: 503, Type: "unavailable_shards"}
		}
		return shiptest.Item{}
	}
	s := open(t, f.URL, ship.Config{})
	refused := 0
	eventually(t, "the chunk is shipped", func() bool {
		res, err := s.Ship(t.Context(), docs())
		refused += res.Refused
		return err == nil
	})
	if c := s.Counters(); c.DeadLettered != 1 || refused != 1 || c.Accepted != 4 {
		t.Errorf("%d refused in the results, counters %+v, want one dead letter of four documents", refused, c)
	}
}

// Only a part is kept of a document that is too large: the rest would not fit into
// a dead letter either.
func TestDeadLetterIsCompleteUnlessTheDocumentIsTooLarge(t *testing.T) {
	long := []byte(`{"body":"` + strings.Repeat("x", 100_000) + `"}`)
	for name, test := range map[string]struct {
		status   int
		complete bool
	}{
		"malformed": {400, true},
		"too_large": {413, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := shiptest.NewFake(t)
			f.Request = func(n, _ int) int { return map[bool]int{true: test.status}[n == 0] }
			one := docs("a")
			one[0].Body = long
			if _, err := open(t, f.URL, ship.Config{}).Ship(t.Context(), one); err != nil {
				t.Fatal(err)
			}
			for _, letter := range f.Stored() {
				if complete := len(letter) > len(long); complete != test.complete || !strings.Contains(letter, `"`+name) {
					t.Errorf("a dead letter of %d bytes: %.300s", len(letter), letter)
				}
			}
		})
	}
}
