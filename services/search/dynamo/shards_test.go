package dynamo

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"jari.example/services/search/indexer"
)

// fakeStream has shards that split and end, as DynamoDB's do every few hours. An
// iterator is "shard/index of the next record"; a sequence number is an index.
type fakeStream struct {
	shards []types.Shard
	log    map[string][]string // by shard: ids of changed restaurants
	ended  map[string]bool
}

func (s *fakeStream) add(id, parent string) {
	shard := types.Shard{ShardId: &id}
	if parent != "" {
		shard.ParentShardId = &parent
	}
	s.shards = append([]types.Shard{shard}, s.shards...) // children first, the order that needs care
}

func (s *fakeStream) drop(id string) {
	kept := s.shards[:0]
	for _, shard := range s.shards {
		if *shard.ShardId != id {
			kept = append(kept, shard)
		}
	}
	s.shards = kept
}

func (s *fakeStream) feed() *Feed {
	return &Feed{streams: s, latest: func(context.Context) (string, error) { return "arn", nil }}
}

// DescribeStream returns one shard per page.
func (s *fakeStream) DescribeStream(_ context.Context, in *dynamodbstreams.DescribeStreamInput,
	_ ...func(*dynamodbstreams.Options)) (*dynamodbstreams.DescribeStreamOutput, error) {
	at := 0
	for i, shard := range s.shards {
		if in.ExclusiveStartShardId != nil && *shard.ShardId == *in.ExclusiveStartShardId {
			at = i + 1
		}
	}
	d := &types.StreamDescription{}
	if at < len(s.shards) {
		d.Shards = s.shards[at : at+1]
	}
	if at+1 < len(s.shards) {
		d.LastEvaluatedShardId = s.shards[at].ShardId
	}
	return &dynamodbstreams.DescribeStreamOutput{StreamDescription: d}, nil
}

func (s *fakeStream) GetShardIterator(_ context.Context, in *dynamodbstreams.GetShardIteratorInput,
	_ ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetShardIteratorOutput, error) {
	at := 0
	switch in.ShardIteratorType {
	case types.ShardIteratorTypeLatest:
		at = len(s.log[*in.ShardId])
	case types.ShardIteratorTypeAfterSequenceNumber:
		n, err := strconv.Atoi(*in.SequenceNumber)
		if err != nil {
			return nil, err
		}
		if at = n + 1; n < 0 {
			return nil, &types.TrimmedDataAccessException{}
		}
	}
	return &dynamodbstreams.GetShardIteratorOutput{ShardIterator: aws.String(fmt.Sprintf("%s/%d", *in.ShardId, at))}, nil
}

func (s *fakeStream) GetRecords(_ context.Context, in *dynamodbstreams.GetRecordsInput,
	_ ...func(*dynamodbstreams.Options)) (*dynamodbstreams.GetRecordsOutput, error) {
	shard, index, _ := strings.Cut(*in.ShardIterator, "/")
	at, err := strconv.Atoi(index)
	if err != nil {
		return nil, err
	}
	out := &dynamodbstreams.GetRecordsOutput{}
	for i, id := range s.log[shard][at:] {
		out.Records = append(out.Records, types.Record{EventName: types.OperationTypeRemove, Dynamodb: &types.StreamRecord{
			SequenceNumber: aws.String(strconv.Itoa(at + i)),
			OldImage:       map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: id}},
		}})
	}
	if !s.ended[shard] {
		out.NextShardIterator = aws.String(fmt.Sprintf("%s/%d", shard, len(s.log[shard])))
	}
	return out, nil
}

// read polls a few times and returns the ids of the changes, in order.
func read(t *testing.T, tail indexer.Tail) (changed string, p indexer.Position) {
	t.Helper()
	for range 4 {
		changes, at, err := tail.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range changes {
			changed += c.ID
		}
		p = at
	}
	return changed, p
}

func TestReadsSplitShardsInOrderAndCompletely(t *testing.T) {
	s := &fakeStream{log: map[string][]string{"p": {"x"}}, ended: map[string]bool{}}
	s.add("p", "")
	tail, err := s.feed().Open(t.Context(), indexer.Position{})
	if err != nil {
		t.Fatal(err)
	}
	s.log["p"] = append(s.log["p"], "a", "b")
	if got, _ := read(t, tail); got != "ab" {
		t.Errorf("after the start %q, want ab", got)
	}
	s.log["p"] = append(s.log["p"], "c")
	s.ended["p"] = true
	s.add("q", "p")
	s.add("r", "p")
	s.log["r"], s.log["q"] = []string{"d"}, []string{"e"}
	got, position := read(t, tail)
	if got != "cde" {
		t.Errorf("across the split %q, want cde", got)
	}
	if want := map[string]string{"p": shardEnd, "q": "0", "r": "0"}; !maps.Equal(position.Shards, want) {
		t.Errorf("position %v, want %v", position.Shards, want)
	}

	s.drop("p")
	s.log["q"] = append(s.log["q"], "f")
	s.ended["q"] = true
	s.add("s", "q")
	s.log["s"] = []string{"g"}
	resumed, err := s.feed().Open(t.Context(), position)
	if err != nil {
		t.Fatal(err)
	}
	got, position = read(t, resumed)
	if got != "fg" {
		t.Errorf("after a restart %q, want fg: a child only after its parent", got)
	}
	if _, known := position.Shards["p"]; known {
		t.Errorf("a removed shard is still in the position %v", position.Shards)
	}
}

func TestReturnsErrGoneWhenRecordsMayBeLost(t *testing.T) {
	for name, c := range map[string]struct {
		read map[string]string
		gone bool
	}{
		"all shards were read":                       {map[string]string{"p": "0", "q": "0"}, false},
		"a shard is the child of one that was read":  {map[string]string{"p": shardEnd}, false},
		"a shard was never read":                     {map[string]string{"p": "0", "q": ""}, true},
		"a shard is the child of none that was read": {map[string]string{"q": "0"}, true},
		"a shard was removed before its end":         {map[string]string{"p": "0", "q": "0", "old": "7"}, true},
		"a shard was removed after its end":          {map[string]string{"p": "0", "q": "0", "old": shardEnd}, false},
		"the next records were trimmed":              {map[string]string{"p": "-5", "q": "0"}, true},
		"the position has no shard of this stream":   {map[string]string{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := &fakeStream{log: map[string][]string{"p": {"a", "b"}, "q": {"c", "d"}}, ended: map[string]bool{}}
			s.add("p", "")
			s.add("q", "p")
			_, err := s.feed().Open(t.Context(), indexer.Position{Stream: "arn", Shards: c.read})
			if errors.Is(err, indexer.ErrGone) != c.gone || err != nil && !c.gone {
				t.Errorf("got %v, want gone: %v", err, c.gone)
			}
		})
	}
}
