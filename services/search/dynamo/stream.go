package dynamo

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"jari.example/services/search/indexer"
)

// Feed is the table and its stream (NEW_AND_OLD_IMAGES).
type Feed struct {
	catalogue *Catalogue
	streams   streamsAPI
	latest    func(context.Context) (arn string, err error)
}

// streamsAPI is the part of the client that is used. Tests implement it, because
// the streams of moto have one shard only.
type streamsAPI interface {
	DescribeStream(context.Context, *dynamodbstreams.DescribeStreamInput,
		...func(*dynamodbstreams.Options)) (*dynamodbstreams.DescribeStreamOutput, error)
	GetShardIterator(context.Context, *dynamodbstreams.GetShardIteratorInput,
		...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetShardIteratorOutput, error)
	GetRecords(context.Context, *dynamodbstreams.GetRecordsInput,
		...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetRecordsOutput, error)
}

var _ indexer.Feed = (*Feed)(nil)

// NewFeed returns the feed of a table.
func NewFeed(cfg aws.Config, table string) *Feed {
	c := NewCatalogue(cfg, table)
	return &Feed{c, dynamodbstreams.NewFromConfig(cfg), c.stream}
}

// All implements indexer.Feed.
func (f *Feed) All(ctx context.Context) iter.Seq2[indexer.Change, error] {
	return func(yield func(indexer.Change, error) bool) {
		for item, err := range f.catalogue.items(ctx) {
			if !yield(written(item), err) || err != nil {
				return
			}
		}
	}
}

// shardEnd replaces the sequence number of a shard that was read to its end.
const shardEnd = "end"

// Open implements indexer.Feed. A shard that is not in the position must be a child
// of one that is; otherwise records in between may be lost.
func (f *Feed) Open(ctx context.Context, p indexer.Position) (indexer.Tail, error) {
	arn, err := f.latest(ctx)
	if err != nil {
		return nil, err
	}
	shards, err := f.shards(ctx, arn)
	if err != nil {
		return nil, err
	}
	t := &tail{feed: f, arn: arn, checked: time.Now(), read: map[string]string{}}
	if p.Stream == "" {
		for _, s := range shards {
			if err := t.begin(ctx, s, types.ShardIteratorTypeLatest, ""); err != nil {
				return nil, err
			}
		}
		return t, nil
	}
	if p.Stream != arn {
		return nil, indexer.ErrGone
	}
	return t, t.resume(ctx, shards, p.Shards)
}

// stream returns the ARN of the table's stream. A table that was created again has
// a new one.
func (c *Catalogue) stream(ctx context.Context) (string, error) {
	out, err := c.db.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &c.table})
	if err != nil {
		return "", asFault("describe table", err)
	}
	if out.Table.LatestStreamArn == nil {
		return "", fmt.Errorf("table %s has no stream", c.table)
	}
	return *out.Table.LatestStreamArn, nil
}

func (f *Feed) shards(ctx context.Context, arn string) (shards []types.Shard, err error) {
	in := &dynamodbstreams.DescribeStreamInput{StreamArn: &arn}
	for {
		out, err := f.streams.DescribeStream(ctx, in)
		if err != nil {
			return nil, asFault("describe stream", err)
		}
		shards = append(shards, out.StreamDescription.Shards...)
		if in.ExclusiveStartShardId = out.StreamDescription.LastEvaluatedShardId; in.ExclusiveStartShardId == nil {
			return shards, nil
		}
	}
}

// tail reads the shards of one stream in parallel, a child only after its parent,
// so that the changes of a restaurant keep their order.
type tail struct {
	feed    *Feed
	arn     string
	checked time.Time // when arn was last confirmed as the table's stream
	open    []*shard
	read    map[string]string // by shard: the last sequence number, "" before the first, or shardEnd
}

type shard struct{ id, parent, iterator string }

func (t *tail) begin(ctx context.Context, s types.Shard, from types.ShardIteratorType, sequence string) error {
	in := &dynamodbstreams.GetShardIteratorInput{StreamArn: &t.arn, ShardId: s.ShardId, ShardIteratorType: from}
	if sequence != "" {
		in.SequenceNumber = &sequence
	}
	out, err := t.feed.streams.GetShardIterator(ctx, in)
	if err != nil {
		return gone("get shard iterator", err)
	}
	id := aws.ToString(s.ShardId)
	t.open = append(t.open, &shard{id, aws.ToString(s.ParentShardId), aws.ToString(out.ShardIterator)})
	t.read[id] = sequence
	return nil
}

func (t *tail) resume(ctx context.Context, shards []types.Shard, read map[string]string) error {
	live := map[string]bool{}
	for _, s := range shards {
		id := aws.ToString(s.ShardId)
		live[id] = true
		last, known := read[id]
		var err error
		switch {
		case last == shardEnd:
			t.read[id] = shardEnd
		case last != "":
			err = t.begin(ctx, s, types.ShardIteratorTypeAfterSequenceNumber, last)
		case !known && t.hasParent(read, s):
			err = t.begin(ctx, s, types.ShardIteratorTypeTrimHorizon, "")
		default: // started at LATEST and not read: records may be lost
			err = indexer.ErrGone
		}
		if err != nil {
			return err
		}
	}
	for id, last := range read {
		if !live[id] && last != shardEnd {
			return indexer.ErrGone
		}
	}
	return nil
}

