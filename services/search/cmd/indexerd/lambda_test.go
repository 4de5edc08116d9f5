package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"jari.example/internal/awsconf/lambdatest"
	"jari.example/internal/wait"
	"jari.example/services/search/dynamo/dynamotest"
	"jari.example/telemetry/names/realpart"
)

// programDir is where the tests of Lambda build indexerd, once.
var programDir string

func TestMain(m *testing.M) {
	code := m.Run()
	if programDir != "" {
		_ = os.RemoveAll(programDir)
	}
	os.Exit(code)
}

var program = sync.OnceValues(func() (file string, err error) {
	if programDir, err = os.MkdirTemp("", "jari-indexerd-"); err != nil {
		return "", err
	}
	file = filepath.Join(programDir, "bootstrap")
	if out, err := exec.Command("go", "build", "-o", file, ".").CombinedOutput(); err != nil {
		return "", errors.New(string(out))
	}
	return file, nil
})

func (w environment) flags() []string {
	return []string{"--opensearch-url", os.Getenv(realpart.OpenSearch), "--aws-endpoint-url", os.Getenv(realpart.AWS),
		"--catalogue-index", w.name, "--catalogue-table", w.name}
}

// rebuild runs the one-off task.
func (w environment) rebuild() {
	w.t.Helper()
	if err := run(w.t.Context(), append(w.flags(), "--task", "rebuild"), noEnv, io.Discard, io.Discard); err != nil {
		w.t.Fatal(err)
	}
}

// function is the built program in Lambda. more flags come last.
func (w environment) function(more ...string) *lambdatest.Function {
	w.t.Helper()
	file, err := program()
	if err != nil {
		w.t.Fatal(err)
	}
	return lambdatest.New(w.t, 5*time.Second, func() *exec.Cmd {
		cmd := exec.Command(file, append(w.flags(), more...)...)
		cmd.Env = os.Environ()
		return cmd
	})
}

// proxy is before OpenSearch.
type proxy struct {
	*httptest.Server
	rejectBulk atomic.Int64 // of so many bulk responses the second item becomes a 429
	hang       atomic.Int64 // so many requests get no response
	bulks      atomic.Int64
}

func newProxy(t *testing.T) *proxy {
	target, err := url.Parse(realpart.Need(t, realpart.OpenSearch))
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{}
	forward := httputil.NewSingleHostReverseProxy(target)
	forward.ModifyResponse = func(r *http.Response) error {
		if !strings.HasSuffix(r.Request.URL.Path, "/_bulk") {
			return nil
		}
		p.bulks.Add(1)
		if p.rejectBulk.Add(-1) < 0 {
			return nil
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		body = secondRejected(body)
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		r.Header.Del("Content-Length")
		return nil
	}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.hang.Add(-1) >= 0 {
			_, _ = io.Copy(io.Discard, r.Body) // before that net/http does not see that the client leaves
			<-r.Context().Done()
			return
		}
		r.Header.Del("Accept-Encoding") // so that a response can be changed
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

// secondRejected is the response to a bulk request of which the second item was not written.
func secondRejected(body []byte) []byte {
	var response map[string]any
	if json.Unmarshal(body, &response) != nil {
		return body
	}
	items, _ := response["items"].([]any)
	if len(items) > 1 {
		for _, result := range items[1].(map[string]any) {
			result.(map[string]any)["status"] = http.StatusTooManyRequests
			result.(map[string]any)["error"] = map[string]any{"type": "rejected_execution_exception"}
		}
	}
	body, _ = json.Marshal(response)
	return body
}

// batches counts the records of each invocation.
func batches(f *lambdatest.Function, sizes *[]int) func(context.Context, []byte) ([]byte, error) {
	return func(ctx context.Context, payload []byte) ([]byte, error) {
		var e events.DynamoDBEvent
		_ = json.Unmarshal(payload, &e) // of Mapping
		*sizes = append(*sizes, len(e.Records))
		return f.Invoke(ctx, payload)
	}
}

func TestLambdaSendsOnlyWhatWasNotWritten(t *testing.T) {
	p, w := newProxy(t), newEnvironment(t)
	w.rebuild()
	p.rejectBulk.Store(1)
	for _, id := range []string{"a", "b", "c"} {
		w.put(id, "Partial", 0)
	}
	records := w.records()
	var sizes []int
	f := w.function("--opensearch-url", p.URL)
	m := dynamotest.Mapping{Invoke: batches(f, &sizes), Attempts: 3, Failed: func(given []events.DynamoDBEventRecord) {
		t.Errorf("%d records were given up", len(given))
	}}
	if err := m.Send(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	w.waitForHits("partial", 3)
	if len(sizes) != 2 || sizes[0] != 3 || sizes[1] != 2 {
		t.Errorf("batches of %v records, want 3 and then the 2 from the failed one on", sizes)
	}
	if err := m.Send(t.Context(), records); err != nil { // a duplicate
		t.Fatal(err)
	}
	w.waitForHits("partial", 3)
}

func TestLambdaIsNotBlockedByARecordThatCannotBeIndexed(t *testing.T) {
	w := newEnvironment(t)
	w.rebuild()
	w.put("first", "Healthy", 0)
	_, err := dynamodb.NewFromConfig(w.cfg).PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String(w.name),
		Item: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "poison"}}})
	if err != nil {
		t.Fatal(err)
	}
	w.put("last", "Healthy", 0)
	var sizes []int
	m := dynamotest.Mapping{Invoke: batches(w.function(), &sizes), Attempts: 3}
	if err := m.Send(t.Context(), w.records()); err != nil {
		t.Fatal(err)
	}
	w.waitForHits("healthy", 2)
	if len(sizes) != 1 {
		t.Errorf("batches of %v records, want one of 3", sizes)
	}
}

