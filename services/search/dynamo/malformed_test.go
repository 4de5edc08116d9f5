package dynamo_test

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"jari.example/internal/awsconf/awstest"
	"jari.example/services/search"
	"jari.example/services/search/dynamo"
	"jari.example/services/search/dynamo/dynamotest"
	"jari.example/services/search/searchtest"
)

// set changes an attribute of an item, or removes it when the value is nil, past the
// service.
func set(t *testing.T, cfg aws.Config, table, id, attribute string, value types.AttributeValue) {
	t.Helper()
	in := &dynamodb.UpdateItemInput{
		TableName: &table, Key: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: id}},
		UpdateExpression: aws.String("REMOVE #a"), ExpressionAttributeNames: map[string]string{"#a": attribute},
	}
	if value != nil {
		in.UpdateExpression = aws.String("SET #a = :v")
		in.ExpressionAttributeValues = map[string]types.AttributeValue{":v": value}
	}
	if _, err := dynamodb.NewFromConfig(cfg).UpdateItem(t.Context(), in); err != nil {
		t.Fatal(err)
	}
}

func TestReadsItemsThatStillHaveATimeZone(t *testing.T) {
	cfg, table := awstest.Config(t), name()
	dynamotest.Table(t, cfg, table)
	put(t, cfg, table, "mosu", 0, 5)
	set(t, cfg, table, "mosu", "time_zone", &types.AttributeValueMemberS{Value: "right/Asia/Seoul"})
	r, err := dynamo.NewCatalogue(cfg, table).Get(t.Context(), "mosu")
	if err != nil || r.Version != 5 || !r.Same(searchtest.Profile()) {
		t.Errorf("read %+v, %v", r, err)
	}
	put(t, cfg, table, "mosu", 5, 6)
	for c, err := range dynamo.NewFeed(cfg, table).All(t.Context()) {
		if err != nil || c.Err != nil || c.Version != 6 || !c.Restaurant.Same(searchtest.Profile()) {
			t.Errorf("scanned %+v, %v", c, err)
		}
	}
}

func TestAMalformedItemDoesNotHideTheOthers(t *testing.T) {
	cfg, table := awstest.Config(t), name()
	dynamotest.Table(t, cfg, table)
	catalogue := dynamo.NewCatalogue(cfg, table)
	malformed := map[string]struct {
		attribute string
		value     types.AttributeValue
	}{
		"nameless":   {"name", nil},
		"name-text":  {"name", &types.AttributeValueMemberS{Value: "밥상"}},
		"half-name":  {"name", &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{"ko": &types.AttributeValueMemberS{Value: "밥상"}}}},
		"price-word": {"price", &types.AttributeValueMemberS{Value: "three"}},
		"no-address": {"address", nil},
		"half-place": {"location", &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{"lat": &types.AttributeValueMemberN{Value: "1"}}}},
	}
	put(t, cfg, table, "mosu", 0, 5)
	for id, c := range malformed {
		put(t, cfg, table, id, 0, 5)
		set(t, cfg, table, id, c.attribute, c.value)
		if r, err := catalogue.Get(t.Context(), id); !errors.Is(err, search.ErrMalformed) || r.ID != id || r.Version != 5 {
			t.Errorf("%s: read %+v, %v", id, r, err)
		}
	}
	good, bad := 0, 0
	for c, err := range dynamo.NewFeed(cfg, table).All(t.Context()) {
		switch {
		case err != nil:
			t.Fatal(err)
		case c.Err == nil && c.ID == "mosu":
			good++
		case c.Err != nil && c.Restaurant == nil && malformed[c.ID].attribute != "":
			bad++
		default:
			t.Errorf("scanned %+v", c)
		}
	}
	if good != 1 || bad != len(malformed) {
		t.Errorf("scanned %d good and %d malformed items, want 1 and %d", good, bad, len(malformed))
	}
	for id := range malformed { // an owner replaces it
		put(t, cfg, table, id, 5, 6)
		if r, err := catalogue.Get(t.Context(), id); err != nil || r.Version != 6 {
			t.Errorf("%s after it was replaced: %+v, %v", id, r, err)
		}
	}
}
