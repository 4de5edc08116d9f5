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

// environment is a catalogue, its stream and an index in memory, which fail when
// told to.
type environment struct {
	mu      sync.Mutex
	stream  string
	log     []indexer.Change // the stream
	trimmed bool             // the stream reaches back to no position
	all     []indexer.Change
	docs    map[string]int64
	saved   indexer.Position
	failure    error // every call to the index fails
	scans   int
	writes  int
	events  []indexer.Event
}

func write(id string, version int64) indexer.Change {
	r := searchtest.Restaurant(id, version)
	return indexer.Change{ID: id, Version: version, Restaurant: &r}
}

func (w *environment) lock() func() { w.mu.Lock(); return w.mu.Unlock }

// put is an owner's write.
func (w *environment) put(c indexer.Change) {
	defer w.lock()()
	w.log = append(w.log, c)
	w.all = append(w.all, c)
}

func (w *environment) Open(_ context.Context, p indexer.Position) (indexer.Tail, error) {
	defer w.lock()()
	if p.Stream == "" {
		return &tail{w, len(w.log)}, nil
	}
	if w.trimmed || p.Stream != w.stream {
		return nil, indexer.ErrGone
	}
	return &tail{w, len(p.Shards["s"])}, nil // a length stands for a number
}

func (w *environment) All(context.Context) iter.Seq2[indexer.Change, error] {
	defer w.lock()()
	w.scans++
	all := w.all
	return func(yield func(indexer.Change, error) bool) {
		for _, c := range all {
			if !yield(c, nil) {
				return
			}
		}
	}
}

type tail struct {
	w  *environment
	at int
}

func (t *tail) Next(context.Context) ([]indexer.Change, indexer.Position, error) {
	defer t.w.lock()()
	changes := t.w.log[t.at:]
	t.at = len(t.w.log)
	at := string(make([]byte, t.at))
	return changes, indexer.Position{Stream: t.w.stream, Shards: map[string]string{"s": at}}, nil
}

func (w *environment) Prepare(context.Context) error { defer w.lock()(); return w.failure }

func (w *environment) Apply(_ context.Context, changes []indexer.Change) (refused []indexer.Rejection, err error) {
	defer w.lock()()
	if w.failure != nil {
		return nil, w.failure
	}
	for _, c := range changes {
		w.writes++
		switch {
		case c.ID == "poison":
			refused = append(refused, indexer.Rejection{ID: c.ID, Cause: errors.New("mapping")})
		case c.Version < w.docs[c.ID]:
		case c.Restaurant == nil:
			delete(w.docs, c.ID)
		default:
			w.docs[c.ID] = c.Version
		}
	}
	return refused, nil
}

func (w *environment) Versions(context.Context) (map[string]int64, error) {
	defer w.lock()()
	return maps.Clone(w.docs), w.failure
}

func (w *environment) Load(context.Context) (indexer.Position, error) {
	defer w.lock()()
	return w.saved, w.failure
}

func (w *environment) Save(_ context.Context, p indexer.Position) error {
	defer w.lock()()
	w.saved = p
	return w.failure
}

func (w *environment) wantDocs(t *testing.T, say string, docs map[string]int64) {
	t.Helper()
	defer w.lock()()
	if !maps.Equal(w.docs, docs) {
		t.Errorf("%s: documents %v, want %v", say, w.docs, docs)
	}
}

// run plays a story against a running indexer, in a time that costs nothing.
func run(t *testing.T, w *environment, story func(x *indexer.Indexer)) {
	synctest.Test(t, func(t *testing.T) {
		if w.docs == nil {
			w.docs = map[string]int64{}
		}
		w.stream = "stream-1"
		x := indexer.New(indexer.Config{Feed: w, Index: w, Report: func(_ context.Context, e indexer.Event) {
			defer w.lock()()
			w.events = append(w.events, e)
		}})
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := x.Run(ctx); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		story(x)
		cancel()
		wg.Wait()
	})
}

func TestAFirstStartCopiesEverythingThenFollows(t *testing.T) {
	w := &environment{all: []indexer.Change{write("a", 1), write("b", 1)}}
	run(t, w, func(x *indexer.Indexer) {
		w.wantDocs(t, "at first", map[string]int64{"a": 1, "b": 1})
		if err := x.Ready(t.Context()); err != nil {
			t.Error(err)
		}
		w.put(write("a", 2))
		w.put(indexer.Change{ID: "b", Version: 1})
		w.put(write("c", 1))
		time.Sleep(200 * time.Millisecond)
		synctest.Wait()
		w.wantDocs(t, "one poll later", map[string]int64{"a": 2, "c": 1})
	})
}

func TestARestartReadsOnAndCopiesNothing(t *testing.T) {
	w := &environment{docs: map[string]int64{"a": 1}, log: []indexer.Change{write("a", 1), write("a", 2)},
		saved: indexer.Position{Stream: "stream-1", Shards: map[string]string{"s": "x"}}}
	run(t, w, func(*indexer.Indexer) {
		w.wantDocs(t, "after the restart", map[string]int64{"a": 2})
		if w.scans != 0 || w.writes != 1 {
			t.Errorf("%d scans and %d writes, want 0 and 1", w.scans, w.writes)
		}
	})
}