func TestLambdaContinuesAfterATimeout(t *testing.T) {
	p, w := newProxy(t), newEnvironment(t)
	w.rebuild()
	w.put("slow", "Patience", 0)
	p.hang.Store(1)
	var sizes []int
	f := w.function("--opensearch-url", p.URL)
	if err := (dynamotest.Mapping{Invoke: batches(f, &sizes), Attempts: 3}).Send(t.Context(), w.records()); err != nil {
		t.Fatal(err)
	}
	w.waitForHits("patience", 1)
	if len(sizes) != 2 || f.Starts() != 1 {
		t.Errorf("%d invocations and %d starts, want 2 and 1: the function gives up before Lambda ends it", len(sizes), f.Starts())
	}
}

func TestLambdaStartsAProgramThatHangsAgainAndHalvesItsBatch(t *testing.T) {
	p, w := newProxy(t), newEnvironment(t)
	w.rebuild()
	w.put("frozen-a", "Glacier", 0)
	w.put("frozen-b", "Glacier", 0)
	p.hang.Store(1)
	var sizes []int
	f := w.function("--opensearch-url", p.URL)
	stopped := make(chan error, 1)
	go func() {
		err := wait.Until(t.Context(), 10*time.Millisecond, func() bool { return p.hang.Load() <= 0 }) // it waits for OpenSearch
		stopped <- errors.Join(err, syscall.Kill(f.Pid(), syscall.SIGSTOP))
	}()
	if err := (dynamotest.Mapping{Invoke: batches(f, &sizes), Attempts: 4}).Send(t.Context(), w.records()); err != nil {
		t.Fatal(err)
	}
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	w.waitForHits("glacier", 2)
	if !slices.Equal(sizes, []int{2, 1, 1}) || f.Starts() != 2 {
		t.Errorf("batches of %v and %d starts, want 2, 1, 1 and 2: Lambda ends the program at its timeout", sizes, f.Starts())
	}
}

func TestLambdaGivesUpARangeOfTheStreamAfterItsAttempts(t *testing.T) {
	p, w := newProxy(t), newEnvironment(t)
	w.rebuild()
	w.put("lost", "Gone", 0)
	p.Close() // OpenSearch is away
	given := 0
	m := dynamotest.Mapping{Invoke: w.function("--opensearch-url", p.URL).Invoke, Attempts: 2,
		Failed: func(r []events.DynamoDBEventRecord) { given += len(r) }}
	if err := m.Send(t.Context(), w.records()); err != nil {
		t.Fatal(err)
	}
	if given != 1 {
		t.Errorf("%d records were given up, want 1", given)
	}
}

// records are those of the table's stream, as Lambda sends them.
func (w environment) records() []events.DynamoDBEventRecord {
	w.t.Helper()
	records, err := dynamotest.Records(w.t.Context(), w.cfg, w.name)
	if err != nil {
		w.t.Fatal(err)
	}
	return records
}
