package parts

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streams "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"jari.example/infra/local/artifact"
	"jari.example/infra/local/mailbox"
	"jari.example/internal/ses"
	"jari.example/internal/wait"
	"jari.example/telemetry/names/realpart"
)

// motoProcess is a moto of the test's own, started as the launcher starts it, that
// keeps this many mails.
type motoProcess struct {
	url, mails string
	pid        int
}

func startMoto(t *testing.T, keep int, env ...string) motoProcess {
	realpart.Need(t, realpart.AWS) // then moto is in the cache
	cache, err := artifact.DefaultCache(os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	s := system(t, nil)
	s.Cache = cache
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().(*net.TCPAddr)
	_ = l.Close()
	aws := part(t, s, "aws")
	if err := aws.Prepare(t.Context(), quiet); err != nil {
		t.Fatal(err)
	}
	c, err := aws.Command(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c.Args[len(c.Args)-1] = strconv.Itoa(addr.Port)
	cmd := exec.Command(c.Path, c.Args...)
	cmd.Env = append(append(c.Env, fmt.Sprint("JARI_MAIL_KEEP=", keep)), env...) // the last value counts
	cmd.Dir = t.TempDir()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	url := "http://" + addr.String()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := wait.Until(ctx, 50*time.Millisecond, func() bool { return respondsTo(url+"/moto-api/")(ctx) == nil }); err != nil {
		t.Fatal(err)
	}
	return motoProcess{url: url, mails: s.mailDir(), pid: cmd.Process.Pid}
}

// post sends a request of SES's version 2.
func (m motoProcess) post(path string, body any) error {
	text, _ := json.Marshal(body)
	req, err := http.NewRequest(http.MethodPost, m.url+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization",
		"AWS4-HMAC-SHA256 Credential=local/20261122/ap-northeast-2/ses/aws4_request, SignedHeaders=host, Signature=0")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if text, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s %s", path, res.Status, text)
	}
	return nil
}

// send sends mails from..to-1, four at a time, each with padding bytes.
func (m motoProcess) send(t *testing.T, from, to, padding int) {
	t.Helper()
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := from + worker; i < to; i += 4 {
				raw := fmt.Sprintf("From: no-reply@jari.example\r\nTo: d@diner.example\r\nSubject: mail %d\r\n\r\n%s", i, strings.Repeat("x", padding))
				err := m.post("/v2/email/outbound-emails", map[string]any{
					"FromEmailAddress": MailFrom, "Destination": map[string]any{"ToAddresses": []string{"d@diner.example"}},
					"Content": map[string]any{"Raw": map[string]any{"Data": base64.StdEncoding.EncodeToString([]byte(raw))}},
				})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// resident is how much memory moto uses, in bytes.
func (m motoProcess) resident(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", m.pid))
	if err != nil {
		t.Fatal(err)
	}
	found := resident.FindSubmatch(status)
	if found == nil {
		t.Fatalf("no VmRSS in %s", status)
	}
	kib, _ := strconv.Atoi(string(found[1]))
	return kib << 10
}

// inMemory counts the objects of a model that moto holds.
func (m motoProcess) inMemory(t *testing.T, service, model string) int {
	t.Helper()
	res, err := http.Get(m.url + "/moto-api/data.json")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var data map[string]map[string][]json.RawMessage
	if err := json.NewDecoder(res.Body).Decode(&data); err != nil {
		t.Fatal(err)
	}
	return len(data[service][model])
}

var (
	threads  = regexp.MustCompile(`Threads:\s+(\d+)`)
	resident = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)
)

func TestManyMailsLeaveMotoSmallAndTheLastInTheMailbox(t *testing.T) {
	const keep, sent, size = 200, 800, 64 << 10
	m := startMoto(t, keep)
	if err := m.post("/v2/email/identities", map[string]any{"EmailIdentity": MailFrom}); err != nil {
		t.Fatal(err)
	}
	m.send(t, 0, keep, size)
	before := m.resident(t)
	m.send(t, keep, sent, size)
	if grown := m.resident(t) - before; grown > (sent-keep)*size/2 {
		t.Errorf("moto has grown by %d bytes since it has the mails that it keeps; the further ones had %d", grown, (sent-keep)*size)
	}
	if n := m.inMemory(t, "ses", "RawMessage"); n != keep {
		t.Errorf("moto holds %d mails in memory, want %d", n, keep)
	}
	files, err := filepath.Glob(filepath.Join(m.mails, "*"))
	if err != nil || len(files) != keep {
		t.Errorf("%d files, want %d (%v)", len(files), keep, err)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", m.pid))
	if err != nil {
		t.Fatal(err)
	}
	if found := threads.FindSubmatch(status); found == nil || len(found[1]) > 2 {
		t.Errorf("moto has %s threads", found[1])
	}
	// Four senders do not advance equally, so only the ends of the order are certain.
	first, last := "mail 0", fmt.Sprint("mail ", sent-1)
	if shown := allShown(t, m.mails); len(shown) != keep || shown[first] || !shown[last] {
		t.Errorf("the mailbox shows %d mails; the first is among them: %v, the last: %v", len(shown), shown[first], shown[last])
	}
}

func TestMotoSaysHowManyMailsASecondMayBeSent(t *testing.T) {
	m := startMoto(t, 10)
	got, err := ses.New(cloud{url: m.url, dir: t.TempDir()}.config("kr")).MaxSendRate(t.Context())
	if err != nil || fmt.Sprint(got) != mailRate {
		t.Errorf("%v mails a second, %v; want %s", got, err, mailRate)
	}
}

// allShown are the subjects on all pages of a mailbox.
func allShown(t *testing.T, dir string) map[string]bool {
	server := mailbox.New(mailbox.Folder(dir))
	shown := map[string]bool{}
	for page := 1; page > 0; {
		w := httptest.NewRecorder()
		server.ServeHTTP(w, httptest.NewRequest(http.MethodGet, fmt.Sprint("/api/messages?page=", page), nil))
		var list struct {
			Messages []struct{ Subject string }
			Older    int
		}
		if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil {
			t.Fatal(err)
		}
		for _, m := range list.Messages {
			shown[m.Subject] = true
		}
		page = list.Older
	}
	return shown
}

// Each poll of a stream makes an iterator. The indexers poll all the time, so these
// and not mails were most of what moto held.
func TestPollsOfAStreamLeaveNothingInMoto(t *testing.T) {
	m := startMoto(t, 10)
	c := cloud{url: m.url, dir: t.TempDir()}
	if _, err := c.create(t.Context()); err != nil {
		t.Fatal(err)
	}
	table := CatalogueTable("kr")
	described, err := dynamodb.NewFromConfig(c.config("kr")).DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &table})
	if err != nil {
		t.Fatal(err)
	}
	client, arn := dynamodbstreams.NewFromConfig(c.config("kr")), described.Table.LatestStreamArn
	stream, err := client.DescribeStream(t.Context(), &dynamodbstreams.DescribeStreamInput{StreamArn: arn})
	if err != nil {
		t.Fatal(err)
	}
	first, err := client.GetShardIterator(t.Context(), &dynamodbstreams.GetShardIteratorInput{
		StreamArn: arn, ShardId: stream.StreamDescription.Shards[0].ShardId, ShardIteratorType: streams.ShardIteratorTypeTrimHorizon})
	if err != nil {
		t.Fatal(err)
	}
	for iterator, polls := first.ShardIterator, 0; polls < 300; polls++ {
		records, err := client.GetRecords(t.Context(), &dynamodbstreams.GetRecordsInput{ShardIterator: iterator})
		if err != nil {
			t.Fatalf("poll %d: %v", polls, err)
		}
		iterator = records.NextShardIterator
	}
	if n := m.inMemory(t, "dynamodbstreams", "ShardIterator"); n > 100 {
		t.Errorf("moto tracks %d iterators after 300 polls", n)
	}
	if _, err := client.GetRecords(t.Context(), &dynamodbstreams.GetRecordsInput{ShardIterator: first.ShardIterator}, once); err == nil {
		t.Error("moto still knows the first of 300 iterators")
	}
}

// Python's threads take turns every 5 ms, and a write seldom lasts that long. Here they do
// so every 10 µs: without the lock of moto_server.py 2 to 20 of the 300 items are written twice.
func TestOfConcurrentWritesWithOneConditionOneSucceeds(t *testing.T) {
	const items, writers = 300, 8
	startup := t.TempDir()
	frequently := []byte("import sys\nsys.setswitchinterval(1e-5)\n")
	if err := os.WriteFile(filepath.Join(startup, "sitecustomize.py"), frequently, 0o600); err != nil {
		t.Fatal(err)
	}
	m := startMoto(t, 10, "PYTHONPATH="+startup)
	c := cloud{url: m.url, dir: t.TempDir()}
	if _, err := c.create(t.Context()); err != nil {
		t.Fatal(err)
	}
	table, db := CatalogueTable("kr"), dynamodb.NewFromConfig(c.config("kr"))
	for i := range items {
		var wrote atomic.Int64
		var wg sync.WaitGroup
		for range writers {
			wg.Go(func() {
				_, err := db.PutItem(t.Context(), &dynamodb.PutItemInput{
					TableName: &table, ConditionExpression: aws.String("attribute_not_exists(id)"),
					Item: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: fmt.Sprint("item-", i)}},
				}, func(o *dynamodb.Options) { o.RetryMaxAttempts = 1 })
				if err == nil {
					wrote.Add(1)
				} else if _, refused := errors.AsType[*types.ConditionalCheckFailedException](err); !refused {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := wrote.Load(); n != 1 {
			t.Errorf("item %d: %d writes succeeded, want 1", i, n)
		}
	}
}

// once makes a single attempt of a request.
func once(o *dynamodbstreams.Options) {
	o.RetryMaxAttempts = 1
}
