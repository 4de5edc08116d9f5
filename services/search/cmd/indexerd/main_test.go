package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/uuid"
	opensearchgo "github.com/opensearch-project/opensearch-go/v4"
	"github.com/opensearch-project/opensearch-go/v4/opensearchapi"

	"jari.example/internal/awsconf/awstest"
	"jari.example/internal/serve/servetest"
	"jari.example/services/search"
	"jari.example/services/search/dynamo"
	"jari.example/services/search/dynamo/dynamotest"
	"jari.example/services/search/indexer"
	"jari.example/services/search/opensearch"
	"jari.example/services/search/searchtest"
	"jari.example/telemetry/names/realpart"
)

var update = flag.Bool("update", false, "write golden files")

func TestHelp(t *testing.T) { servetest.Help(t, run, *update) }

func noEnv(string) string { return "" }

func TestReportsMissingFlags(t *testing.T) {
	err := run(t.Context(), nil, noEnv, &bytes.Buffer{}, nil)
	for _, want := range []string{"-opensearch-url", "-aws-endpoint-url"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is missing in: %v", want, err)
		}
	}
}

// environment is a catalogue, an indexer and a search index.
type environment struct {
	t         *testing.T
	cfg       aws.Config
	name      string
	client    *opensearchgo.Client
	catalogue *dynamo.Catalogue
	finder    *opensearch.Finder
}

func newEnvironment(t *testing.T) environment {
	t.Helper()
	client, err := opensearch.Dial(realpart.Need(t, realpart.OpenSearch))
	if err != nil {
		t.Fatal(err)
	}
	cfg, name := awstest.Config(t), "jari-test-"+uuid.NewString()[:8]
	dynamotest.Table(t, cfg, name)
	t.Cleanup(func() { removeIndex(t, client, name) })
	return environment{t, cfg, name, client, dynamo.NewCatalogue(cfg, name), opensearch.NewFinder(client, name)}
}

// removeIndex removes what an indexerd leaves: its index, and its document in the
// index of checkpoints, which other indexers share.
func removeIndex(t *testing.T, c *opensearchgo.Client, alias string) {
	remove(t, c, alias+"-v2", alias+"-v2")
}

func remove(t *testing.T, c *opensearchgo.Client, index, checkpoint string) {
	for method, req := range map[string]opensearchgo.Request{
		"index":      opensearchapi.IndicesDeleteReq{Indices: []string{index}},
		"checkpoint": opensearchapi.DocumentDeleteReq{Index: opensearch.Checkpoints, DocumentID: checkpoint},
	} {
		if _, err := opensearchgo.Do[opensearchgo.NoBody](context.Background(), c, http.MethodDelete, req, nil); err != nil {
			t.Errorf("remove %s: %v", method, err)
		}
	}
}

func (w environment) start() servetest.Running {
	w.t.Helper()
	return servetest.StartWorker(w.t, run, w.flags()...)
}

// put writes a restaurant with this name and returns its new version.
func (w environment) put(id, name string, prev int64) int64 {
	w.t.Helper()
	r := searchtest.Restaurant(id, search.NextVersion(prev, time.Now()))
	r.Name.En = name
	if err := w.catalogue.Put(w.t.Context(), r, prev); err != nil {
		w.t.Fatal(err)
	}
	return r.Version
}

// waitForHits waits until a search for words has that many hits, at most 5 s, and
// returns how long it took.
func (w environment) waitForHits(words string, want int) time.Duration {
	w.t.Helper()
	return w.waitForHitsWithin(5*time.Second, words, want)
}

func (w environment) waitForHitsWithin(limit time.Duration, words string, want int) time.Duration {
	w.t.Helper()
	began, got := time.Now(), 0
	for time.Since(began) < limit {
		hits, err := w.finder.Find(w.t.Context(), search.Query{Words: words, Limit: 10})
		if err != nil {
			w.t.Fatal(err)
		}
		if got = len(hits); got == want {
			return time.Since(began)
		}
		time.Sleep(20 * time.Millisecond)
	}
	w.t.Fatalf("after %v %q has %d hits, want %d", limit, words, got, want)
	return 0
}

