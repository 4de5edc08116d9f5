package dynamo

import (
	"fmt"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"jari.example/services/search/indexer"
)

// Changes are the changes of the records that Lambda reads from the table's stream, in
// their order.
func Changes(records []events.DynamoDBEventRecord) []indexer.Change {
	changes := make([]indexer.Change, 0, len(records))
	for _, r := range records {
		removed := r.EventName == string(events.DynamoDBOperationTypeRemove)
		image := r.Change.NewImage
		if removed {
			image = r.Change.OldImage
		}
		var c indexer.Change
		if item, err := attributes(image); err != nil {
			c.Err = fmt.Errorf("decode stream image: %w", err)
		} else {
			c = changed(item, removed)
		}
		c.At = r.Change.ApproximateCreationDateTime.Time
		changes = append(changes, c)
	}
	return changes
}

// attributes converts the types of package events to those of the SDK, for which it has no
// function.
func attributes(from map[string]events.DynamoDBAttributeValue) (map[string]types.AttributeValue, error) {
	to := make(map[string]types.AttributeValue, len(from))
	for name, v := range from {
		var err error
		if to[name], err = attribute(v); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return to, nil
}

func attribute(v events.DynamoDBAttributeValue) (types.AttributeValue, error) {
	switch v.DataType() {
	case events.DataTypeString:
		return &types.AttributeValueMemberS{Value: v.String()}, nil
	case events.DataTypeNumber:
		return &types.AttributeValueMemberN{Value: v.Number()}, nil
	case events.DataTypeBoolean:
		return &types.AttributeValueMemberBOOL{Value: v.Boolean()}, nil
	case events.DataTypeNull:
		return &types.AttributeValueMemberNULL{Value: true}, nil
	case events.DataTypeBinary:
		return &types.AttributeValueMemberB{Value: v.Binary()}, nil
	case events.DataTypeStringSet:
		return &types.AttributeValueMemberSS{Value: v.StringSet()}, nil
	case events.DataTypeNumberSet:
		return &types.AttributeValueMemberNS{Value: v.NumberSet()}, nil
	case events.DataTypeBinarySet:
		return &types.AttributeValueMemberBS{Value: v.BinarySet()}, nil
	case events.DataTypeMap:
		m, err := attributes(v.Map())
		return &types.AttributeValueMemberM{Value: m}, err
	case events.DataTypeList:
		list := make([]types.AttributeValue, 0, len(v.List()))
		for _, element := range v.List() {
			a, err := attribute(element)
			if err != nil {
				return nil, err
			}
			list = append(list, a)
		}
		return &types.AttributeValueMemberL{Value: list}, nil
	}
	return nil, fmt.Errorf("unknown type %d", v.DataType())
}
