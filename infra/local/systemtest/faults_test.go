package systemtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streams "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/jackc/pgx/v5"

	"jari.example/infra/local/fault"
	"jari.example/infra/local/launch"
	"jari.example/infra/local/parts"
	"jari.example/internal/faultinject"
	"jari.example/internal/secret"
	"jari.example/internal/ses"
	"jari.example/internal/wait"
	"jari.example/telemetry/names"
	"jari.example/telemetry/names/realpart"
)

// faultCases turns on the test of all injected faults. It stops parts of the system, so
// it runs alone.
const faultCases = "JARI_FAULT_CASES"

// faultTest is a running system into which faults are injected.
type faultTest struct {
	*testing.T
	client     fault.Client
	launcher   *launch.Client
	edge       string
	restaurant string
	slow       *http.Client
}

func newFaultTest(t *testing.T) *faultTest {
	if os.Getenv(faultCases) == "" {
		t.Skipf("takes minutes and stops parts of the system; `make test-full` runs it alone, with %s=yes", faultCases)
	}
	launcher := launch.Dial(launch.SocketPath(realpart.Need(t, "JARI_DIR")))
	f := &faultTest{
		T: t, client: fault.Client{Launcher: launcher}, launcher: launcher, edge: realpart.Need(t, realpart.Edge),
		slow: &http.Client{Timeout: 15 * time.Second},
	}
	f.restaurant = get[struct{ Items []struct{ ID string } }](t, f.edge+"/v1/restaurants?limit=1").Items[0].ID
	t.Cleanup(func() {
		if _, err := f.client.Off(context.Background(), "", ""); err != nil {
			t.Error(err)
		}
	})
	return f
}

// status is the status of a response, or why there was none.
func (f *faultTest) status(method, url, body string) (code int, seen string) {
	req, err := http.NewRequestWithContext(f.Context(), method, url, strings.NewReader(body))
	if err != nil {
		f.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := f.slow.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(res.Body, 300))
	return res.StatusCode, fmt.Sprintf("%d %s", res.StatusCode, text)
}

// failing is an effect: a request gets no response, or one of 500 or above.
func (f *faultTest) failing(method, path, body string) effect {
	return func() (bool, string) {
		code, seen := f.status(method, f.edge+path, body)
		return code == 0 || code >= 500, seen
	}
}

func (f *faultTest) freeTimes() effect {
	now := time.Now().UTC()
	return f.failing("GET", "/v1/restaurants/"+f.restaurant+"/availability?"+url.Values{
		"from": {now.Format(time.RFC3339)}, "to": {now.AddDate(0, 0, 2).Format(time.RFC3339)}, "party": {"1"},
	}.Encode(), "")
}

func (f *faultTest) logIns() effect {
	// A new account for each attempt, because the cases may have lost the sessions of others.
	email := fmt.Sprintf("fault-%d@example.com", time.Now().UnixNano())
	f.status("POST", f.edge+"/v1/users", `{"email": "`+email+`", "password": "a long enough password", "name": "Fault"}`)
	return f.failing("POST", "/v1/sessions", `{"email": "`+email+`", "password": "a long enough password"}`)
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
	path := realpart.Need(f.T, "JARI_DIR") + "/log/" + log + ".log"
	begin, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	from := len(begin)
	return func() (bool, string) {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		fresh := string(text[from:])
		from = len(text)
		return strings.Contains(fresh, `"`+event+`"`), fmt.Sprintf("%d bytes of log", len(fresh))
	}
}

// effect reports whether the system fails as the fault says, and what it saw.
type effect func() (fails bool, seen string)

// await waits until the effect is there, or is not there any more.
func (f *faultTest) await(what string, e effect, want bool, limit time.Duration) {
	f.Helper()
	ctx, cancel := context.WithTimeout(f.Context(), limit)
	defer cancel()
	begin := time.Now()
	var seen string
	if err := wait.Until(ctx, 200*time.Millisecond, func() bool {
		var fails bool
		fails, seen = e()
		return fails == want
	}); err != nil {
		f.Fatalf("%s: waited %s for fails=%t; last seen: %s", what, limit, want, seen)
	}
	f.Logf("%s: fails=%t after %.1f s: %.120s", what, want, time.Since(begin).Seconds(), seen)
}

// faultCase says how the effect of a fault is seen.
type faultCase struct {
	request fault.Request
	effect  func(*faultTest) effect
	within  time.Duration // how long the effect may take; 0: 20 s
}