// hosts are the ways in which an indexer gets the changes. Each starts one and returns how
// to stop it.
var hosts = map[string]func(environment) (stop func() error){
	"reading the stream": func(w environment) func() error { return w.start().Stop },
	"in Lambda": func(w environment) func() error {
		w.rebuild()
		stop := dynamotest.Mapping{Invoke: w.function().Invoke, Attempts: 10}.Start(w.t, w.cfg, w.name)
		return func() error { stop(); return nil }
	},
}

func TestChangesAreSearchableWithinSeconds(t *testing.T) {
	for name, start := range hosts {
		t.Run(name, func(t *testing.T) {
			w := newEnvironment(t)
			v := w.put("mosu", "Original", 0)
			stop := start(w)
			w.waitForHits("original", 1)

			v = w.put("mosu", "Renamed", v)
			t.Logf("a rename was searchable after %v", w.waitForHits("renamed", 1))
			w.waitForHits("original", 0)

			if err := stop(); err != nil {
				t.Fatal(err)
			}
			w.put("mosu", "Nocturnal", v)
			w.put("late", "Nocturnal", 0)
			start(w)
			w.waitForHits("nocturnal", 2)

			dynamotest.Remove(t, w.cfg, w.name, "late")
			w.waitForHits("nocturnal", 1)
		})
	}
}

func TestRebuildsTheIndexOfATableThatWasCreatedAgain(t *testing.T) {
	w := newEnvironment(t)
	v := w.put("mosu", "Alpha", 0)
	w.put("lost", "Alpha", 0)
	w.start()
	w.waitForHits("alpha", 2)
	w.put("mosu", "Beta", v)
	w.waitForHits("beta", 1)

	// As an emulator that lost its data does, with a backup from before the rename.
	dynamotest.Drop(t, w.cfg, w.name)
	dynamotest.Table(t, w.cfg, w.name)
	w.put("mosu", "Alpha", 0)
	w.waitForHitsWithin(15*time.Second, "beta", 0)
	w.waitForHits("alpha", 1)
	w.put("new", "Gamma", 0)
	w.waitForHits("gamma", 1)
}

func TestAnUpgradeRebuildsTheIndexByItself(t *testing.T) {
	w := newEnvironment(t)
	w.put("mosu", "Original", 0)
	// What the previous version left: its index behind the alias, and a checkpoint
	// that says that the whole stream was read.
	store := func(index, id string, document any) {
		t.Helper()
		body, err := json.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		req := opensearchapi.IndexReq{Index: index, DocumentID: id, Body: bytes.NewReader(body)}
		if _, err := opensearchgo.Do[opensearchgo.NoBody](t.Context(), w.client, http.MethodPut, req, nil); err != nil {
			t.Fatal(err)
		}
	}
	mapping, err := os.ReadFile("../../opensearch/testdata/mapping-v1.json")
	if err != nil {
		t.Fatal(err)
	}
	create := opensearchapi.IndicesCreateReq{Index: w.name + "-v1", Body: bytes.NewReader(mapping)}
	if _, err := opensearchgo.Do[opensearchgo.NoBody](t.Context(), w.client, http.MethodPut, create, nil); err != nil {
		t.Fatal(err)
	}
	store(w.name+"-v1", "stale", searchtest.Restaurant("stale", 1))
	alias := opensearchapi.AliasPutReq{Indices: []string{w.name + "-v1"}, Alias: w.name}
	if _, err := opensearchgo.Do[opensearchgo.NoBody](t.Context(), w.client, http.MethodPut, alias, nil); err != nil {
		t.Fatal(err)
	}
	_, position, err := w.tail(t).Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	store(opensearch.Checkpoints, w.name, map[string]any{"position": position})
	t.Cleanup(func() { remove(t, w.client, w.name+"-v1", w.name) })
	w.start()
	w.waitForHits("original", 1)
	w.waitForHits("gangnam", 1) // the stale document is gone
	found := opensearchapi.IndicesExistsReq{Indices: []string{w.name + "-v1"}}
	if resp, err := opensearchgo.Do[opensearchgo.NoBody](t.Context(), w.client, http.MethodHead, found, nil); err != nil ||
		resp.StatusCode != http.StatusNotFound {
		t.Errorf("the previous index still exists: %v, %v", resp, err)
	}
}

// tail reads the stream from its end.
func (w environment) tail(t *testing.T) indexer.Tail {
	t.Helper()
	tail, err := dynamo.NewFeed(w.cfg, w.name).Open(t.Context(), indexer.Position{})
	if err != nil {
		t.Fatal(err)
	}
	return tail
}