// hasParent reports whether the parent of s was read, or is read now.
func (t *tail) hasParent(read map[string]string, s types.Shard) bool {
	parent := aws.ToString(s.ParentShardId)
	_, before := read[parent]
	_, now := t.read[parent]
	return before || now
}

// checkInterval bounds how long a tail reads a stream that is no longer the
// table's: such a stream may end, or just return no more records.
const checkInterval = 2 * time.Second

// Next implements indexer.Tail. Its error wraps indexer.ErrGone after the table was
// created again.
func (t *tail) Next(ctx context.Context) ([]indexer.Change, indexer.Position, error) {
	if time.Since(t.checked) > checkInterval {
		arn, err := t.feed.latest(ctx)
		if err == nil && arn != t.arn {
			err = fmt.Errorf("the table has another stream: %w", indexer.ErrGone)
		}
		if err != nil {
			return nil, indexer.Position{}, err
		}
		t.checked = time.Now()
	}
	var changes []indexer.Change
	closed := false
	for _, s := range t.open {
		if t.parentUnread(s) {
			continue
		}
		out, err := t.feed.streams.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: &s.iterator})
		if err != nil {
			return nil, indexer.Position{}, gone("get records", err)
		}
		for _, r := range out.Records {
			c := change(r)
			c.At = aws.ToTime(r.Dynamodb.ApproximateCreationDateTime)
			changes = append(changes, c)
			t.read[s.id] = aws.ToString(r.Dynamodb.SequenceNumber)
		}
		if s.iterator = aws.ToString(out.NextShardIterator); s.iterator == "" {
			t.read[s.id], closed = shardEnd, true
		}
	}
	if closed {
		if err := t.replaceEnded(ctx); err != nil {
			return nil, indexer.Position{}, err
		}
	}
	return changes, indexer.Position{Stream: t.arn, Shards: maps.Clone(t.read)}, nil
}

func (t *tail) parentUnread(s *shard) bool {
	last, known := t.read[s.parent]
	return known && last != shardEnd
}

// replaceEnded replaces ended shards by their children, and removes ended shards
// that the stream no longer lists.
func (t *tail) replaceEnded(ctx context.Context) error {
	shards, err := t.feed.shards(ctx, t.arn)
	if err != nil {
		return err
	}
	kept := t.open[:0]
	for _, s := range t.open {
		if s.iterator != "" {
			kept = append(kept, s)
		}
	}
	t.open = kept
	live := map[string]bool{}
	for _, s := range shards {
		id := aws.ToString(s.ShardId)
		live[id] = true
		if _, known := t.read[id]; !known {
			if err := t.begin(ctx, s, types.ShardIteratorTypeTrimHorizon, ""); err != nil {
				return err
			}
		}
	}
	maps.DeleteFunc(t.read, func(id, last string) bool { return last == shardEnd && !live[id] })
	return nil
}

// gone adds ErrGone to errors about trimmed records and missing shards.
func gone(verb string, err error) error {
	_, trimmed := errors.AsType[*types.TrimmedDataAccessException](err)
	_, missing := errors.AsType[*types.ResourceNotFoundException](err)
	if trimmed || missing {
		return fmt.Errorf("%s: %w: %w", verb, indexer.ErrGone, err)
	}
	return asFault(verb, err)
}

func change(r types.Record) indexer.Change {
	removed := r.EventName == types.OperationTypeRemove
	image := r.Dynamodb.NewImage
	if removed {
		image = r.Dynamodb.OldImage
	}
	item, err := attributevalue.FromDynamoDBStreamsMap(image)
	if err != nil {
		return indexer.Change{Err: fmt.Errorf("decode stream image: %w", err)}
	}
	return changed(item, removed)
}

// changed is the change by which an item was written, or by which it was removed.
func changed(item map[string]dbtypes.AttributeValue, removed bool) indexer.Change {
	if !removed {
		c := written(item)
		c.Traceparent = text(item[traceparent])
		return c
	}
	// The version that was removed is enough: the index keeps newer versions.
	return indexer.Change{ID: text(item["id"]), Version: number(item["version"])}
}

func written(item map[string]dbtypes.AttributeValue) indexer.Change {
	r, err := decode(item)
	if err != nil {
		return indexer.Change{ID: r.ID, Err: err}
	}
	return indexer.Change{ID: r.ID, Version: r.Version, Restaurant: &r}
}

func text(v dbtypes.AttributeValue) string {
	s, _ := v.(*dbtypes.AttributeValueMemberS)
	if s == nil {
		return ""
	}
	return s.Value
}

func number(v dbtypes.AttributeValue) int64 {
	n, _ := v.(*dbtypes.AttributeValueMemberN)
	if n == nil {
		return 0
	}
	i, _ := strconv.ParseInt(n.Value, 10, 64)
	return i
}
