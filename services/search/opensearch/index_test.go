package opensearch_test

import (
	"maps"
	"testing"

	"jari.example/services/search/indexer"
	"jari.example/services/search/opensearch"
	"jari.example/services/search/searchtest"
)

func versions(t *testing.T, x *opensearch.Index) map[string]int64 {
	t.Helper()
	v, err := x.Versions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestPrepareKeepsExistingDocuments(t *testing.T) {
	_, x, _ := index(t)
	apply(t, x, write(searchtest.Restaurant("mosu", 1)))
	if err := x.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if v := versions(t, x); len(v) != 1 {
		t.Errorf("documents %v, want one", v)
	}
}

func TestAnOlderVersionDoesNotReplaceANewerOne(t *testing.T) {
	_, x, _ := index(t)
	steps := []struct {
		name string
		do   indexer.Change
		want map[string]int64
	}{
		{"new", write(searchtest.Restaurant("mosu", 5)), map[string]int64{"mosu": 5}},
		{"a late write of an older version", write(searchtest.Restaurant("mosu", 4)), map[string]int64{"mosu": 5}},
		{"the same write again", write(searchtest.Restaurant("mosu", 5)), map[string]int64{"mosu": 5}},
		{"changed", write(searchtest.Restaurant("mosu", 6)), map[string]int64{"mosu": 6}},
		{"a late removal of an older version", indexer.Change{ID: "mosu", Version: 5}, map[string]int64{"mosu": 6}},
		{"removed", indexer.Change{ID: "mosu", Version: 6}, map[string]int64{}},
		{"a late write of a removed version", write(searchtest.Restaurant("mosu", 5)), map[string]int64{}},
		{"added again", write(searchtest.Restaurant("mosu", 7)), map[string]int64{"mosu": 7}},
		{"removal of an unknown restaurant", indexer.Change{ID: "other", Version: 1}, map[string]int64{"mosu": 7}},
	}
	for _, s := range steps {
		apply(t, x, s.do)
		if got := versions(t, x); !maps.Equal(got, s.want) {
			t.Fatalf("%s: documents %v, want %v", s.name, got, s.want)
		}
	}
}

func TestRejectsOnlyTheBadDocument(t *testing.T) {
	_, x, _ := index(t)
	bad := searchtest.Restaurant("bad", 1)
	bad.Location.Lat = new(4000.0)
	rejected, err := x.Apply(t.Context(), []indexer.Change{write(bad), write(searchtest.Restaurant("good", 1))})
	if err != nil || len(rejected) != 1 || rejected[0].ID != "bad" {
		t.Errorf("rejected %v, %v; want bad only", rejected, err)
	}
	if v := versions(t, x); len(v) != 1 || v["good"] != 1 {
		t.Errorf("documents %v, want good only", v)
	}
}

func TestAWriteDoesNotRecreateADeletedIndex(t *testing.T) {
	c, x, alias := index(t)
	drop(t, c, alias+"-v2")
	if _, err := x.Apply(t.Context(), []indexer.Change{write(searchtest.Restaurant("mosu", 1))}); err == nil {
		t.Error("the write succeeded")
	}
}

func TestPrepareDeletesTheCheckpointOfADeletedIndex(t *testing.T) {
	c, x, alias := index(t)
	if p, err := x.Load(t.Context()); err != nil || p.Stream != "" {
		t.Fatalf("before the first save: %+v, %v; want the zero position", p, err)
	}
	want := indexer.Position{Stream: "arn", Shards: map[string]string{"shard-1": "1100000000017454423009"}}
	if err := x.Save(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	if err := x.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := x.Load(t.Context()); err != nil || got.Stream != want.Stream || !maps.Equal(got.Shards, want.Shards) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	drop(t, c, alias+"-v2")
	if err := x.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := x.Load(t.Context()); err != nil || got.Stream != "" {
		t.Errorf("with a new index: %+v, %v; want the zero position", got, err)
	}
}
