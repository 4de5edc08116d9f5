package main

import (
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

	"jari.example/internal/postgres/postgrestest"
	"jari.example/internal/serve"
	"jari.example/internal/serve/servetest"
	"jari.example/telemetry/names"
)

// asDaemon is the variable that makes the test binary run as reservationd, so that
// the test can kill it.
const asDaemon = "JARI_TEST_BE_RESERVATIOND"

func TestMain(m *testing.M) {
	if os.Getenv(asDaemon) != "" {
		serve.Main(names.ServiceReservation, run)
		return
	}
	os.Exit(m.Run())
}

// spawn starts reservationd as a process of its own and returns its URL.
func spawn(t *testing.T, database string) (*os.Process, string) {
	t.Helper()
	daemon := exec.Command(os.Args[0], "--database-url", database)
	daemon.Env = append(os.Environ(), asDaemon+"=1")
	daemon.Stderr = os.Stderr
	at := servetest.StartProcess(t, daemon)
	return daemon.Process, at
}

func connect(t *testing.T, database string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// lockWaitersSQL counts the statements that wait for a lock.
const lockWaitersSQL = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"

// tryBook sends one booking; status 0 means that there was no response.
func tryBook(ctx context.Context, url, slot, diner, key string) (status int, id string, replayed bool) {
	req, err := http.NewRequestWithContext(ctx, "POST", url+"/v1/reservations", strings.NewReader(`{"slot_id":"`+slot+`","party":1}`))
	if err != nil {
		return 0, "", false
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(names.HeaderUserID, diner)
	req.Header.Set(names.HeaderIdempotency, key)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", false
	}
	defer res.Body.Close()
	var body struct{ ID string }
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
		return 0, "", false
	}
	return res.StatusCode, body.ID, res.Header.Get("Idempotency-Replayed") != ""
}

// retryingClients are diners that send their booking again, with the same key,
// until they get a response.
type retryingClients struct {
	sync.WaitGroup
	url      atomic.Pointer[string] // of the running process
	mu       sync.Mutex
	booked   map[string]bool // by reservation
	refused  int
	failed   int // requests without a response
	replayed int
}

func (c *retryingClients) start(ctx context.Context, diners int, slot string) {
	for range diners {
		c.Go(func() {
			diner, key := uuid.NewString(), uuid.NewString()
			for ctx.Err() == nil && !c.send(ctx, slot, diner, key) {
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
}

func (c *retryingClients) send(ctx context.Context, slot, diner, key string) (done bool) {
	status, id, replayed := tryBook(ctx, *c.url.Load(), slot, diner, key)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch status {
	case 201:
		c.booked[id] = true
		if replayed {
			c.replayed++
		}
	case 409:
		c.refused++
	default:
		c.failed++
		return false
	}
	return true
}

// The process is killed while its statements wait for a lock in PostgreSQL. They
// commit there without a response; the same keys find the results later.
func TestCrashLosesAndDoublesNothing(t *testing.T) {
	database := postgrestest.Database(t)
	process, url := spawn(t, database)
	slot := createSlots(t, url, 20)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	holder, admin := connect(t, database), connect(t, database)
	if _, err := holder.Exec(ctx, "BEGIN; SELECT FROM slots FOR NO KEY UPDATE"); err != nil {
		t.Fatal(err)
	}

	c := &retryingClients{booked: map[string]bool{}}
	c.url.Store(&url)
	c.start(ctx, 100, slot)
	// One single commit, and all others in a group behind it.
	for waiting := 0; waiting < 2; time.Sleep(time.Millisecond) {
		if err := admin.QueryRow(ctx, lockWaitersSQL).Scan(&waiting); err != nil {
			t.Fatal(err)
		}
	}
	if err := process.Kill(); err != nil {
		t.Fatal(err)
	}
	if _, err := holder.Exec(ctx, "COMMIT"); err != nil {
		t.Fatal(err)
	}
	_, next := spawn(t, database)
	c.url.Store(&next)
	c.Wait()

	if len(c.booked) != 20 || c.refused != 80 {
		t.Errorf("%d booked and %d refused, want 20 and 80", len(c.booked), c.refused)
	}
	if c.failed == 0 || c.replayed == 0 {
		t.Errorf("%d requests without a response, %d replayed: the kill had no effect", c.failed, c.replayed)
	}
	var counter, rows, keys, events int
	err := admin.QueryRow(ctx, `SELECT (SELECT booked FROM slots WHERE id = $1::text::bigint), (SELECT count(*) FROM reservations),
		(SELECT count(*) FROM idempotency), (SELECT count(*) FROM outbox)`, slot).Scan(&counter, &rows, &keys, &events)
	if err != nil {
		t.Fatal(err)
	}
	if counter != 20 || rows != 20 || keys != 20 || events != 20 {
		t.Errorf("counter %d, rows %d, keys %d, events %d, want 20 of each", counter, rows, keys, events)
	}
}
