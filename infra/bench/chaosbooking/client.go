package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"jari.example/infra/bench/chaosbooking/invariants"
	"jari.example/telemetry/names"
)

// recorder records what actors sent and received, and what was killed.
type recorder struct {
	mu       sync.Mutex
	attempts []invariants.Attempt
	numbers  []string // of each attempt, by which the proxies know it
	kills    []invariants.Kill
}

func (r *recorder) add(t invariants.Attempt, number string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.attempts, r.numbers = append(r.attempts, t), append(r.numbers, number)
}

// addKill adds a kill. The covers that it has left are set later.
func (r *recorder) addKill(k invariants.Kill) (setCoversLeft func(int)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kills = append(r.kills, k)
	n := len(r.kills) - 1
	return func(left int) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.kills[n].CoversLeft = left
	}
}

// interrupted reports whether a kill may have hit the attempt.
func (r *recorder) interrupted(t invariants.Attempt) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, k := range r.kills {
		if k.MayHaveHit(t) {
			return true
		}
	}
	return false
}

// request is one HTTP request of an actor.
type request struct {
	method, path, body string
	keyed              bool // sends the operation's key as the Idempotency-Key
	ifMatch            string
}

// response is what an actor reads of an HTTP response; status 0 without one.
type response struct {
	status int
	etag   string
	reason string // of a refusal
	body   struct {
		ID     string `json:"id"`
		SlotID string `json:"slot_id"`
		Party  int    `json:"party"`
		Status string `json:"status"`
	}
}

// requestTimeout is how long an actor waits for one response.
const requestTimeout = 5 * time.Second

var (
	httpClient = &http.Client{Timeout: requestTimeout, Transport: &http.Transport{MaxIdleConnsPerHost: 256}}
	attemptID  atomic.Int64
)

// attempt sends one request through a replica's proxy and records it.
func (a *actor) attempt(ctx context.Context, replica string, t invariants.Attempt, c request) (response, invariants.Attempt) {
	number := strconv.FormatInt(attemptID.Add(1), 10)
	t.Diner, t.Replica, t.Began = a.id, replica, time.Now()
	headers := map[string]string{headerAttempt: number, "If-Match": c.ifMatch}
	if c.keyed {
		headers[names.HeaderIdempotency] = t.Key
	}
	r, replayed := a.send(ctx, a.sys.proxies[replica], c, headers)
	t.Ended, t.Status, t.Replayed = time.Now(), r.status, replayed
	slot, _ := strconv.ParseInt(r.body.SlotID, 10, 64) // a refusal has none
	t.Response = invariants.Response{ID: r.body.ID, Slot: slot, Party: r.body.Party, Status: r.body.Status}
	a.recorder.add(t, number)
	return r, t
}

func (a *actor) send(ctx context.Context, base string, c request, headers map[string]string) (r response, replayed bool) {
	req, err := http.NewRequestWithContext(ctx, c.method, base+c.path, nil)
	if err != nil {
		return r, false
	}
	// Without GetBody, net/http does not retry a request whose connection broke.
	// It would because of the Idempotency-Key, and the retry would not be recorded.
	if c.method != http.MethodGet {
		req.Body, req.ContentLength = io.NopCloser(strings.NewReader(c.body)), int64(len(c.body))
	}
	req.Header.Set(names.HeaderUserID, a.id)
	req.Header.Set(names.HeaderUserRole, "diner")
	for name, value := range headers {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	if c.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := httpClient.Do(req)
	if err != nil {
		return r, false
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return r, false // a truncated response counts as none
	}
	r.status, r.etag = res.StatusCode, res.Header.Get("ETag")
	if r.status >= 400 {
		var problem struct{ Reason string }
		err = json.Unmarshal(body, &problem)
		r.reason = problem.Reason
	} else if len(body) > 0 {
		err = json.Unmarshal(body, &r.body)
	}
	if err != nil {
		return response{}, false
	}
	return r, res.Header.Get("Idempotency-Replayed") != ""
}
