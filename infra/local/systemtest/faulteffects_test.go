package systemtest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streams "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/jackc/pgx/v5"

	"jari.example/infra/local/parts"
	"jari.example/internal/secret"
	"jari.example/internal/ses"
	"jari.example/internal/wait"
	"jari.example/telemetry/names"
	"jari.example/telemetry/names/realpart"
)

// effect reports whether the system fails as a fault says, and what it saw.
type effect func() (fails bool, seen string)

// slow is an effect: another one takes at least that long to see, or fails.
func slow(e effect, delay time.Duration) effect {
	return func() (bool, string) {
		begin := time.Now()
		fails, seen := e()
		return fails || time.Since(begin) >= delay, seen
	}
}

// noProcess is an effect: a part has no process.
func (f *faultTest) noProcess(part string) effect {
	return func() (bool, string) {
		st, err := f.launcher.Status(context.Background())
		if err != nil {
			f.Fatal(err)
		}
		for _, p := range st.Parts {
			if p.Name == part {
				return p.Pid == 0, fmt.Sprintf("%+v", p)
			}
		}
		return false, "there is no such part"
	}
}

// logged is an effect: since it was asked for, a process has written a line with an
// event.
func (f *faultTest) logged(log, event string) effect {
	lines := f.fresh(log)
	return func() (bool, string) {
		text := lines()
		return strings.Contains(text, `"`+event+`"`), fmt.Sprintf("%d bytes of log", len(text))
	}
}

// lookUps is the route of a look-up of free times in the reservation service.
const lookUps = "GET /v1/restaurants/{id}/availability"

// above is an effect: a number of reservation-kr's profiles has grown by more than most.
func (f *faultTest) above(path, pattern string, most int) effect {
	number := regexp.MustCompile(pattern)
	read := func() int {
		res, err := f.slow.Get(realpart.Need(f.T, "JARI_ADDR_RESERVATION_KR_OPS") + path)
		if err != nil {
			return 0
		}
		defer res.Body.Close()
		text, _ := io.ReadAll(res.Body)
		m := number.FindSubmatch(text)
		if m == nil {
			f.Fatalf("%s has no %s", path, pattern)
		}
		n, _ := strconv.Atoi(string(m[1]))
		return n
	}
	before := read()
	return func() (bool, string) {
		n := read()
		return n > before+most, fmt.Sprintf("%d, at the beginning %d", n, before)
	}
}

// eventsWait is an effect: an event in the outbox is not attempted.
func (f *faultTest) eventsWait() effect {
	server := strings.TrimSuffix(realpart.Need(f.T, realpart.Postgres), "postgres")
	conn, err := pgx.Connect(f.Context(), server+parts.ReservationDatabase(region))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = conn.Close(context.Background()) })
	return func() (waits bool, seen string) {
		var id int64 // of an event that the notification service refuses, because nobody knows its kind
		err := conn.QueryRow(f.Context(), `INSERT INTO outbox (event_id, reservation_id, kind, payload, traceparent, created_at, due_at)
			VALUES (gen_random_uuid(), gen_random_uuid(), 'test.of.faults', '{}', '', now(), now()) RETURNING id`).Scan(&id)
		if err != nil {
			f.Fatal(err)
		}
		defer func() { _, _ = conn.Exec(context.Background(), `DELETE FROM outbox WHERE id = $1`, id) }()
		_ = wait.For(f.Context(), 2*time.Second) // the relay polls five times a second
		var due bool
		if err := conn.QueryRow(f.Context(), `SELECT due_at <= now() FROM outbox WHERE id = $1`, id).Scan(&due); err != nil {
			return false, err.Error()
		}
		return due, fmt.Sprintf("still due: %t", due)
	}
}

// telemetryRefused is an effect: OpenSearch refuses a log line.
func (f *faultTest) telemetryRefused() effect {
	today := names.LogIndex + time.Now().UTC().Format("2006.01.02")
	target := realpart.Need(f.T, realpart.OpenSearch) + "/" + today + "/_doc"
	return func() (bool, string) {
		now := time.Now().UTC().Format(time.RFC3339)
		code, seen := f.status("POST", target, `{"@timestamp": "`+now+`", "body": "a line of the test of faults"}`)
		return code == http.StatusForbidden, seen
	}
}

func (f *faultTest) aws() aws.Config {
	endpoint := realpart.Need(f.T, realpart.AWS)
	return aws.Config{
		Region: names.Regions[region], BaseEndpoint: &endpoint, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	}
}

// mailRefused is an effect: SES refuses a mail with an error of a code.
func (f *faultTest) mailRefused(code string) effect {
	sender := ses.New(f.aws())
	return func() (bool, string) {
		err := sender.Send(f.Context(), ses.Mail{
			To:  secret.New("success@simulator.amazonses.com"),
			Raw: secret.New("From: " + parts.MailFrom + "\r\nTo: success@simulator.amazonses.com\r\nSubject: faults\r\n\r\nfaults\r\n"),
		})
		return strings.Contains(fmt.Sprint(err), code), fmt.Sprint(err)
	}
}

// streamStuck is an effect: the changes of the catalogue cannot be read.
func (f *faultTest) streamStuck() effect {
	client := dynamodbstreams.NewFromConfig(f.aws())
	table, err := dynamodb.NewFromConfig(f.aws()).DescribeTable(f.Context(),
		&dynamodb.DescribeTableInput{TableName: aws.String(parts.CatalogueTable(region))})
	if err != nil {
		f.Fatal(err)
	}
	return func() (bool, string) {
		stream, err := client.DescribeStream(f.Context(), &dynamodbstreams.DescribeStreamInput{StreamArn: table.Table.LatestStreamArn})
		if err != nil {
			f.Fatal(err)
		}
		iterator, err := client.GetShardIterator(f.Context(), &dynamodbstreams.GetShardIteratorInput{
			StreamArn: table.Table.LatestStreamArn, ShardId: stream.StreamDescription.Shards[0].ShardId,
			ShardIteratorType: streams.ShardIteratorTypeLatest,
		})
		if err != nil {
			f.Fatal(err)
		}
		_, err = client.GetRecords(f.Context(), &dynamodbstreams.GetRecordsInput{ShardIterator: iterator.ShardIterator})
		return err != nil, fmt.Sprint(err)
	}
}
