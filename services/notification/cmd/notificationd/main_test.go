package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/mail"
	neturl "net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"jari.example/internal/fault"
	"jari.example/internal/postgres/postgrestest"
	"jari.example/internal/serve/servetest"
	"jari.example/internal/ses/sestest"
	"jari.example/services/internal/httpjson"
	"jari.example/services/notification"
	"jari.example/services/notification/storetest"
	"jari.example/telemetry/names"
	"jari.example/telemetry/names/realpart"
)

var update = flag.Bool("update", false, "write golden files")

func noEnv(string) string { return "" }

func TestHelp(t *testing.T) { servetest.Help(t, run, *update) }

func TestReportsAllMistakesTogether(t *testing.T) {
	err := run(t.Context(), []string{"--aws-endpoint-url", "moto", "--mail-from", "me"}, noEnv, &bytes.Buffer{}, nil)
	for _, want := range []string{"-aws-endpoint-url", "-mail-from"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is missing in: %v", want, err)
		}
	}
}

func TestRunsAlone(t *testing.T) {
	d := servetest.Start(t, run)
	if err := post(t, d.URL, storetest.Event()); err != nil {
		t.Fatal(err)
	}
	if err := post(t, d.URL, notification.Event{}); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("an empty event: %v, want invalid", err)
	}
}

// post sends an event as the reservation service does, with its secrets revealed.
func post(t *testing.T, url string, e notification.Event) error {
	t.Helper()
	b, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var wire map[string]any
	if err := json.Unmarshal(b, &wire); err != nil {
		t.Fatal(err)
	}
	wire["reservation"].(map[string]any)["note"] = e.Reservation.Note.Reveal()
	wire["reason"] = e.ClosureReason.Reveal()
	_, err = httpjson.Call[struct{}](t.Context(), http.DefaultClient, http.MethodPost, url+"/internal/events", wire)
	return err
}

// stubService responds to every request with body.
func stubService(t *testing.T, body string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }))
	t.Cleanup(s.Close)
	return s.URL
}

// replicas starts n notificationds on one database and returns them and the
// address that they send mails to. more may override their flags.
func replicas(t *testing.T, n int, more ...string) (running []servetest.Running, to string) {
	t.Helper()
	from := sestest.Verified(t)
	to = sestest.Address()
	args := []string{
		"--database-url", postgrestest.Database(t), "--aws-endpoint-url", realpart.Need(t, realpart.AWS), "--mail-from", from,
		"--user-url", stubService(t, `{"email":"`+to+`","name":"김자리","locale":"ko"}`),
		"--search-url", stubService(t, `{"id":"mosu","name":{"ko":"모수","en":"Mosu"}}`), "--mail-rate", "1000",
	}
	for range n {
		running = append(running, servetest.Start(t, run, append(args, more...)...))
	}
	return running, to
}

// mails waits for n mails, and then a moment for surplus ones.
func mails(t *testing.T, to string, n int) []string {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); len(sestest.SentTo(t, to)) < n; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d mails after 20 s, want %d", len(sestest.SentTo(t, to)), n)
		}
	}
	time.Sleep(500 * time.Millisecond) // two more polls
	got := sestest.SentTo(t, to)
	if len(got) != n {
		t.Errorf("%d mails, want %d", len(got), n)
	}
	return got
}

func TestSendsOneMailPerEvent(t *testing.T) {
	d, to := replicas(t, 1)
	e := storetest.Event()
	for range 3 {
		if err := post(t, d[0].URL, e); err != nil {
			t.Fatal(err)
		}
	}
	raw := mails(t, to, 1)[0]
	if !strings.Contains(raw, "<"+e.ID.String()+"@jari.example>") || !strings.Contains(raw, "multipart/alternative") {
		t.Errorf("the mail is\n%s", raw)
	}
}

func TestReplicasShareTheWorkAndOneMayStop(t *testing.T) {
	d, to := replicas(t, 2)
	const events = 30
	want := map[uuid.UUID]bool{}
	for i := range events {
		e := storetest.Event()
		want[e.ID] = true
		if err := post(t, d[i%2].URL, e); err != nil {
			t.Fatal(err)
		}
		if i == events/2 {
			if err := d[1].Stop(); err != nil {
				t.Fatal(err)
			}
			d[1] = d[0]
		}
	}
	for _, raw := range mails(t, to, events) {
		for id := range want {
			if strings.Contains(raw, "<"+id.String()+"@") {
				delete(want, id)
			}
		}
	}
	if len(want) != 0 {
		t.Errorf("no mail for %d events", len(want))
	}
}

