package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/postgres/postgrestest"
	"jari.example/telemetry/names"
)

// SIGTERM arrives while requests wait for a lock in PostgreSQL and in the queue.
// Each of them gets its response before the process ends.
func TestShutdownServesAcceptedRequests(t *testing.T) {
	database := postgrestest.Database(t)
	process, url := spawn(t, database)
	slot := createSlots(t, url, 20)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	holder, admin := connect(t, database), connect(t, database)
	if _, err := holder.Exec(ctx, "BEGIN; SELECT FROM slots FOR NO KEY UPDATE"); err != nil {
		t.Fatal(err)
	}
	const diners = 60
	var mu sync.Mutex
	responses, ids := map[int]int{}, map[string]bool{} // by status; reservations
	var accepted atomic.Int64
	counted := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{Got100Continue: func() { accepted.Add(1) }})
	http.DefaultClient.CloseIdleConnections() // the shutdown would wait for unused connections
	var clients sync.WaitGroup
	for range diners {
		clients.Go(func() {
			status, id := bookWithContinue(counted, url, slot)
			mu.Lock()
			defer mu.Unlock()
			responses[status]++
			if status == 201 {
				ids[id] = true
			}
		})
	}
	for waiting := 0; waiting < 2 || accepted.Load() < diners; time.Sleep(time.Millisecond) {
		if err := admin.QueryRow(ctx, lockWaitersSQL).Scan(&waiting); err != nil {
			t.Fatal(err)
		}
	}
	if err := process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	newConnections := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Second}
	for { // until new connections are refused
		res, err := newConnections.Get(url + "/v1/availability")
		if err != nil {
			break
		}
		res.Body.Close()
		time.Sleep(time.Millisecond)
	}
	if _, err := holder.Exec(ctx, "COMMIT"); err != nil {
		t.Fatal(err)
	}
	clients.Wait()
	if responses[201] != 20 || responses[409] != diners-20 {
		t.Errorf("responses by status (0: none): %v, want 20 of 201 and %d of 409", responses, diners-20)
	}
	var rows, counter int
	err := admin.QueryRow(ctx, `SELECT (SELECT count(*) FROM reservations),
		(SELECT booked FROM slots WHERE id = $1::text::bigint)`, slot).Scan(&rows, &counter)
	if err != nil {
		t.Fatal(err)
	}
	if rows != len(ids) || counter != rows {
		t.Errorf("%d rows and a counter of %d for %d successful responses", rows, counter, len(ids))
	}
}

// bookWithContinue sends Expect: 100-continue. The daemon responds to that when it
// reads the body: then it has accepted the request.
func bookWithContinue(ctx context.Context, url, slot string) (status int, id string) {
	req, err := http.NewRequestWithContext(ctx, "POST", url+"/v1/reservations", strings.NewReader(`{"slot_id":"`+slot+`","party":1}`))
	if err != nil {
		return 0, ""
	}
	req.Header.Set("Expect", "100-continue")
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(names.HeaderUserID, uuid.NewString())
	req.Header.Set(names.HeaderIdempotency, uuid.NewString())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, ""
	}
	defer res.Body.Close()
	var body struct{ ID string }
	_ = json.NewDecoder(res.Body).Decode(&body)
	return res.StatusCode, body.ID
}