func faultsToTry() []faultCase {
	freeTimes := (*faultTest).freeTimes
	logIns := (*faultTest).logIns
	return []faultCase{
		{request: fault.Request{Fault: "database-refuse"}, effect: freeTimes},
		{request: fault.Request{Fault: "database-lock"}, effect: freeTimes},
		{request: fault.Request{Fault: "pool-exhausted"}, effect: freeTimes},
		{request: fault.Request{Fault: "overbooked-counter"}, within: 90 * time.Second, effect: func(f *faultTest) effect {
			return f.logged("reservation-kr", names.EventInvariantViolated)
		}},
		{request: fault.Request{Fault: "service-killed"}, effect: freeTimes},
		{request: fault.Request{Fault: "service-hung"}, effect: freeTimes},
		{request: fault.Request{Fault: "service-killed", Service: "gateway"}, effect: freeTimes},
		{request: fault.Request{Fault: "redis-away"}, effect: logIns},
		{request: fault.Request{Fault: "redis-hung"}, effect: logIns},
		{request: fault.Request{Fault: "opensearch-hung"}, effect: func(f *faultTest) effect {
			return f.failing("GET", "/v1/restaurants?q=a", "")
		}},
		{request: fault.Request{Fault: "opensearch-read-only"}, effect: (*faultTest).telemetryRefused},
		{request: fault.Request{Fault: "indexer-stopped"}, effect: func(f *faultTest) effect { return f.noProcess("indexer-kr") }},
		{request: fault.Request{Fault: "agent-stopped"}, effect: func(f *faultTest) effect { return f.noProcess("agent") }},
		{request: fault.Request{Fault: "ses-refuses"}, effect: func(f *faultTest) effect { return f.mailRefused(ses.Misconfigured) }},
		{request: fault.Request{Fault: "ses-throttles", Percent: 100}, effect: func(f *faultTest) effect { return f.mailRefused(ses.Throttled) }},
		{request: fault.Request{Fault: "stream-stuck"}, effect: (*faultTest).streamStuck},
		{request: fault.Request{Fault: faultinject.RouteErrors, Route: lookUps, Percent: 100}, effect: freeTimes},
		{request: fault.Request{Fault: faultinject.RoutePanics, Route: lookUps, Percent: 100}, effect: freeTimes},
		{request: fault.Request{Fault: faultinject.RouteDelay, Route: lookUps, Delay: 3 * time.Second}, effect: func(f *faultTest) effect {
			lookUp := f.freeTimes()
			return func() (bool, string) {
				begin := time.Now()
				_, seen := lookUp()
				return time.Since(begin) >= 3*time.Second, seen
			}
		}},
		{request: fault.Request{Fault: "outbox-stopped"}, effect: (*faultTest).eventsWait},
		{request: fault.Request{Fault: faultinject.MemoryLeak}, effect: func(f *faultTest) effect {
			return f.above("/debug/pprof/heap?gc=1&debug=1", `# HeapAlloc = (\d+)`, 60<<20)
		}},
		{request: fault.Request{Fault: faultinject.GoroutineLeak}, effect: func(f *faultTest) effect {
			return f.above("/debug/pprof/goroutine?debug=1", `total (\d+)`, 2000)
		}},
		{request: fault.Request{Fault: faultinject.LogFlood}, effect: func(f *faultTest) effect {
			return f.logged("reservation-kr", "one of too many lines, written by the feature flag log-flood")
		}},
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
	conn, err := pgx.Connect(f.Context(), strings.TrimSuffix(realpart.Need(f.T, realpart.Postgres), "postgres")+parts.ReservationDatabase(region))
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

// Each fault is seen while it is on, and not any more after its end, whether that comes
// by itself or by a command.
func TestEveryInjectedFaultHasItsEffectUntilItEnds(t *testing.T) {
	f := newFaultTest(t)
	tried := map[string]bool{}
	for _, c := range faultsToTry() {
		tried[c.request.Fault] = true
		name := c.request.Fault
		if c.request.Service != "" {
			name += " of " + c.request.Service
		}
		t.Run(name, func(t *testing.T) {
			f := &faultTest{t, f.client, f.launcher, f.edge, f.restaurant, f.slow}
			f.tryFault(c)
		})
	}
	for _, known := range fault.Faults() {
		if !tried[known.Name] {
			t.Errorf("the fault %s is not tried", known.Name)
		}
	}
	f.awaitEvents(tried)
}

func (f *faultTest) tryFault(c faultCase) {
	limit := max(c.within, 20*time.Second)
	e := c.effect(f)
	f.await("before", e, false, time.Minute)
	c.request.For = limit
	f.begin(c.request)
	f.await("on", e, true, limit)
	if _, err := f.client.Off(f.Context(), c.request.Fault, ""); err != nil {
		f.Fatal(err)
	}
	f.await("off", e, false, 90*time.Second)
	if c.within != 0 {
		return // a second round would take minutes; the same code ends it
	}
	c.request.For = 12 * time.Second // requests wait for up to 5 s before they fail
	f.begin(c.request)
	f.await("on for 12 s", e, true, limit)
	f.await("12 s later", e, false, 90*time.Second)
	if on, err := f.client.List(f.Context()); err != nil || len(on) != 0 {
		f.Errorf("still on: %+v, %v", on, err)
	}
}

// begin injects a fault. The part that it stops may still be starting, after the case
// before.
func (f *faultTest) begin(r fault.Request) {
	f.Helper()
	ctx, cancel := context.WithTimeout(f.Context(), time.Minute)
	defer cancel()
	var err error
	if wait.Until(ctx, 200*time.Millisecond, func() bool {
		_, err = f.client.On(ctx, r)
		return err == nil || !strings.Contains(err.Error(), "try again when it is up")
	}) != nil || err != nil {
		f.Fatal(err)
	}
}

// telemetryRefused is an effect: OpenSearch refuses a log line.
func (f *faultTest) telemetryRefused() effect {
	today := names.LogIndex + time.Now().UTC().Format("2006.01.02")
	target := realpart.Need(f.T, realpart.OpenSearch) + "/" + today + "/_doc"
	return func() (bool, string) {
		code, seen := f.status("POST", target, `{"@timestamp": "`+time.Now().UTC().Format(time.RFC3339)+`", "body": "a line of the test of faults"}`)
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

// mailRefused is an effect: SES does not accept a mail, as notification sees it.
func (f *faultTest) mailRefused(want ses.Outcome) effect {
	sender := ses.New(f.aws())
	return func() (bool, string) {
		err := sender.Send(f.Context(), ses.Mail{
			To:  secret.New("success@simulator.amazonses.com"),
			Raw: secret.New("From: " + parts.MailFrom + "\r\nTo: success@simulator.amazonses.com\r\nSubject: faults\r\n\r\nfaults\r\n"),
		})
		failed, ok := errors.AsType[*ses.Error](err)
		return ok && failed.Outcome == want, fmt.Sprint(err)
	}
}

// streamStuck is an effect: the changes of the catalogue cannot be read.
func (f *faultTest) streamStuck() effect {
	client := dynamodbstreams.NewFromConfig(f.aws())
	table, err := dynamodb.NewFromConfig(f.aws()).DescribeTable(f.Context(), &dynamodb.DescribeTableInput{TableName: aws.String(parts.CatalogueTable(region))})
	if err != nil {
		f.Fatal(err)
	}
	return func() (bool, string) {
		stream, err := client.DescribeStream(f.Context(), &dynamodbstreams.DescribeStreamInput{StreamArn: table.Table.LatestStreamArn})
		if err != nil {
			f.Fatal(err)
		}
		iterator, err := client.GetShardIterator(f.Context(), &dynamodbstreams.GetShardIteratorInput{
			StreamArn: table.Table.LatestStreamArn, ShardId: stream.StreamDescription.Shards[0].ShardId, ShardIteratorType: streams.ShardIteratorTypeLatest,
		})
		if err != nil {
			f.Fatal(err)
		}
		_, err = client.GetRecords(f.Context(), &dynamodbstreams.GetRecordsInput{ShardIterator: iterator.ShardIterator})
		return err != nil, fmt.Sprint(err)
	}
}

// awaitEvents waits until OpenSearch has a line for the beginning and the end of every
// fault.
func (f *faultTest) awaitEvents(tried map[string]bool) {
	f.Helper()
	search := realpart.Need(f.T, realpart.OpenSearch) + "/" + names.LogIndex + "*/_search?size=1000&q=" +
		url.QueryEscape(names.EventName+":fault_injection.*")
	f.await("events in OpenSearch", func() (bool, string) {
		found := get[struct {
			Hits struct {
				Hits []struct {
					Source map[string]any `json:"_source"`
				}
			}
		}](f.T, search)
		missing := map[string]bool{}
		for name := range tried {
			missing[name+" "+names.EventFaultBegan], missing[name+" "+names.EventFaultEnded] = true, true
		}
		for _, h := range found.Hits.Hits {
			delete(missing, fmt.Sprint(h.Source[names.Fault], " ", h.Source[names.EventName]))
		}
		return len(missing) == 0, fmt.Sprintf("%d hits; missing %v", len(found.Hits.Hits), missing)
	}, true, 2*time.Minute)
}
