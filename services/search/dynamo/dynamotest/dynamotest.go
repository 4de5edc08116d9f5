// Package dynamotest creates tables for tests.
package dynamotest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Table creates a table with a stream, as in production, and removes it after the
// test. Nobody else may have a table of this name: when there is one, it was made by an
// attempt of this call whose response was late or lost, and which the SDK repeated.
func Table(t *testing.T, cfg aws.Config, name string) {
	t.Helper()
	db := dynamodb.NewFromConfig(cfg)
	_, err := db.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName:            &name,
		BillingMode:          types.BillingModePayPerRequest,
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
		StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(true),
			StreamViewType: types.StreamViewTypeNewAndOldImages},
	})
	if _, exists := errors.AsType[*types.ResourceInUseException](err); err != nil && !exists {
		t.Fatalf("create table: %v", err)
	}
	t.Cleanup(func() { Drop(t, cfg, name) })
}

// Drop removes a table and waits until it is gone; a missing table is no error.
func Drop(t *testing.T, cfg aws.Config, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // it also runs after the test
	defer cancel()
	db := dynamodb.NewFromConfig(cfg)
	_, err := db.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: &name})
	if _, missing := errors.AsType[*types.ResourceNotFoundException](err); missing {
		return
	}
	if err == nil {
		often := func(o *dynamodb.TableNotExistsWaiterOptions) {
			o.MinDelay, o.MaxDelay = 100*time.Millisecond, time.Second
		}
		err = dynamodb.NewTableNotExistsWaiter(db, often).Wait(ctx, &dynamodb.DescribeTableInput{TableName: &name}, time.Minute)
	}
	if err != nil {
		t.Errorf("drop table: %v", err)
	}
}

// Remove deletes a restaurant from a table, as a person with the console may.
func Remove(t *testing.T, cfg aws.Config, table, id string) {
	t.Helper()
	_, err := dynamodb.NewFromConfig(cfg).DeleteItem(t.Context(), &dynamodb.DeleteItemInput{
		TableName: &table, Key: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: id}},
	})
	if err != nil {
		t.Fatalf("delete item: %v", err)
	}
}