// lossyProxy is a proxy for SES that drops every third response.
func lossyProxy(t *testing.T) (url string, lost *atomic.Int64) {
	t.Helper()
	target, err := neturl.Parse(realpart.Need(t, realpart.AWS))
	if err != nil {
		t.Fatal(err)
	}
	lost = &atomic.Int64{}
	var responses atomic.Int64
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ModifyResponse = func(*http.Response) error {
		if responses.Add(1)%3 == 0 {
			lost.Add(1)
			panic(http.ErrAbortHandler) // the mail is accepted; the connection breaks
		}
		return nil
	}
	s := httptest.NewServer(proxy)
	t.Cleanup(s.Close)
	return s.URL, lost
}

// unknown waits until every event is sent and returns, by event, how many of its
// attempts have an unknown outcome.
func unknown(t *testing.T, database string) map[string]int {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		var left int
		if err := conn.QueryRow(t.Context(), "select count(*) from events where state <> 'sent'").Scan(&left); err != nil {
			t.Fatal(err)
		}
		if left == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d events are not sent after 30 s", left)
		}
	}
	found := map[string]int{}
	var id string
	var n int
	rows, _ := conn.Query(t.Context(), "select id::text, unknown from events")
	if _, err := pgx.ForEachRow(rows, []any{&id, &n}, func() error { found[id] = n; return nil }); err != nil {
		t.Fatal(err)
	}
	return found
}

func TestEachSurplusMailMatchesALostResponse(t *testing.T) {
	database := postgrestest.Database(t)
	ses, lost := lossyProxy(t)
	d, to := replicas(t, 2, "--database-url", database, "--aws-endpoint-url", ses)
	const events = 20
	for i := range events {
		if err := post(t, d[i%2].URL, storetest.Event()); err != nil {
			t.Fatal(err)
		}
	}
	unknown := unknown(t, database)
	got := map[string]int{}
	for _, raw := range sestest.SentTo(t, to) {
		m, err := mail.ReadMessage(strings.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		got[m.Header.Get(names.HeaderEventID)]++
	}
	surplus := 0
	for id, n := range unknown {
		if got[id] != 1+n {
			t.Errorf("event %s: %d mails, %d attempts with unknown outcome", id, got[id], n)
		}
		surplus += n
	}
	if len(unknown) != events || len(got) != events || surplus == 0 || surplus != int(lost.Load()) {
		t.Errorf("%d events, mails of %d; %d surplus mails, %d lost responses", len(unknown), len(got), surplus, lost.Load())
	}
}

func TestReturnsUndeliverableReservations(t *testing.T) {
	for _, address := range []string{"nobody", "김민지@example.com", "a@b"} {
		t.Run(address, func(t *testing.T) { returnsUndeliverable(t, address) })
	}
}

func returnsUndeliverable(t *testing.T, address string) {
	t.Helper()
	d, _ := replicas(t, 1, "--user-url", stubService(t, `{"email":"`+address+`","name":"Kim","locale":"en"}`))
	e := storetest.Event()
	if err := post(t, d[0].URL, e); err != nil {
		t.Fatal(err)
	}
	request := notification.UndeliverableRequest{ReservationIDs: []uuid.UUID{e.Reservation.ID}}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		a, err := httpjson.Call[notification.UndeliverableResponse](t.Context(), http.DefaultClient, http.MethodPost,
			d[0].URL+"/internal/undeliverable", request)
		if err != nil {
			t.Fatal(err)
		}
		if len(a.Items) == 1 {
			if f := a.Items[0]; f.Reason != notification.BadAddress || f.Kind != e.Kind || f.At.IsZero() {
				t.Errorf("got %+v", f)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("no failure is returned after 10 s")
		}
	}
}

func TestTaskMigrateMakesTheSchemaAndEnds(t *testing.T) { postgrestest.Migrates(t, run) }