func TestWhereTheStreamIsGoneTheCopyIsMadeEqual(t *testing.T) {
	saved := indexer.Position{Stream: "stream-1", Shards: map[string]string{"s": "x"}}
	for sentence, w := range map[string]*environment{
		"trimmed":       {trimmed: true, saved: saved},
		"another table": {saved: indexer.Position{Stream: "stream-0", Shards: saved.Shards}},
	} {
		t.Run(sentence, func(t *testing.T) {
			w.docs = map[string]int64{"kept": 1, "behind": 1, "ahead": 9, "removed": 3}
			w.all = []indexer.Change{write("kept", 1), write("behind", 2), write("ahead", 4), write("new", 1)}
			run(t, w, func(*indexer.Indexer) {
				// What is ahead was lost by the catalogue; its document keeps
				// the version and gets the catalogue's content.
				w.wantDocs(t, "after", map[string]int64{"kept": 1, "behind": 2, "ahead": 9, "new": 1})
			})
		})
	}
}

func TestAnIndexThatIsAwayIsWaitedFor(t *testing.T) {
	w := &environment{all: []indexer.Change{write("a", 1)}}
	run(t, w, func(x *indexer.Indexer) {
		w.mu.Lock()
		w.failure = errors.New("connection refused")
		w.mu.Unlock()
		w.put(write("a", 2))
		time.Sleep(time.Minute)
		if x.Ready(t.Context()) == nil {
			t.Error("it calls itself ready")
		}
		w.mu.Lock()
		w.failure = nil
		failed := 0
		for _, e := range w.events {
			if e.Name == names.EventIndexFailed && e.Err != nil {
				failed++
			}
		}
		w.mu.Unlock()
		if failed < 5 || failed > 30 {
			t.Errorf("%d failures reported in a minute, want a pause that grows to 5 s", failed)
		}
		time.Sleep(6 * time.Second)
		synctest.Wait()
		w.wantDocs(t, "when it is back", map[string]int64{"a": 2})
	})
}

func TestOneBadRestaurantHoldsUpNoOther(t *testing.T) {
	w := &environment{}
	run(t, w, func(*indexer.Indexer) {
		w.put(indexer.Change{ID: "unreadable", Err: errors.New("no name")})
		w.put(write("poison", 1))
		w.put(write("good", 1))
		time.Sleep(time.Second)
		synctest.Wait()
		w.wantDocs(t, "after", map[string]int64{"good": 1})
		reported := map[string]bool{}
		for _, e := range w.events {
			reported[e.ID] = true
		}
		if !reported["unreadable"] || !reported["poison"] {
			t.Errorf("reported %v", reported)
		}
		if len(w.saved.Shards["s"]) != 3 {
			t.Error("the position stays before the bad one")
		}
	})
}

func TestOnlyPollsThatFindSomethingAreTraced(t *testing.T) {
	rec := telemetrytest.Start(t)
	w := &environment{}
	run(t, w, func(*indexer.Indexer) {
		before := len(rec.Spans())
		time.Sleep(10 * time.Second)
		if n := len(rec.Spans()) - before; n != 0 {
			t.Errorf("%d spans while nothing changed", n)
		}
		a, b := write("a", 1), write("b", 1)
		a.Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
		w.put(a)
		w.put(b) // by somebody who is not traced
		time.Sleep(time.Second)
	})
	span := rec.Span(t, names.SpanIndexChanges)
	if got := telemetrytest.Attr(span, names.Count); got != int64(2) {
		t.Errorf("the span counts %v, want 2", got)
	}
	if l := span.Links(); span.Parent().IsValid() || len(l) != 1 || l[0].SpanContext.TraceID().String() != "0af7651916cd43dd8448eb211c80319c" {
		t.Errorf("the span's parent is %v, its links are %v", span.Parent(), l)
	}
}

func TestTheIndexSaysHowFarItIsBehind(t *testing.T) {
	rec := telemetrytest.Start(t)
	w := &environment{}
	run(t, w, func(*indexer.Indexer) {
		behind := func(sentence string, atLeast, atMost float64) {
			t.Helper()
			age, ok := rec.Value(t, names.MetricQueueAge, attribute.String(names.Queue, names.QueueCatalogue))
			if !ok || age < atLeast || age > atMost {
				t.Errorf("%s: %v s behind (%v), want %v to %v", sentence, age, ok, atLeast, atMost)
			}
		}
		time.Sleep(time.Minute + 50*time.Millisecond) // not at the moment of a poll
		behind("nothing changes", 0, .2)
		late := write("a", 1)
		late.At = time.Now().Add(-30 * time.Second)
		w.put(late)
		time.Sleep(210 * time.Millisecond)
		synctest.Wait()
		behind("an old change was indexed, and what is behind it is not known", 30, 31)
		time.Sleep(210 * time.Millisecond)
		synctest.Wait()
		behind("there was nothing behind it", 0, .3)
		w.mu.Lock()
		w.failure = errors.New("connection refused")
		w.mu.Unlock()
		w.put(write("a", 2))
		time.Sleep(time.Minute)
		behind("the index is away", 59, 61)
	})
	points := rec.Metric(t, names.MetricQueueBatch).Data.(metricdata.Histogram[int64]).DataPoints
	if len(points) != 1 || points[0].Count < 2 || uint64(points[0].Sum) != points[0].Count {
		t.Errorf("batches of one change each: %+v", points)
	}
}
