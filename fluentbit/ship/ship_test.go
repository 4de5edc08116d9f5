package ship_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"jari.example/fluentbit/record"
	"jari.example/fluentbit/ship"
	"jari.example/fluentbit/ship/shiptest"
	"jari.example/telemetry/names"
	"jari.example/telemetry/names/realpart"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// docs is documents with the given ids, "a" to "d" if none.
func docs(ids ...string) []record.Document {
	if len(ids) == 0 {
		ids = []string{"a", "b", "c", "d"}
	}
	var out []record.Document
	for _, id := range ids {
		out = append(out, record.Document{
			Index: names.Daily(names.LogIndex, noon), ID: id, Time: noon,
			Body: fmt.Appendf(nil, `{"@timestamp":"2026-11-22T12:00:00Z","body":"line %s"}`, id),
		})
	}
	return out
}

func open(t testing.TB, url string, cfg ship.Config) *ship.Shipper {
	t.Helper()
	cfg.URL = url
	s, err := ship.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// only answers it for the document with this id the first times it is sent.
func only(id string, times int, it shiptest.Item) func(string, int) shiptest.Item {
	return func(sent string, before int) shiptest.Item {
		if sent == id && before < times {
			return it
		}
		return shiptest.Item{}
	}
}

const always = 1 << 30

func TestWhatBecomesOfADocument(t *testing.T) {
	tests := map[string]struct {
		fault func(*shiptest.Fake)
		err   string // part of Ship's error; "" if it succeeds
		want  ship.Result
		sent  map[string]int // how often an id was sent
		dead  bool           // "b" is in the dead-letter index
	}{
		"all is well": {
			fault: func(*shiptest.Fake) {},
			want:  ship.Result{Created: 4},
		},
		"one item meets a full queue, twice": {
			fault: func(f *shiptest.Fake) { f.Item = only("b", 2, shiptest.Item{Status: 429, Type: "rejected"}) },
			want:  ship.Result{Created: 4, Repeated: 2},
			sent:  map[string]int{"a": 1, "b": 3},
		},
		"one item's shard is away for a moment": {
			fault: func(f *shiptest.Fake) { f.Item = only("b", 1, shiptest.Item{Status: 503, Type: "unavailable_shards"}) },
			want:  ship.Result{Created: 4, Repeated: 1},
			sent:  map[string]int{"a": 1, "b": 2},
		},
		"one item's shard stays away": {
			fault: func(f *shiptest.Fake) {
				f.Item = only("b", always, shiptest.Item{Status: 503, Type: "unavailable_shards"})
			},
			err:  "1 of 1 documents were not taken in 5 attempts",
			sent: map[string]int{"a": 1, "b": 5},
		},
		"a document that the mapping refuses": {
			fault: func(f *shiptest.Fake) {
				f.Item = only("b", always, shiptest.Item{Status: 400, Type: "mapper_parsing_exception", Reason: "failed to parse"})
			},
			want: ship.Result{Created: 3, Refused: 1},
			sent: map[string]int{"b": 1},
			dead: true,
		},
		"a dead letter that is refused itself": {
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
		"no shards left": {
			fault: func(f *shiptest.Fake) {
				f.Item = only("b", always, shiptest.Item{Status: 400, Type: "validation_exception", Reason: "this cluster currently has [1000]/[1000] maximum shards open"})
			},
			err: "maximum shards open",
		},
		"a closed index": {
			fault: func(f *shiptest.Fake) {
				f.Item = only("b", always, shiptest.Item{Status: 400, Type: "index_closed_exception", Reason: "closed"})
			},
			err:  "index_closed_exception",
			sent: map[string]int{"b": 1}, // the host decides when again
		},
		"a pipeline that is missing": {
			fault: func(f *shiptest.Fake) {
				f.Item = only("b", always, shiptest.Item{Status: 400, Type: "illegal_argument_exception", Reason: "pipeline with id [x] does not exist"})
			},
			err: "does not exist",
		},
		"a 400 that nobody has seen before": {
			fault: func(f *shiptest.Fake) { f.Item = only("b", always, shiptest.Item{Status: 400, Type: "new_exception"}) },
			err:   "new_exception",
		},
		"a term too long for the index": {
			fault: func(f *shiptest.Fake) {
				f.Item = only("b", always, shiptest.Item{Status: 400, Type: "illegal_argument_exception", Reason: `Document contains at least one immense term in field="k"`})
			},
			want: ship.Result{Created: 3, Refused: 1},
			dead: true,
		},
		"a field more than the index may have": {
			fault: func(f *shiptest.Fake) {
				f.Item = only("b", always, shiptest.Item{Status: 400, Type: "illegal_argument_exception", Reason: "Limit of total fields [1000] has been exceeded"})
			},
			want: ship.Result{Created: 3, Refused: 1},
			dead: true,
		},
		"a field that the index does not want": {
			fault: func(f *shiptest.Fake) {
				f.Item = only("b", always, shiptest.Item{Status: 400, Type: "strict_dynamic_mapping_exception"})
			},
			want: ship.Result{Created: 3, Refused: 1},
			dead: true,
		},
		"a read-only index": {
			fault: func(f *shiptest.Fake) {
				f.Item = only("b", always, shiptest.Item{Status: 403, Type: "cluster_block_exception"})
			},
			err: "cluster_block_exception",
		},
		"an index that may not be made": {
			fault: func(f *shiptest.Fake) {
				f.Item = only("b", always, shiptest.Item{Status: 404, Type: "index_not_found_exception"})
			},
			err: "index_not_found_exception",
		},
		"a request without permission": {
			fault: func(f *shiptest.Fake) { f.Request = func(int, int) int { return 401 } },
			err:   "status 401",
		},
		"a server that is not ready": {
			fault: func(f *shiptest.Fake) { f.Request = func(int, int) int { return 503 } },
			err:   "status 503",
		},
		"a request that is too large": {
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
		"a request that cannot be read because of one document": {
			fault: func(f *shiptest.Fake) {
				f.Request = func(n, _ int) int { return map[bool]int{true: 400}[n == 0 || n == 1 || n == 3] } // all, {a b}, {b}
			},
			want: ship.Result{Created: 3, Refused: 1},
			dead: true,
		},
		"templates that somebody else's outrank": {
			fault: func(f *shiptest.Fake) { f.Foreign = true },
			err:   "would be made from another template",
			sent:  map[string]int{"a": 0, "b": 0},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := shiptest.NewFake(t)
			test.fault(f)
			res, err := open(t, f.URL, ship.Config{}).Ship(t.Context(), docs())
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("error %v, want one about %q", err, test.err)
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

func TestARepetitionIsNoDuplicate(t *testing.T) {
	f := shiptest.NewFake(t)
	f.Deaf = func(n int) bool { return n == 0 } // done, but nobody hears of it
	s := open(t, f.URL, ship.Config{})
	if _, err := s.Ship(t.Context(), docs()); err == nil {
		t.Fatal("a lost answer went unnoticed")
	}
	res, err := s.Ship(t.Context(), docs())
	if want := (ship.Result{Duplicate: 4}); err != nil || res != want {
		t.Errorf("%+v, %v, want %+v", res, err, want)
	}
	if got := len(f.Stored()); got != 4 {
		t.Errorf("%d documents, want 4", got)
	}
}

func TestDerivedDocumentsAreSentOnce(t *testing.T) {
	f := shiptest.NewFake(t)
	s := open(t, f.URL, ship.Config{})
	edge := docs("edge", "edge")
	edge[0].Derived, edge[1].Derived = true, true
	for range 3 {
		if _, err := s.Ship(t.Context(), edge); err != nil {
			t.Fatal(err)
		}
	}
	if got := f.Sent("edge"); got != 1 {
		t.Errorf("sent %d times, want once", got)
	}
	// Or more would seem to be accepted than became of anything.
	if c := s.Counters(); c.Accepted != 1 || c.Created != 1 {
		t.Errorf("%d accepted and %d created, want the one", c.Accepted, c.Created)
	}
}

func TestRealOpenSearch(t *testing.T) {
	store := shiptest.New(t, realpart.Need(t, realpart.OpenSearch))
	s := open(t, store.URL, ship.Config{Prefix: store.Prefix, Gzip: true})
	all := docs()
	all[1].Body = []byte(`{"@timestamp":"not a time","body":"poison"}`)
	for i, want := range []ship.Result{{Created: 3, Refused: 1}, {Duplicate: 4}} {
		if res, err := s.Ship(t.Context(), all); err != nil || res != want {
			t.Fatalf("time %d: %+v, %v, want %+v", i, res, err, want)
		}
	}
	store.Refresh(t)
	letters := store.Search(t, names.DeadLetterIndex, map[string]any{"term": map[string]any{names.DocRefusedType: "mapper_parsing_exception"}})
	if len(letters) != 1 || letters[0].Source[names.DocRefused] != string(all[1].Body) {
		t.Errorf("dead letters %v", letters)
	}
	if got := store.Count(t, names.LogIndex); got != 3 {
		t.Errorf("%d lines, want 3", got)
	}
	// Another process finds the templates as they should be, and a third one
	// repairs what somebody has deleted.
	for range 2 {
		if err := open(t, store.URL, ship.Config{Prefix: store.Prefix}).Setup(t.Context()); err != nil {
			t.Fatal(err)
		}
		store.DeleteTemplates(t)
	}
}

// What an operator does to an index must cost no document, though OpenSearch
// answers 400 as it does to a broken one.
func TestRealOpenSearchRefusesAndForgives(t *testing.T) {
	store := shiptest.New(t, realpart.Need(t, realpart.OpenSearch))
	s := open(t, store.URL, ship.Config{Prefix: store.Prefix})
	all := docs()
	index := store.Prefix + all[0].Index
	if _, err := s.Ship(t.Context(), all[:1]); err != nil {
		t.Fatal(err)
	}
	for i, f := range []struct{ name, do, doBody, undo, undoBody, err string }{
		{"closed", "_close", "", "_open", "", "index_closed_exception"},
		{"with a missing pipeline", "_settings", `{"default_pipeline":"jari-missing"}`, "_settings", `{"default_pipeline":"_none"}`, "pipeline with id [jari-missing] does not exist"},
		{"blocked", "_settings", `{"blocks.write":true}`, "_settings", `{"blocks.write":null}`, "cluster_block_exception"},
	} {
		t.Run(f.name, func(t *testing.T) {
			store.Alter(t, index, f.do, f.doBody)
			if _, err := s.Ship(t.Context(), all[i+1:i+2]); err == nil || !strings.Contains(err.Error(), f.err) {
				t.Errorf("error %v, want one about %s", err, f.err)
			}
			store.Alter(t, index, f.undo, f.undoBody)
			if res, err := s.Ship(t.Context(), all[i+1:i+2]); err != nil || res != (ship.Result{Created: 1}) {
				t.Errorf("afterwards %+v, %v, want it created", res, err)
			}
		})
	}
	// The control: documents that no repetition helps are told from those.
	const unknownField = `{"@timestamp":"2026-11-22T12:00:00Z","nobody.knows":1}`
	for _, d := range []struct{ id, action, settings, body string }{
		{"immense", "_settings", `{"default_pipeline":"_none"}`, `{"@timestamp":"2026-11-22T12:00:00Z","attributes":{"k":"` + strings.Repeat("x", 40_000) + `"}}`},
		{"strict", "_mapping", `{"dynamic":"strict"}`, unknownField},
		{"dynamic", "_mapping", `{"dynamic":true}`, `{"@timestamp":"2026-11-22T12:00:00Z","known":1}`}, // takes it, hence not refused
		{"limited", "_settings", `{"mapping.total_fields.limit":1}`, unknownField},
	} {
		store.Alter(t, index, d.action, d.settings)
		one := docs(d.id)
		one[0].Body = []byte(d.body)
		want := ship.Result{Refused: 1}
		if d.id == "dynamic" {
			want = ship.Result{Created: 1}
		}
		if res, err := s.Ship(t.Context(), one); err != nil || res != want {
			t.Errorf("%s: %+v, %v, want %+v", d.id, res, err, want)
		}
	}
}

func TestEveryFieldCanBeSearchedInItsKind(t *testing.T) {
	store := shiptest.New(t, realpart.Need(t, realpart.OpenSearch))
	values := map[names.Kind]any{
		names.Keyword: "word", names.Text: "word", names.Integer: int64(503), names.Long: int64(1 << 40), names.Double: 0.25, names.Boolean: true,
	}
	attributes := map[string]any{"unknown": map[string]any{"deep": "value"}}
	for _, f := range names.Fields {
		if f.Name != names.Time {
			attributes[f.Name] = values[f.Kind]
		}
	}
	rs := []record.Record{{Signal: record.Log, Time: noon, Received: noon, Attributes: attributes}}
	record.Identify(rs)
	if _, err := open(t, store.URL, ship.Config{Prefix: store.Prefix}).Ship(t.Context(), rs[0].Documents(nil)); err != nil {
		t.Fatal(err)
	}
	store.Refresh(t)
	found := func(field string, value any) int {
		return len(store.Search(t, names.LogIndex, map[string]any{"match": map[string]any{field: value}}))
	}
	for _, f := range names.Fields {
		if f.Name != names.Time && found(f.Doc, values[f.Kind]) != 1 {
			t.Errorf("%s is not found by %v", f.Doc, values[f.Kind])
		}
	}
	if found(names.Attributes+".unknown.deep", "value") != 1 {
		t.Error("an attribute that is not in the vocabulary is not found")
	}
	if found("unknown.deep", "value") != 0 { // negative control
		t.Error("a search for what is not there finds it")
	}
}

// Who deletes our templates meanwhile has not yet spoilt the next day's index.
func TestAnIndexIsNotMadeWithoutTheTemplates(t *testing.T) {
	f := shiptest.NewFake(t)
	s := open(t, f.URL, ship.Config{})
	if _, err := s.Ship(t.Context(), docs("a")); err != nil {
		t.Fatal(err)
	}
	f.Foreign = true
	if _, err := s.Ship(t.Context(), docs("b")); err != nil { // the control: this index is there
		t.Error(err)
	}
	next := docs("c")
	next[0].Index = names.Daily(names.LogIndex, noon.AddDate(0, 0, 1))
	if _, err := s.Ship(t.Context(), next); err == nil || f.Sent("c") != 0 {
		t.Errorf("%v, and it was sent %d times", err, f.Sent("c"))
	}
	f.Foreign = false
	if _, err := s.Ship(t.Context(), next); err != nil {
		t.Error(err)
	}
}

// A poisonous document comes again with its chunk, as often as that has a fault.
func TestADeadLetterIsCountedOnce(t *testing.T) {
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
		t.Errorf("%d told, %+v, want one dead letter of four documents", refused, c)
	}
}

// Only of what is too large a part is kept: the rest would not go into a dead
// letter either.
func TestADeadLetterIsWholeUnlessItIsTooLarge(t *testing.T) {
	long := []byte(`{"body":"` + strings.Repeat("x", 100_000) + `"}`)
	for name, test := range map[string]struct {
		status int
		whole  bool
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
				if whole := len(letter) > len(long); whole != test.whole || !strings.Contains(letter, `"`+name) {
					t.Errorf("a letter of %d bytes: %.300s", len(letter), letter)
				}
			}
		})
	}
}
