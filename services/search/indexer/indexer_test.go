package indexer_test

import (
	"context"
	"errors"
	"iter"
	"maps"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"jari.example/services/search/indexer"
	"jari.example/services/search/searchtest"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

// environment is a catalogue, its stream and an index in memory. Calls to the index
// fail while failure is set.
type environment struct {
	mu      sync.Mutex
	stream  string
	log     []indexer.Change // the stream
	trimmed bool             // Open returns ErrGone for every position
	all     []indexer.Change
	docs    map[string]int64
	saved   indexer.Position

	published map[string]int64 // the documents at the last Publish
	failure   error            // returned by every call to the index
	scans     int
	polls     int
	writes    int
	events    []indexer.Event
}

func write(id string, version int64) indexer.Change {
	r := searchtest.Restaurant(id, version)
	return indexer.Change{ID: id, Version: version, Restaurant: &r}
}

func (env *environment) lock() func() { env.mu.Lock(); return env.mu.Unlock }

// put writes to the catalogue.
func (env *environment) put(c indexer.Change) {
	defer env.lock()()
	env.log = append(env.log, c)
	env.all = append(env.all, c)
}

func (env *environment) Open(_ context.Context, p indexer.Position) (indexer.Tail, error) {
	defer env.lock()()
	if p.Stream == "" {
		return &tail{env, len(env.log)}, nil
	}
	if env.trimmed || p.Stream != env.stream {
		return nil, indexer.ErrGone
	}
	return &tail{env, len(p.Shards["s"])}, nil // the length is the sequence number
}

func (env *environment) All(context.Context) iter.Seq2[indexer.Change, error] {
	defer env.lock()()
	env.scans++
	all := env.all
	return func(yield func(indexer.Change, error) bool) {
		for _, c := range all {
			if !yield(c, nil) {
				return
			}
		}
	}
}

type tail struct {
	env *environment
	at  int
}

func (t *tail) Next(context.Context) ([]indexer.Change, indexer.Position, error) {
	defer t.env.lock()()
	t.env.polls++
	changes := t.env.log[t.at:]
	t.at = len(t.env.log)
	at := string(make([]byte, t.at))
	return changes, indexer.Position{Stream: t.env.stream, Shards: map[string]string{"s": at}}, nil
}

func (env *environment) Prepare(context.Context) error { defer env.lock()(); return env.failure }

func (env *environment) Publish(context.Context) error {
	defer env.lock()()
	env.published = maps.Clone(env.docs)
	return env.failure
}

func (env *environment) Apply(_ context.Context, changes []indexer.Change) (rejected []indexer.Rejection, err error) {
	defer env.lock()()
	if env.failure != nil {
		return nil, env.failure
	}
	for _, c := range changes {
		env.writes++
		switch {
		case c.ID == "rejected":
			rejected = append(rejected, indexer.Rejection{ID: c.ID, Cause: errors.New("mapping")})
		case c.Version < env.docs[c.ID]:
		case c.Restaurant == nil:
			delete(env.docs, c.ID)
		default:
			env.docs[c.ID] = c.Version
		}
	}
	return rejected, nil
}

func (env *environment) Versions(context.Context) (map[string]int64, error) {
	defer env.lock()()
	return maps.Clone(env.docs), env.failure
}

func (env *environment) Load(context.Context) (indexer.Position, error) {
	defer env.lock()()
	return env.saved, env.failure
}

func (env *environment) Save(_ context.Context, p indexer.Position) error {
	defer env.lock()()
	env.saved = p
	return env.failure
}

func (env *environment) wantDocs(t *testing.T, step string, docs map[string]int64) {
	t.Helper()
	defer env.lock()()
	if !maps.Equal(env.docs, docs) {
		t.Errorf("%s: documents %v, want %v", step, env.docs, docs)
	}
}

// run calls test beside a running indexer, in simulated time.
func run(t *testing.T, env *environment, test func(x *indexer.Indexer)) {
	synctest.Test(t, func(t *testing.T) {
		if env.docs == nil {
			env.docs = map[string]int64{}
		}
		env.stream = "stream-1"
		x := indexer.New(indexer.Config{Feed: env, Index: env, Report: func(_ context.Context, e indexer.Event) {
			defer env.lock()()
			env.events = append(env.events, e)
		}})
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := x.Run(ctx); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		test(x)
		cancel()
		wg.Wait()
	})
}

func TestFirstStartCopiesTheCatalogueAndFollows(t *testing.T) {
	env := &environment{all: []indexer.Change{write("a", 1), write("b", 1)}}
	run(t, env, func(x *indexer.Indexer) {
		env.wantDocs(t, "after the start", map[string]int64{"a": 1, "b": 1})
		if err := x.Ready(t.Context()); err != nil {
			t.Error(err)
		}
		env.put(write("a", 2))
		env.put(indexer.Change{ID: "b", Version: 1})
		env.put(write("c", 1))
		time.Sleep(time.Second)
		synctest.Wait()
		env.wantDocs(t, "one poll later", map[string]int64{"a": 2, "c": 1})
	})
}

func TestPollsOnceASecondUntilChangesCome(t *testing.T) {
	env := &environment{}
	run(t, env, func(*indexer.Indexer) {
		polls := func() int { defer env.lock()(); return env.polls }
		before := polls()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if n := polls() - before; n != 10 {
			t.Errorf("%d polls in 10 s without changes, want 10", n)
		}
		before = polls()
		for version := range int64(100) {
			env.put(write("a", version+1))
			time.Sleep(100 * time.Millisecond)
		}
		if n := polls() - before; n < 45 || n > 50 {
			t.Errorf("%d polls in 10 s of changes, want one each 200 ms", n)
		}
	})
}

func TestPublishesACompleteIndexOnly(t *testing.T) {
	env := &environment{all: []indexer.Change{write("a", 1), write("b", 1)}}
	run(t, env, func(*indexer.Indexer) {
		env.mu.Lock()
		defer env.mu.Unlock()
		if want := map[string]int64{"a": 1, "b": 1}; !maps.Equal(env.published, want) {
			t.Errorf("published %v, want %v", env.published, want)
		}
	})
}

func TestRestartContinuesFromTheSavedPosition(t *testing.T) {
	env := &environment{docs: map[string]int64{"a": 1}, log: []indexer.Change{write("a", 1), write("a", 2)},
		saved: indexer.Position{Stream: "stream-1", Shards: map[string]string{"s": "x"}}}
	run(t, env, func(*indexer.Indexer) {
		env.wantDocs(t, "after the restart", map[string]int64{"a": 2})
		if env.scans != 0 || env.writes != 1 {
			t.Errorf("%d scans and %d writes, want 0 and 1", env.scans, env.writes)
		}
	})
}

func TestRebuildsTheIndexWhenTheStreamIsGone(t *testing.T) {
	saved := indexer.Position{Stream: "stream-1", Shards: map[string]string{"s": "x"}}
	for name, env := range map[string]*environment{
		"trimmed":       {trimmed: true, saved: saved},
		"another table": {saved: indexer.Position{Stream: "stream-0", Shards: saved.Shards}},
	} {
		t.Run(name, func(t *testing.T) {
			env.docs = map[string]int64{"kept": 1, "behind": 1, "ahead": 9, "removed": 3}
			env.all = []indexer.Change{write("kept", 1), write("behind", 2), write("ahead", 4), write("new", 1)}
			run(t, env, func(*indexer.Indexer) {
				// The catalogue lost a write of "ahead": its document keeps the
				// version and gets the catalogue's content.
				env.wantDocs(t, "after", map[string]int64{"kept": 1, "behind": 2, "ahead": 9, "new": 1})
			})
		})
	}
}

func TestRetriesWhileTheIndexIsDown(t *testing.T) {
	env := &environment{all: []indexer.Change{write("a", 1)}}
	run(t, env, func(x *indexer.Indexer) {
		env.mu.Lock()
		env.failure = errors.New("connection refused")
		env.mu.Unlock()
		env.put(write("a", 2))
		time.Sleep(time.Minute)
		if x.Ready(t.Context()) == nil {
			t.Error("Ready returned no error")
		}
		env.mu.Lock()
		env.failure = nil
		failed := 0
		for _, e := range env.events {
			if e.Name == names.EventIndexFailed && e.Err != nil {
				failed++
			}
		}
		env.mu.Unlock()
		if failed < 5 || failed > 30 {
			t.Errorf("%d failures reported in a minute, want a delay that grows to 5 s", failed)
		}
		time.Sleep(6 * time.Second)
		synctest.Wait()
		env.wantDocs(t, "after recovery", map[string]int64{"a": 2})
	})
}

func TestOneBadRestaurantDoesNotBlockOthers(t *testing.T) {
	env := &environment{}
	run(t, env, func(*indexer.Indexer) {
		env.put(indexer.Change{ID: "undecodable", Err: errors.New("no name")})
		env.put(write("rejected", 1))
		env.put(write("good", 1))
		time.Sleep(time.Second)
		synctest.Wait()
		env.wantDocs(t, "after", map[string]int64{"good": 1})
		reported := map[string]bool{}
		for _, e := range env.events {
			reported[e.ID] = true
		}
		if !reported["undecodable"] || !reported["rejected"] {
			t.Errorf("reported %v", reported)
		}
		if len(env.saved.Shards["s"]) != 3 {
			t.Error("the position is before the bad restaurant")
		}
	})
}

func TestTracesOnlyPollsWithChanges(t *testing.T) {
	rec := telemetrytest.Start(t)
	env := &environment{}
	run(t, env, func(*indexer.Indexer) {
		before := len(rec.Spans())
		time.Sleep(10 * time.Second)
		if n := len(rec.Spans()) - before; n != 0 {
			t.Errorf("%d spans while nothing changed", n)
		}
		a, b := write("a", 1), write("b", 1)
		a.Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
		env.put(a)
		env.put(b) // without a trace
		time.Sleep(time.Second)
	})
	span := rec.Span(t, names.SpanIndexChanges)
	if got := telemetrytest.Attr(span, names.Count); got != int64(2) {
		t.Errorf("the span counts %v, want 2", got)
	}
	if l := span.Links(); span.Parent().IsValid() || len(l) != 1 ||
		l[0].SpanContext.TraceID().String() != "0af7651916cd43dd8448eb211c80319c" {
		t.Errorf("the span's parent is %v, its links are %v", span.Parent(), l)
	}
}

func TestReportsTheLagOfTheIndex(t *testing.T) {
	rec := telemetrytest.Start(t)
	env := &environment{}
	run(t, env, func(*indexer.Indexer) {
		wantLag := func(name string, atLeast, atMost float64) {
			t.Helper()
			age, ok := rec.Value(t, names.MetricQueueAge, attribute.String(names.Queue, names.QueueCatalogue))
			if !ok || age < atLeast || age > atMost {
				t.Errorf("%s: lag %v s (%v), want %v to %v", name, age, ok, atLeast, atMost)
			}
		}
		time.Sleep(time.Minute + 50*time.Millisecond) // between two polls
		wantLag("no changes", 0, .2)
		late := write("a", 1)
		late.At = time.Now().Add(-30 * time.Second)
		env.put(late)
		time.Sleep(time.Second)
		synctest.Wait()
		wantLag("an old change was indexed, later ones are unknown", 30, 31)
		time.Sleep(210 * time.Millisecond)
		synctest.Wait()
		wantLag("there were no later changes", 0, .3)
		env.mu.Lock()
		env.failure = errors.New("connection refused")
		env.mu.Unlock()
		env.put(write("a", 2))
		time.Sleep(time.Minute)
		wantLag("the index is down", 59, 61)
	})
	points := rec.Metric(t, names.MetricQueueBatch).Data.(metricdata.Histogram[int64]).DataPoints
	if len(points) != 1 || points[0].Count < 2 || uint64(points[0].Sum) != points[0].Count {
		t.Errorf("batches of one change each: %+v", points)
	}
}
