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
	"jari.example/internal/wait"
	"jari.example/telemetry/names"
)

// MailFrom is the sender that is registered with SES.
const MailFrom = "no-reply@jari.example"

// CatalogueTable is the DynamoDB table of a region's restaurants.
func CatalogueTable(region string) string { return "jari-catalogue-" + region }

// cloud creates the tables and the sender that the services need in AWS.
type cloud struct {
	url string
	dir string // of the snapshots
}

func (s *System) cloud() cloud {
	return cloud{url: s.AWSURL(), dir: filepath.Join(s.Dir, "data", "aws")}
}

// awsEnv has the changes to a service's environment. The user's own credentials
// are used only with the user's own endpoint.
func (s *System) awsEnv() []string {
	if s.Getenv("JARI_AWS_ENDPOINT_URL") != "" && s.Getenv("AWS_ACCESS_KEY_ID") != "" {
		return nil
	}
	return []string{
		"AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_SESSION_TOKEN", "AWS_PROFILE", // both removed
	}
}

func (c cloud) config(region string) aws.Config {
	return aws.Config{
		Region: names.Regions[region], BaseEndpoint: &c.url,
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	}
}

// create creates the tables and the senders that are missing. created has the
// regions whose table is new.
func (c cloud) create(ctx context.Context) (created []string, err error) {
	for _, region := range Regions {
		isNew, err := c.createTable(ctx, region)
		if err != nil {
			return nil, err
		}
		if isNew {
			created = append(created, region)
		}
		_, err = sesv2.NewFromConfig(c.config(region)).CreateEmailIdentity(ctx,
			&sesv2.CreateEmailIdentityInput{EmailIdentity: aws.String(MailFrom)})
		if _, exists := errors.AsType[*ses.AlreadyExistsException](err); err != nil && !exists {
			return nil, err
		}
	}
	return created, nil
}

func (c cloud) createTable(ctx context.Context, region string) (created bool, err error) {
	_, err = dynamodb.NewFromConfig(c.config(region)).CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:            aws.String(CatalogueTable(region)),
		AttributeDefinitions: []dynamo.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: dynamo.ScalarAttributeTypeS}},
		KeySchema:            []dynamo.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: dynamo.KeyTypeHash}},
		BillingMode:          dynamo.BillingModePayPerRequest,
		StreamSpecification: &dynamo.StreamSpecification{
			StreamEnabled: aws.Bool(true), StreamViewType: dynamo.StreamViewTypeNewAndOldImages,
		},
	})
	if _, exists := errors.AsType[*dynamo.ResourceInUseException](err); exists {
		return false, nil
	}
	return err == nil, err
}

// restore creates what is missing and fills new tables from their snapshots.
func (c cloud) restore(ctx context.Context, report launch.Progress) error {
	created, err := c.create(ctx)
	if err != nil {
		return err
	}
	for _, region := range created {
		items, err := c.load(region)
		if err != nil {
			return err
		}
		db := dynamodb.NewFromConfig(c.config(region))
		for _, item := range items {
			_, err := db.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(CatalogueTable(region)), Item: item})
			if err != nil {
				return err
			}
		}
		if len(items) > 0 {
			report("restored %d items of %s", len(items), CatalogueTable(region))
		}
	}
	return nil
}

// snapshotEvery bounds how much data a crash of moto, which stores everything in
// memory, may lose.
const snapshotEvery = 10 * time.Second

// snapshotPeriodically writes snapshots until ctx ends, and a final one then.
func (c cloud) snapshotPeriodically(ctx context.Context) {
	for wait.For(ctx, snapshotEvery) == nil {
		c.snapshot(ctx)
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	c.snapshot(last)
}

// snapshot writes a snapshot of each table that can be read. The others keep
// their last one: moto may have just crashed, and will be restored from it.
func (c cloud) snapshot(ctx context.Context) {
	for _, region := range Regions {
		items, err := c.scan(ctx, region)
		if err == nil {
			_ = c.save(region, items)
		}
	}
}

func (c cloud) scan(ctx context.Context, region string) (items []map[string]dynamo.AttributeValue, err error) {
	pages := dynamodb.NewScanPaginator(dynamodb.NewFromConfig(c.config(region)),
		&dynamodb.ScanInput{TableName: aws.String(CatalogueTable(region))})
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

// save writes one item per line, in a new file that replaces the old one.
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
	lines.Buffer(nil, 1<<20) // an item of DynamoDB has at most 400 KB
	for lines.Scan() {
		item, err := attributevalue.UnmarshalMapJSON(lines.Bytes())
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, lines.Err()
}
