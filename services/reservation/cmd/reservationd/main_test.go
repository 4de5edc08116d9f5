package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/postgres/postgrestest"
	"jari.example/internal/serve/servetest"
	"jari.example/telemetry/names"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestHelp(t *testing.T) { servetest.Help(t, run, *update) }

func TestReportsEveryInvalidFlag(t *testing.T) {
	args := []string{"--http-addr", "nowhere", "--notification-url", "x"}
	err := run(t.Context(), args, func(string) string { return "" }, io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "http-addr") || !strings.Contains(err.Error(), "notification-url") {
		t.Fatalf("got %v, want an error that names both flags", err)
	}
}

// fakeNotification is a notification service that records its events.
type fakeNotification struct {
	mu     sync.Mutex
	events []map[string]any
}

func (f *fakeNotification) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var e map[string]any
	if err := json.NewDecoder(r.Body).Decode(&e); err != nil || r.URL.Path != "/internal/events" || r.Method != http.MethodPost {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.events = append(f.events, e)
	w.WriteHeader(http.StatusAccepted)
}

func (f *fakeNotification) waitFor(t *testing.T, n int) []map[string]any {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		f.mu.Lock()
		events := f.events
		f.mu.Unlock()
		if len(events) >= n {
			return events
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d events within 10 s, want %d", len(events), n)
		}
	}
}

func call(t *testing.T, method, url, requestBody string, headers ...string) (int, http.Header, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(requestBody))
	if err != nil {
		t.Fatal(err)
	}
	if requestBody != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Error(err)
		return 0, nil, nil
	}
	defer res.Body.Close()
	var body map[string]any
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
		t.Errorf("%s %s: %d, %v", method, url, res.StatusCode, err)
	}
	return res.StatusCode, res.Header, body
}

// createSlots gives a restaurant slots of so many covers, and returns one of them.
func createSlots(t *testing.T, url string, covers int) string {
	t.Helper()
	// Simultaneous requests open connections that are never used. A shutdown would wait
	// for them.
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	var weekly []string
	for _, day := range []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} {
		weekly = append(weekly, fmt.Sprintf(`{"day":%q,"opens":"18:00","closes":"21:00"}`, day))
	}
	status, _, body := call(t, "PUT", url+"/v1/restaurants/mokran/schedule",
		fmt.Sprintf(`{"time_zone":"Asia/Seoul","interval_minutes":30,"covers":%d,"party":{"min":1,"max":8},"days_ahead":3,"weekly":[%s]}`,
			covers, strings.Join(weekly, ",")),
		names.HeaderUserID, uuid.NewString(), names.HeaderUserRole, "owner", names.HeaderUserOwn, "mokran")
	if status != 200 {
		t.Fatal(status, body)
	}
	now := time.Now().UTC()
	_, _, body = call(t, "GET", url+"/v1/restaurants/mokran/availability?from="+now.Format(time.RFC3339)+
		"&to="+now.Add(96*time.Hour).Format(time.RFC3339), "")
	items := body["items"].([]any)
	return items[len(items)-1].(map[string]any)["slot_id"].(string)
}

func book(t *testing.T, url, slot, diner, key string, party int) (int, http.Header, map[string]any) {
	t.Helper()
	return call(t, "POST", url+"/v1/reservations", `{"slot_id":"`+slot+`","party":`+strconv.Itoa(party)+`}`,
		names.HeaderUserID, diner, names.HeaderUserRole, "diner", names.HeaderIdempotency, key)
}

