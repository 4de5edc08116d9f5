package main

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"jari.example/services/internal/postgres/postgrestest"
	"jari.example/services/internal/serve"
	"jari.example/telemetry/names"
)

// asDaemon makes the test binary be reservationd, so that it can be killed.
const asDaemon = "JARI_TEST_BE_RESERVATIOND"

func TestMain(m *testing.M) {
	if os.Getenv(asDaemon) != "" {
		serve.Main(run)
		return
	}
	os.Exit(m.Run())
}

// spawn starts reservationd as a process of its own and returns its URL.
func spawn(t *testing.T, database string) (*os.Process, string) {
	t.Helper()
	daemon := exec.Command(os.Args[0], "--http-addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0", "--database-url", database)
	daemon.Env = append(os.Environ(), asDaemon+"=1")
	daemon.Stderr = os.Stderr
	out, err := daemon.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = daemon.Process.Kill()
		_ = daemon.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var line map[string]any
		if json.Unmarshal(lines.Bytes(), &line) == nil && line[names.EventName] == names.EventStarted {
			go func() {
				for lines.Scan() { // a full pipe would stop the daemon
				}
			}()
			return daemon.Process, "http://" + line[serve.KeyHTTPAddr].(string)
		}
	}
	t.Fatal("reservationd ended before it served")
	return nil, ""
}

// tryBook is one request; status 0 means that nobody answered.
func tryBook(ctx context.Context, url, slot, diner, key string) (status int, id string) {
	req, err := http.NewRequestWithContext(ctx, "POST", url+"/v1/reservations", strings.NewReader(`{"slot_id":"`+slot+`","party":1}`))
	if err != nil {
		return 0, ""
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(names.HeaderUserID, diner)
	req.Header.Set(names.HeaderIdempotency, key)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, ""
	}
	defer res.Body.Close()
	var answer struct{ ID string }
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return 0, ""
	}
	return res.StatusCode, answer.ID
}

func TestKilledInARushNothingIsLostOrDoubled(t *testing.T) {
	database := postgrestest.Database(t)
	process, url := spawn(t, database)
	slot := openRestaurant(t, url, 20)
	var current atomic.Pointer[string]
	current.Store(&url)

	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var mu sync.Mutex
	bookedAs := map[string]string{} // reservation → key
	refused, unanswered := 0, 0
	fifth := make(chan struct{})
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			diner, key := uuid.NewString(), uuid.NewString()
			for ctx.Err() == nil {
				status, id := tryBook(ctx, *current.Load(), slot, diner, key)
				mu.Lock()
				switch status {
				case 201:
					bookedAs[id] = key
					if len(bookedAs) == 5 {
						close(fifth)
					}
				case 409:
					refused++
				default:
					unanswered++
				}
				mu.Unlock()
				if status == 201 || status == 409 {
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
	<-fifth
	if err := process.Kill(); err != nil {
		t.Fatal(err)
	}
	_, next := spawn(t, database)
	current.Store(&next)
	wg.Wait()

	if len(bookedAs) != 20 || refused != 80 {
		t.Errorf("%d booked and %d refused, want 20 and 80", len(bookedAs), refused)
	}
	if unanswered == 0 {
		t.Error("nobody noticed the kill: it proved nothing")
	}
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var counter, rows, keys, events int
	err = conn.QueryRow(t.Context(), `SELECT (SELECT booked FROM slots WHERE id = $1::text::bigint), (SELECT count(*) FROM reservations),
		(SELECT count(*) FROM idempotency), (SELECT count(*) FROM outbox)`, slot).Scan(&counter, &rows, &keys, &events)
	if err != nil {
		t.Fatal(err)
	}
	if counter != 20 || rows != 20 || keys != 20 || events != 20 {
		t.Errorf("counter %d, rows %d, keys %d, events %d, want 20 of each", counter, rows, keys, events)
	}
}
