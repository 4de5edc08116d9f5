package dynamo_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"jari.example/services/search/dynamo"
	"jari.example/services/search/indexer"
	"jari.example/telemetry/names"
)

// index is one that fails as the test says.
type index struct {
	indexer.Index // nil: no other method may be called
	prepared      int
	written       []string
	rejects       string // the id of which it rejects a change
	fails         func(batch []string) error
}

func (x *index) Prepare(context.Context) error { x.prepared++; return nil }

func (x *index) Apply(ctx context.Context, changes []indexer.Change) (rejected []indexer.Rejection, err error) {
	var batch []string
	for _, c := range changes {
		if c.ID == x.rejects {
			rejected = append(rejected, indexer.Rejection{ID: c.ID, Cause: errors.New("mapping")})
			continue
		}
		batch = append(batch, c.ID)
	}
	if x.fails != nil {
		err = x.fails(batch)
	}
	x.written = append(x.written, batch...)
	return rejected, errors.Join(err, ctx.Err())
}

// removals is a batch in which restaurants are removed; the sequence numbers are s0, s1, …
func removals(ids ...string) (e events.DynamoDBEvent) {
	for i, id := range ids {
		e.Records = append(e.Records, events.DynamoDBEventRecord{EventName: "REMOVE", Change: events.DynamoDBStreamRecord{
			SequenceNumber: fmt.Sprintf("s%d", i),
			OldImage: map[string]events.DynamoDBAttributeValue{
				"id": events.NewStringAttribute(id), "version": events.NewNumberAttribute("1"),
			},
		}})
	}
	return e
}

// invoke returns the sequence numbers that Lambda must send again, and what was reported.
func invoke(t *testing.T, ctx context.Context, x *index, e events.DynamoDBEvent) (failed []string, reported []indexer.Event) {
	t.Helper()
	h := dynamo.NewFunction(x, func(_ context.Context, e indexer.Event) { reported = append(reported, e) })
	response, err := h.Invoke(ctx, e)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range response.BatchItemFailures {
		failed = append(failed, f.ItemIdentifier)
	}
	return failed, reported
}

func TestOnlyTheRecordsFromTheFirstFailureOnAreSentAgain(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want []string
	}{
		"all are written":           {nil, nil},
		"one is not":                {&indexer.UnwrittenError{IDs: []string{"c"}, Cause: errors.New("429")}, []string{"s2"}},
		"two are not":               {&indexer.UnwrittenError{IDs: []string{"c", "b"}, Cause: errors.New("429")}, []string{"s1"}},
		"one of two changes of one": {fmt.Errorf("bulk: %w", &indexer.UnwrittenError{IDs: []string{"a"}, Cause: errors.New("429")}), []string{"s0"}},
		"the index is away":         {errors.New("connection refused"), []string{"s0"}},
	} {
		t.Run(name, func(t *testing.T) {
			x := &index{fails: func([]string) error { return c.err }}
			failed, _ := invoke(t, t.Context(), x, removals("a", "b", "c", "a"))
			if !slices.Equal(failed, c.want) {
				t.Errorf("sent again from %v on, want %v", failed, c.want)
			}
		})
	}
}

func TestARecordThatCanNeverBeIndexedIsReportedAndNotSentAgain(t *testing.T) {
	e := removals("good", "poison", "later")
	e.Records = append(e.Records, events.DynamoDBEventRecord{EventName: "INSERT", Change: events.DynamoDBStreamRecord{
		SequenceNumber: "s3", NewImage: map[string]events.DynamoDBAttributeValue{"id": events.NewStringAttribute("incomplete")},
	}})
	x := &index{rejects: "poison"}
	failed, reported := invoke(t, t.Context(), x, e)
	if len(failed) != 0 || !slices.Equal(x.written, []string{"good", "later"}) {
		t.Errorf("sent again from %v on; written %v", failed, x.written)
	}
	var ids []string
	for _, r := range reported {
		if r.Name == names.EventIndexFailed {
			ids = append(ids, r.ID)
		}
	}
	if !slices.Equal(ids, []string{"incomplete", "poison"}) {
		t.Errorf("reported %v", ids)
	}
}

func TestABatchIsGivenUpBeforeLambdaEndsTheProcess(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	x := &index{}
	h := dynamo.NewFunction(hanging{x}, func(context.Context, indexer.Event) {})
	response, err := h.Invoke(ctx, removals("a"))
	if err != nil || ctx.Err() != nil || len(response.BatchItemFailures) != 1 {
		t.Errorf("%+v, %v; Lambda's deadline has passed: %v", response, err, ctx.Err())
	}
}

// hanging is an index that responds when the caller gives up.
type hanging struct{ *index }

func (hanging) Apply(ctx context.Context, _ []indexer.Change) ([]indexer.Rejection, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestTheIndexIsPreparedOnceAndAfterAFailure(t *testing.T) {
	x := &index{}
	h := dynamo.NewFunction(x, func(context.Context, indexer.Event) {})
	invoke := func(want int) {
		t.Helper()
		if _, err := h.Invoke(t.Context(), removals("a")); err != nil || x.prepared != want {
			t.Errorf("prepared %d times, want %d; %v", x.prepared, want, err)
		}
	}
	invoke(1)
	invoke(1)
	x.fails = func([]string) error { return errors.New("no such index") }
	invoke(1)
	x.fails = nil
	invoke(2)
}
