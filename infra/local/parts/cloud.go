package parts

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamo "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	ses "github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"jari.example/infra/local/launch"
	"jari.example/telemetry/names"
)

// MailFrom is the sender SES knows.
const MailFrom = "no-reply@jari.example"

// CatalogueTable is the DynamoDB table of a region's restaurants.
func CatalogueTable(region string) string { return "jari-catalogue-" + region }

// cloud makes what the services expect to find in AWS.
type cloud struct {
	url string
	dir string // of the snapshots
}

func (s *System) cloud() cloud {
	return cloud{url: s.AWSURL(), dir: filepath.Join(s.Dir, "data", "aws")}
}

// awsEnv is what a service finds in its environment. Credentials of the
// user's own count only for an endpoint of the user's own.
func (s *System) awsEnv() []string {
	if s.Getenv("JARI_AWS_ENDPOINT_URL") != "" && s.Getenv("AWS_ACCESS_KEY_ID") != "" {
		return nil
	}
	return []string{"AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local", "AWS_EC2_METADATA_DISABLED=true", "AWS_SESSION_TOKEN", "AWS_PROFILE"}
}

func (c cloud) config(region string) aws.Config {
	return aws.Config{
		Region: names.Regions[region], BaseEndpoint: &c.url,
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	}
}

// create makes the tables and the sender that are missing, and names the
// regions whose table is new.
func (c cloud) create(ctx context.Context) (fresh []string, err error) {
	for _, region := range Regions {
		made, err := c.createTable(ctx, region)
		if err != nil {
			return nil, err
		}
		if made {
			fresh = append(fresh, region)
		}
		_, err = sesv2.NewFromConfig(c.config(region)).CreateEmailIdentity(ctx, &sesv2.CreateEmailIdentityInput{EmailIdentity: aws.String(MailFrom)})
		if _, exists := errors.AsType[*ses.AlreadyExistsException](err); err != nil && !exists {
			return nil, err
		}
	}
	return fresh, nil
}

func (c cloud) createTable(ctx context.Context, region string) (made bool, err error) {
	_, err = dynamodb.NewFromConfig(c.config(region)).CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:            aws.String(CatalogueTable(region)),
		AttributeDefinitions: []dynamo.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: dynamo.ScalarAttributeTypeS}},
		KeySchema:            []dynamo.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: dynamo.KeyTypeHash}},
		BillingMode:          dynamo.BillingModePayPerRequest,
		StreamSpecification:  &dynamo.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: dynamo.StreamViewTypeNewAndOldImages},
	})
	if _, exists := errors.AsType[*dynamo.ResourceInUseException](err); exists {
		return false, nil
	}
	return err == nil, err
}

// restore makes what is missing and fills new tables from their snapshot.
func (c cloud) restore(ctx context.Context, report launch.Progress) error {
	fresh, err := c.create(ctx)
	if err != nil {
		return err
	}
	for _, region := range fresh {
		items, err := c.load(region)
		if err != nil {
			return err
		}
		db := dynamodb.NewFromConfig(c.config(region))
		for _, item := range items {
			if _, err := db.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(CatalogueTable(region)), Item: item}); err != nil {
				return err
			}
		}
		if len(items) > 0 {
			report("restored %d items of %s", len(items), CatalogueTable(region))
		}
	}
	return nil
}

// snapshotPeriodically writes snapshots until ctx ends, and one then.
func (c cloud) snapshotPeriodically(ctx context.Context) {
	for {
		select {
		case <-time.After(snapshotEvery):
			c.snapshot(ctx)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			c.snapshot(last)
			return
		}
	}
}

// snapshot writes each table that can be read. One that cannot keeps its last
// snapshot: moto may have just died, and comes back with it.
func (c cloud) snapshot(ctx context.Context) {
	for _, region := range Regions {
		items, err := c.scan(ctx, region)
		if err == nil {
			_ = c.save(region, items)
		}
	}
}

func (c cloud) scan(ctx context.Context, region string) (items []map[string]dynamo.AttributeValue, err error) {
	pages := dynamodb.NewScanPaginator(dynamodb.NewFromConfig(c.config(region)), &dynamodb.ScanInput{TableName: aws.String(CatalogueTable(region))})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		items = append(items, page.Items...)
	}
	return items, nil
}

func (c cloud) file(region string) string {
	return filepath.Join(c.dir, CatalogueTable(region)+".jsonl")
}

// save writes one item a line, in a new file that replaces the old one.
func (c cloud) save(region string, items []map[string]dynamo.AttributeValue) error {
	var text bytes.Buffer
	for _, item := range items {
		line, err := attributevalue.MarshalMapJSON(item)
		if err != nil {
			return err
		}
		text.Write(line)
		text.WriteByte('\n')
	}
	if old, err := os.ReadFile(c.file(region)); err == nil && bytes.Equal(old, text.Bytes()) {
		return nil
	}
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return err
	}
	fresh := c.file(region) + ".new"
	if err := os.WriteFile(fresh, text.Bytes(), 0o644); err != nil {
		return err
	}
	return os.Rename(fresh, c.file(region))
}

func (c cloud) load(region string) (items []map[string]dynamo.AttributeValue, err error) {
	text, err := os.ReadFile(c.file(region))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(strings.NewReader(string(text)))
	lines.Buffer(nil, 1<<20) // DynamoDB's items end at 400 KB
	for lines.Scan() {
		item, err := attributevalue.UnmarshalMapJSON(lines.Bytes())
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, lines.Err()
}
