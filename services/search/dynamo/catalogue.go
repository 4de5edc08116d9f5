// Package dynamo stores the catalogue in DynamoDB and reads the table's stream of
// changes.
package dynamo

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"jari.example/internal/fault"
	"jari.example/services/search"
	"jari.example/telemetry"
)

// Catalogue is a table with the key id. An item has an attribute for each JSON field
// of a restaurant, and the traceparent of the request that wrote it, for the
// readers of the stream.
type Catalogue struct {
	db    *dynamodb.Client
	table string
}

var _ search.Catalogue = (*Catalogue)(nil)

const traceparent = "traceparent" // the attribute

// NewCatalogue returns the catalogue in a table.
func NewCatalogue(cfg aws.Config, table string) *Catalogue {
	return &Catalogue{dynamodb.NewFromConfig(cfg), table}
}

// Get implements search.Catalogue with a strongly consistent read.
func (c *Catalogue) Get(ctx context.Context, id string) (search.Restaurant, error) {
	out, err := c.db.GetItem(ctx, &dynamodb.GetItemInput{
		TableName:      &c.table,
		Key:            map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: id}},
		ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return search.Restaurant{}, asFault("get restaurant", err)
	}
	if out.Item == nil {
		return search.Restaurant{}, search.ErrUnknown
	}
	return decode(out.Item)
}

// Put implements search.Catalogue.
func (c *Catalogue) Put(ctx context.Context, r search.Restaurant, prev int64) error {
	item, err := attributevalue.MarshalMapWithOptions(r, func(o *attributevalue.EncoderOptions) { o.TagKey = "json" })
	if err != nil {
		return fmt.Errorf("encode restaurant: %w", err)
	}
	if trace := telemetry.Traceparent(ctx); trace != "" {
		item[traceparent] = &types.AttributeValueMemberS{Value: trace}
	}
	in := &dynamodb.PutItemInput{
		TableName: &c.table, Item: item, ConditionExpression: aws.String("attribute_not_exists(id)"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
	if prev != 0 {
		in.ConditionExpression = aws.String("version = :prev")
		in.ExpressionAttributeValues = map[string]types.AttributeValue{
			":prev": &types.AttributeValueMemberN{Value: strconv.FormatInt(prev, 10)},
		}
	}
	_, err = c.db.PutItem(ctx, in)
	if failed, ok := errors.AsType[*types.ConditionalCheckFailedException](err); ok {
		if same(failed.Item, item) {
			return nil // the SDK repeated a request that DynamoDB had carried out
		}
		return search.ErrChanged
	}
	return asFault("put restaurant", err)
}

// same reports whether two items are the same restaurant, in the same version.
func same(stored, written map[string]types.AttributeValue) bool {
	a, errA := decode(stored)
	b, errB := decode(written)
	return errA == nil && errB == nil && reflect.DeepEqual(a, b)
}

// items yields every item of the table, unordered. It ends after an error.
func (c *Catalogue) items(ctx context.Context) iter.Seq2[map[string]types.AttributeValue, error] {
	return func(yield func(map[string]types.AttributeValue, error) bool) {
		pages := dynamodb.NewScanPaginator(c.db, &dynamodb.ScanInput{TableName: &c.table, ConsistentRead: aws.Bool(true)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(nil, asFault("scan catalogue", err))
				return
			}
			for _, item := range page.Items {
				if !yield(item, nil) {
					return
				}
			}
		}
	}
}

// Ready reports whether the table is available.
func (c *Catalogue) Ready(ctx context.Context) error {
	_, err := c.db.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &c.table})
	return asFault("describe table", err)
}

// decode returns an incomplete restaurant with an error, as search.Catalogue says.
// It ignores attributes that are no longer a restaurant's, such as time_zone.
func decode(item map[string]types.AttributeValue) (r search.Restaurant, err error) {
	err = attributevalue.UnmarshalMapWithOptions(item, &r, func(o *attributevalue.DecoderOptions) { o.TagKey = "json" })
	if err != nil {
		err = fmt.Errorf("%w: %w", search.ErrMalformed, err)
	} else {
		err = r.Complete()
	}
	if err != nil {
		return search.Restaurant{ID: text(item["id"]), Version: number(item["version"])}, err
	}
	return r, nil
}

// transient lists DynamoDB's error codes for failures that a retry may resolve.
var transient = []string{
	"InternalServerError", "InternalFailure", "ServiceUnavailable",
	"ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded",
}

// asFault returns Unavailable for a transient failure. An error that DynamoDB
// returns for a bad request is ours and stays Internal.
func asFault(verb string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("%s: %w", verb, err)
	}
	if apiErr, ok := errors.AsType[smithy.APIError](err); ok && !slices.Contains(transient, apiErr.ErrorCode()) {
		return fmt.Errorf("%s: %w", verb, err)
	}
	return fault.Down("dynamodb", fmt.Errorf("%s: %w", verb, err))
}
