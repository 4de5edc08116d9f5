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

// SIGTERM comes while requests wait inside PostgreSQL and in the queue behind:
// each of them is answered, and only then does the process end.
func TestAStopAnswersEverythingAccepted(t *testing.T) {
	database := postgrestest.Database(t)
	process, url := spawn(t, database)
	slot := openRestaurant(t, url, 20)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	holder, watcher := connect(t, database), connect(t, database)
	if _, err := holder.Exec(ctx, "BEGIN; SELECT FROM slots FOR NO KEY UPDATE"); err != nil {
		t.Fatal(err)
	}
	const diners = 60
	var mu sync.Mutex
	answers, ids := map[int]int{}, map[string]bool{}
	var accepted atomic.Int64
	arrives := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{Got100Continue: func() { accepted.Add(1) }})
	http.DefaultClient.CloseIdleConnections() // a connection dialled in vain would hold up the stop
	var crowd sync.WaitGroup
	for range diners {
		crowd.Go(func() {
			status, id := bookExpecting(arrives, url, slot)
			mu.Lock()
			defer mu.Unlock()
			answers[status]++
			if status == 201 {
				ids[id] = true
			}
		})
	}
	for waiting := 0; waiting < 2 || accepted.Load() < diners; time.Sleep(time.Millisecond) {
		err := watcher.QueryRow(ctx, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&waiting)
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for { // until nobody new is let in
		res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Second}).Get(url + "/v1/availability")
		if err != nil {
			break
		}
		res.Body.Close()
		time.Sleep(time.Millisecond)
	}
	if _, err := holder.Exec(ctx, "COMMIT"); err != nil {
		t.Fatal(err)
	}
	crowd.Wait()
	if answers[201] != 20 || answers[409] != diners-20 {
		t.Errorf("answers by status (0: none): %v", answers)
	}
	var rows, counter int
	if err := watcher.QueryRow(ctx, "SELECT (SELECT count(*) FROM reservations), (SELECT booked FROM slots WHERE id = $1::text::bigint)", slot).Scan(&rows, &counter); err != nil {
		t.Fatal(err)
	}
	if rows != len(ids) || counter != rows {
		t.Errorf("%d rows and a counter of %d for %d answers", rows, counter, len(ids))
	}
}

// bookExpecting asks whether it may send its body: the daemon says so when it
// reads the request, which it has accepted then.
func bookExpecting(ctx context.Context, url, slot string) (status int, id string) {
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
	var answer struct{ ID string }
	_ = json.NewDecoder(res.Body).Decode(&answer)
	return res.StatusCode, answer.ID
}
