package dynamotest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"jari.example/internal/wait"
)

// Mapping sends the records of a table's stream to a function, as Lambda's event source
// mapping with ReportBatchItemFailures and BisectBatchOnFunctionError does:
//
//  1. A batch ends before the record that the response names; that record and the later ones
//     are sent again.
//  2. A batch whose invocation fails is halved.
//  3. After Attempts failed attempts without any progress the first batch is given up: Failed
//     gets it, and the next ones follow.
type Mapping struct {
	Invoke   func(ctx context.Context, payload []byte) ([]byte, error)
	Attempts int
	Failed   func([]events.DynamoDBEventRecord)
}

// retryPause is the pause before a batch is sent again.
const retryPause = 50 * time.Millisecond

// Start sends what is in the table's stream from its beginning, and all that comes, until the
// test ends or stop is called.
func (m Mapping) Start(t *testing.T, cfg aws.Config, table string) (stop func()) {
	t.Helper()
	arn, err := stream(t.Context(), cfg, table)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- m.follow(ctx, dynamodbstreams.NewFromConfig(cfg), arn) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the event source mapping: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// follow sends what is in the stream, and all that comes.
func (m Mapping) follow(ctx context.Context, streams *dynamodbstreams.Client, arn string) error {
	iterator, err := begin(ctx, streams, arn)
	for err == nil {
		var records []events.DynamoDBEventRecord
		if records, iterator, err = read(ctx, streams, iterator); err == nil {
			err = m.Send(ctx, records)
		}
		if err == nil {
			err = wait.For(ctx, retryPause)
		}
	}
	return err
}

// Records are the records that are in the table's stream now.
func Records(ctx context.Context, cfg aws.Config, table string) ([]events.DynamoDBEventRecord, error) {
	streams := dynamodbstreams.NewFromConfig(cfg)
	arn, err := stream(ctx, cfg, table)
	if err != nil {
		return nil, err
	}
	iterator, err := begin(ctx, streams, arn)
	if err != nil {
		return nil, err
	}
	records, _, err := read(ctx, streams, iterator)
	return records, err
}

func stream(ctx context.Context, cfg aws.Config, table string) (arn string, err error) {
	out, err := dynamodb.NewFromConfig(cfg).DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &table})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.Table.LatestStreamArn), nil
}

// begin is the iterator at the start of the only shard that a stream of moto has.
func begin(ctx context.Context, streams *dynamodbstreams.Client, arn string) (iterator *string, err error) {
	stream, err := streams.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: &arn})
	if err != nil {
		return nil, err
	}
	at, err := streams.GetShardIterator(ctx, &dynamodbstreams.GetShardIteratorInput{
		StreamArn: &arn, ShardId: stream.StreamDescription.Shards[0].ShardId, ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
	})
	if err != nil {
		return nil, err
	}
	return at.ShardIterator, nil
}

func read(
	ctx context.Context, streams *dynamodbstreams.Client, iterator *string,
) (records []events.DynamoDBEventRecord, next *string, err error) {
	out, err := streams.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: iterator})
	if err != nil {
		return nil, nil, err
	}
	records, err = captured(out.Records)
	return records, out.NextShardIterator, err
}

// Send sends records until all are handled or given up.
func (m Mapping) Send(ctx context.Context, records []events.DynamoDBEventRecord) error {
	size, attempts := len(records), 0
	for len(records) > 0 {
		size = min(size, len(records))
		handled, err := m.send(ctx, records[:size])
		if ctx.Err() != nil {
			return ctx.Err()
		}
		records = records[handled:]
		switch {
		case handled == size:
			size, attempts = len(records), 0
			continue
		case handled > 0:
			attempts = 0
		case err != nil && size > 1:
			size = (size + 1) / 2
		}
		if attempts++; attempts >= m.Attempts {
			if m.Failed != nil {
				m.Failed(records[:min(size, len(records))])
			}
			records = records[min(size, len(records)):]
			size, attempts = len(records), 0
			continue
		}
		if err := wait.For(ctx, retryPause); err != nil {
			return err
		}
	}
	return nil
}

// send sends one batch and returns how many of its first records are handled.
func (m Mapping) send(ctx context.Context, batch []events.DynamoDBEventRecord) (handled int, err error) {
	payload, err := json.Marshal(events.DynamoDBEvent{Records: batch})
	if err != nil {
		return 0, err
	}
	body, err := m.Invoke(ctx, payload)
	if err != nil {
		return 0, err
	}
	var response events.DynamoDBEventResponse
	if err := json.Unmarshal(body, &response); err != nil {
		return 0, fmt.Errorf("the response %s: %w", body, err)
	}
	handled = len(batch)
	for _, f := range response.BatchItemFailures {
		for i, r := range batch {
			if r.Change.SequenceNumber == f.ItemIdentifier {
				handled = min(handled, i)
			}
		}
	}
	return handled, nil
}

// captured are records of a stream in the form in which Lambda sends them.
func captured(records []types.Record) ([]events.DynamoDBEventRecord, error) {
	var all []events.DynamoDBEventRecord
	for _, r := range records {
		change := events.DynamoDBStreamRecord{
			ApproximateCreationDateTime: events.SecondsEpochTime{Time: aws.ToTime(r.Dynamodb.ApproximateCreationDateTime)},
			SequenceNumber:              aws.ToString(r.Dynamodb.SequenceNumber), StreamViewType: string(r.Dynamodb.StreamViewType),
		}
		var err error
		if change.NewImage, err = image(r.Dynamodb.NewImage); err != nil {
			return nil, err
		}
		if change.OldImage, err = image(r.Dynamodb.OldImage); err != nil {
			return nil, err
		}
		all = append(all, events.DynamoDBEventRecord{EventName: string(r.EventName), EventSource: "aws:dynamodb", Change: change})
	}
	return all, nil
}

func image(from map[string]types.AttributeValue) (map[string]events.DynamoDBAttributeValue, error) {
	to := make(map[string]events.DynamoDBAttributeValue, len(from))
	for name, v := range from {
		var err error
		if to[name], err = value(v); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return to, nil
}

// value converts the types that a restaurant has.
func value(v types.AttributeValue) (to events.DynamoDBAttributeValue, err error) {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return events.NewStringAttribute(v.Value), nil
	case *types.AttributeValueMemberN:
		return events.NewNumberAttribute(v.Value), nil
	case *types.AttributeValueMemberBOOL:
		return events.NewBooleanAttribute(v.Value), nil
	case *types.AttributeValueMemberNULL:
		return events.NewNullAttribute(), nil
	case *types.AttributeValueMemberM:
		m, err := image(v.Value)
		return events.NewMapAttribute(m), err
	case *types.AttributeValueMemberL:
		list := make([]events.DynamoDBAttributeValue, 0, len(v.Value))
		for _, element := range v.Value {
			e, err := value(element)
			if err != nil {
				return to, err
			}
			list = append(list, e)
		}
		return events.NewListAttribute(list), nil
	}
	return to, fmt.Errorf("a restaurant has no attribute of type %T", v)
}