func TestDeliversTheEventsOfABookingAndItsCancellation(t *testing.T) {
	for name, database := range map[string]func(testing.TB) string{
		"in memory": func(testing.TB) string { return "" },
		"postgres":  postgrestest.Database,
	} {
		t.Run(name, func(t *testing.T) {
			receiver := &fakeNotification{}
			notification := httptest.NewServer(receiver)
			defer notification.Close()
			d := servetest.Start(t, run, "--database-url", database(t), "--notification-url", notification.URL)
			slot, diner := createSlots(t, d.URL, 20), uuid.NewString()
			status, _, booked := book(t, d.URL, slot, diner, "k", 2)
			if status != 201 {
				t.Fatal(status, booked)
			}
			receiver.waitFor(t, 1)
			status, _, cancelled := call(t, "POST", d.URL+"/v1/reservations/"+booked["id"].(string)+"/cancel", "",
				names.HeaderUserID, diner, names.HeaderUserRole, "diner", names.HeaderIdempotency, "k")
			if status != 200 || cancelled["status"] != "cancelled" {
				t.Fatal(status, cancelled)
			}
			events := receiver.waitFor(t, 2)
			for i, kind := range []string{"reservation.confirmed", "reservation.cancelled"} {
				e := events[i]
				visit := e["reservation"].(map[string]any)
				if e["kind"] != kind || e["diner_id"] != diner || visit["id"] != booked["id"] || visit["slot_id"] != slot ||
					visit["restaurant_id"] != "mokran" || visit["time_zone"] != "Asia/Seoul" || visit["start"] != booked["start"] ||
					visit["party"] != 2.0 || uuid.Validate(e["id"].(string)) != nil || e["traceparent"] == "" || e["occurred_at"] == "" {
					t.Errorf("event %d: %v", i, e)
				}
			}
		})
	}
}

func TestSellsTwentyCoversOnceToThreeHundredDiners(t *testing.T) {
	d := servetest.Start(t, run, "--database-url", postgrestest.Database(t))
	slot := createSlots(t, d.URL, 20)
	var mu sync.Mutex
	counts := map[string]int{}
	var wg sync.WaitGroup
	for range 300 {
		wg.Go(func() {
			status, _, body := book(t, d.URL, slot, uuid.NewString(), uuid.NewString(), 1)
			mu.Lock()
			defer mu.Unlock()
			counts[fmt.Sprint(status, " ", body["reason"])]++
		})
	}
	wg.Wait()
	if counts["201 <nil>"] != 20 || counts["409 slot_full"] != 280 {
		t.Fatalf("got %v, want 20 bookings and 280 refusals", counts)
	}
}

func TestRespondsWith503UntilTheDatabaseIsBack(t *testing.T) {
	database := postgrestest.Database(t)
	d := servetest.Start(t, run, "--database-url", database)
	slot := createSlots(t, d.URL, 20)
	accept := postgrestest.Refuse(t, database)
	key, diner := uuid.NewString(), uuid.NewString()
	var wg sync.WaitGroup
	for i := range 60 {
		wg.Go(func() {
			began := time.Now()
			status, header, body := book(t, d.URL, slot, diner, key, 1)
			if status != 503 || body["reason"] != "unavailable" || header.Get("Retry-After") == "" ||
				header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("booking %d during the outage got %d %v %v", i, status, header, body)
			}
			if elapsed := time.Since(began); elapsed > 2*time.Second {
				t.Errorf("the response came after %v, want 2 s at most", elapsed)
			}
		})
	}
	wg.Wait()
	accept()
	// The pool may still return a connection that the outage has cut.
	for deadline := time.Now().Add(5 * time.Second); ; {
		status, _, body := book(t, d.URL, slot, diner, key, 1)
		if status == 201 {
			break
		}
		if status != 503 || time.Now().After(deadline) {
			t.Fatalf("after the outage: got %d %v, want 201", status, body)
		}
	}
	servetest.WaitReady(t, d.OpsURL)
}

func TestStartWaitsForTheDatabase(t *testing.T) {
	database := postgrestest.Database(t)
	accept := postgrestest.Refuse(t, database)
	time.AfterFunc(300*time.Millisecond, accept)
	servetest.Start(t, run, "--database-url", database)
}

func TestTaskMigrateMakesTheSchemaAndEnds(t *testing.T) { postgrestest.Migrates(t, run) }
