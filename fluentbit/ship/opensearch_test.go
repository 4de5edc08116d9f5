package ship_test

import (
	"strings"
	"testing"

	"jari.example/fluentbit/record"
	"jari.example/fluentbit/ship"
	"jari.example/fluentbit/ship/shiptest"
	"jari.example/telemetry/names"
	"jari.example/telemetry/names/realpart"
)

func TestRealOpenSearchStoresEachDocumentOnce(t *testing.T) {
	store := shiptest.New(t, realpart.Need(t, realpart.OpenSearch))
	s := open(t, store.URL, ship.Config{Prefix: store.Prefix, Gzip: true})
	all := docs()
	all[1].Body = []byte(`{"@timestamp":"not a time","body":"poison"}`)
	for i, want := range []ship.Result{{Created: 3, Refused: 1}, {Duplicate: 4}} {
		if res, err := s.Ship(t.Context(), all); err != nil || res != want {
			t.Fatalf("attempt %d: %+v, %v, want %+v", i, res, err, want)
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
	// A second process finds the templates in order, and a third one repairs what
	// somebody has deleted.
	for range 2 {
		if err := open(t, store.URL, ship.Config{Prefix: store.Prefix}).Setup(t.Context()); err != nil {
			t.Fatal(err)
		}
		store.DeleteTemplates(t)
	}
}

// What an operator does to an index must not lose a document, although OpenSearch
// responds with 400, as it does to a malformed one.
func TestRealOpenSearchRetriesWhatAnOperatorCanUndo(t *testing.T) {
	store := shiptest.New(t, realpart.Need(t, realpart.OpenSearch))
	s := open(t, store.URL, ship.Config{Prefix: store.Prefix})
	all := docs()
	index := store.Prefix + all[0].Index
	if _, err := s.Ship(t.Context(), all[:1]); err != nil {
		t.Fatal(err)
	}
	for i, f := range []struct{ name, do, doBody, undo, undoBody, err string }{
		{"closed", "_close", "", "_open", "", "index_closed_exception"},
		{"with a missing pipeline", "_settings", `{"default_pipeline":"jari-missing"}`, "_settings", `{"default_pipeline":"_none"}`,
			"pipeline with id [jari-missing] does not exist"},
		{"blocked", "_settings", `{"blocks.write":true}`, "_settings", `{"blocks.write":null}`, "cluster_block_exception"},
	} {
		t.Run(f.name, func(t *testing.T) {
			store.Alter(t, index, f.do, f.doBody)
			if _, err := s.Ship(t.Context(), all[i+1:i+2]); err == nil || !strings.Contains(err.Error(), f.err) {
				t.Errorf("error %v, want one that contains %s", err, f.err)
			}
			store.Alter(t, index, f.undo, f.undoBody)
			if res, err := s.Ship(t.Context(), all[i+1:i+2]); err != nil || res != (ship.Result{Created: 1}) {
				t.Errorf("afterwards %+v, %v, want it created", res, err)
			}
		})
	}
	// The control: documents that are refused for good are distinguished from those.
	const unknownField = `{"@timestamp":"2026-11-22T12:00:00Z","nobody.knows":1}`
	for _, d := range []struct{ id, action, settings, body string }{
		{"immense", "_settings", `{"default_pipeline":"_none"}`,
			`{"@timestamp":"2026-11-22T12:00:00Z","attributes":{"k":"` + strings.Repeat("x", 40_000) + `"}}`},
		{"strict", "_mapping", `{"dynamic":"strict"}`, unknownField},
		{"dynamic", "_mapping", `{"dynamic":true}`, `{"@timestamp":"2026-11-22T12:00:00Z","known":1}`}, // the index accepts the field
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

func TestEveryMappedFieldCanBeSearched(t *testing.T) {
	store := shiptest.New(t, realpart.Need(t, realpart.OpenSearch))
	values := map[names.Kind]any{
		names.Keyword: "word", names.Text: "word", names.Integer: int64(503), names.Long: int64(1 << 40), names.Double: 0.25, names.Boolean: true,
		names.DateNanos: "2026-12-24T10:00:00.5Z",
	}
	attributes := map[string]any{"unknown": map[string]any{"deep": "value"}}
	for _, f := range names.Fields {
		if f.Name != names.Time {
			attributes[f.Name] = values[f.Kind]
		}
	}
	rs := []record.Record{{Signal: record.Log, Time: noon, Received: noon, Attributes: attributes}}
	record.Identify(rs)
	if _, err := open(t, store.URL, ship.Config{Prefix: store.Prefix}).Ship(t.Context(), record.Documents(rs)); err != nil {
		t.Fatal(err)
	}
	store.Refresh(t)
	found := func(field string, value any) int {
		return len(store.Search(t, names.LogIndex, map[string]any{"match": map[string]any{field: value}}))
	}
	for _, f := range names.Fields {
		if f.Name != names.Time && found(f.Doc, values[f.Kind]) != 1 {
			t.Errorf("a search for %s with %v finds nothing", f.Doc, values[f.Kind])
		}
	}
	if found(names.Attributes+".unknown.deep", "value") != 1 {
		t.Error("an attribute that is not in the vocabulary is not found")
	}
	if found("unknown.deep", "value") != 0 { // negative control
		t.Error("a search for a field that is absent finds the document")
	}
}
