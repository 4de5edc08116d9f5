package dynamo

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"jari.example/services/search/indexer"
	"jari.example/telemetry/names"
)

// reserve is how long before Lambda ends the process the function gives up, so that its response
// and its line of log still go out.
const reserve = time.Second

// Function lets AWS Lambda index the changes of the catalogue: Lambda reads the table's stream
// and keeps the position, and calls the function with batches of records. On one machine
// an indexer.Indexer reads the stream itself. Both use the same Handler.
//
// A batch ends in one of three ways:
//
//  1. All its records are indexed, or are reported as ones that can never be.
//  2. Some are not, for a reason that may be transient: the response names the first of
//     them (ReportBatchItemFailures), and Lambda sends that one and the later ones again.
//     What was written twice does no harm, because of the versions.
//  3. The index cannot be used at all: the response names the first record of the batch.
//
// Lambda gives up after the attempts and the age that the event source mapping allows, and
// then sends the range of the stream to the destination for failures.
// Source: AWS Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB".
type Function struct {
	index    indexer.Index
	handler  *indexer.Handler
	report   func(context.Context, indexer.Event)
	mu       sync.Mutex
	prepared bool
}

// NewFunction returns the function that writes to index and reports to report.
func NewFunction(index indexer.Index, report func(context.Context, indexer.Event)) *Function {
	return &Function{index: index, handler: indexer.NewHandler(index, report), report: report}
}

// Invoke indexes a batch. It returns no error: a record that is not indexed is in the
// response.
func (f *Function) Invoke(ctx context.Context, e events.DynamoDBEvent) (response events.DynamoDBEventResponse, _ error) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-reserve))
		defer cancel()
	}
	changes := Changes(e.Records)
	if len(changes) == 0 {
		return response, nil
	}
	err := f.handle(ctx, changes)
	if err == nil {
		return response, nil
	}
	f.report(context.WithoutCancel(ctx), indexer.Event{Name: names.EventIndexFailed, Body: "indexing failed, Lambda will send it again", Err: err})
	failed := e.Records[firstFailed(changes, err)].Change.SequenceNumber
	response.BatchItemFailures = []events.DynamoDBBatchItemFailure{{ItemIdentifier: failed}}
	return response, nil
}

// handle prepares the index before the first batch, and again after a failure: it may have
// been deleted.
func (f *Function) handle(ctx context.Context, changes []indexer.Change) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.prepared {
		if err := f.index.Prepare(ctx); err != nil {
			return err
		}
	}
	err := f.handler.Handle(ctx, changes)
	f.prepared = err == nil
	return err
}

// firstFailed is the index of the first change that must be sent again.
func firstFailed(changes []indexer.Change, err error) int {
	if unwritten, ok := errors.AsType[*indexer.UnwrittenError](err); ok {
		i := slices.IndexFunc(changes, func(c indexer.Change) bool { return slices.Contains(unwritten.IDs, c.ID) })
		return max(i, 0)
	}
	return 0
}
