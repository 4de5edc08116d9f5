package dynamo_test

import (
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"jari.example/internal/awsconf/awstest"
	"jari.example/services/search/dynamo"
	"jari.example/services/search/dynamo/dynamotest"
	"jari.example/services/search/indexer"
	"jari.example/services/search/searchtest"
	"jari.example/telemetry"
)

func put(t *testing.T, cfg aws.Config, table, id string, prev, version int64) {
	t.Helper()
	if err := dynamo.NewCatalogue(cfg, table).Put(t.Context(), searchtest.Restaurant(id, version), prev); err != nil {
		t.Fatal(err)
	}
}

// next polls until the tail has returned n changes.
func next(t *testing.T, tail indexer.Tail, n int) (all []indexer.Change, p indexer.Position) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); len(all) < n; {
		if time.Now().After(deadline) {
			t.Fatalf("%d changes, want %d", len(all), n)
		}
		changes, at, err := tail.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		all, p = append(all, changes...), at
	}
	return all, p
}

func TestStreamReturnsTheChangesOfARestaurant(t *testing.T) {
	cfg, table := awstest.Config(t), name()
	dynamotest.Table(t, cfg, table)
	put(t, cfg, table, "before", 0, 1)
	tail, err := dynamo.NewFeed(cfg, table).Open(t.Context(), indexer.Position{})
	if err != nil {
		t.Fatal(err)
	}
	put(t, cfg, table, "mosu", 0, 5)
	const traced = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	catalogue, request := dynamo.NewCatalogue(cfg, table), telemetry.Continue(t.Context(), traced)
	if err := catalogue.Put(request, searchtest.Restaurant("mosu", 6), 5); err != nil {
		t.Fatal(err)
	}
	if r, err := catalogue.Get(t.Context(), "mosu"); err != nil || r.Version != 6 {
		t.Errorf("read %+v, %v", r, err)
	}
	dynamotest.Remove(t, cfg, table, "mosu")
	got, _ := next(t, tail, 3)
	want := searchtest.Restaurant("mosu", 6)
	if c := got[1]; c.ID != "mosu" || c.Version != 6 || c.Err != nil || !c.Restaurant.Same(want.Profile) {
		t.Errorf("the second change is %+v, want %+v", c, want)
	}
	if got[0].Traceparent != "" || got[1].Traceparent != traced || got[2].Traceparent != "" { // a removal has no traceparent
		t.Errorf("traceparents %q, %q and %q", got[0].Traceparent, got[1].Traceparent, got[2].Traceparent)
	}
	if c := got[2]; c.ID != "mosu" || c.Version != 6 || c.Restaurant != nil {
		t.Errorf("the removal is %+v", c)
	}
}

func TestContinuesAfterAPosition(t *testing.T) {
	cfg, table := awstest.Config(t), name()
	dynamotest.Table(t, cfg, table)
	feed := dynamo.NewFeed(cfg, table)
	tail, err := feed.Open(t.Context(), indexer.Position{})
	if err != nil {
		t.Fatal(err)
	}
	put(t, cfg, table, "one", 0, 1)
	_, position := next(t, tail, 1)
	put(t, cfg, table, "two", 0, 1)
	put(t, cfg, table, "three", 0, 1)
	resumed, err := feed.Open(t.Context(), position)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := next(t, resumed, 2); got[0].ID != "two" || got[1].ID != "three" {
		t.Errorf("continued with %v and %v", got[0].ID, got[1].ID)
	}
}

func TestReturnsErrGoneForALostPosition(t *testing.T) {
	cfg, table := awstest.Config(t), name()
	dynamotest.Table(t, cfg, table)
	feed := dynamo.NewFeed(cfg, table)
	tail, err := feed.Open(t.Context(), indexer.Position{})
	if err != nil {
		t.Fatal(err)
	}
	_, unread, err := tail.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	put(t, cfg, table, "one", 0, 1)
	_, read := next(t, tail, 1)
	if _, err := feed.Open(t.Context(), unread); !errors.Is(err, indexer.ErrGone) {
		t.Errorf("before the first change: %v, want ErrGone", err)
	}
	lost := indexer.Position{Stream: read.Stream, Shards: map[string]string{"another shard": "1"}}
	if _, err := feed.Open(t.Context(), lost); !errors.Is(err, indexer.ErrGone) {
		t.Errorf("in a shard that does not exist: %v, want ErrGone", err)
	}
	dynamotest.Drop(t, cfg, table)
	dynamotest.Table(t, cfg, table)
	if _, err := feed.Open(t.Context(), read); !errors.Is(err, indexer.ErrGone) {
		t.Errorf("in a table that was created again: %v, want ErrGone", err)
	}
	err = nil
	for deadline := time.Now().Add(10 * time.Second); err == nil && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		_, _, err = tail.Next(t.Context())
	}
	if !errors.Is(err, indexer.ErrGone) {
		t.Errorf("the old tail returned %v, want ErrGone", err)
	}
}
