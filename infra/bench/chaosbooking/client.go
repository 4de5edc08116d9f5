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

// recorder is what the diners have asked and heard, and what was killed.
type recorder struct {
	mu       sync.Mutex
	attempts []invariants.Attempt
	numbers  []string // of each try, as its proxy knows it
	kills    []invariants.Kill
}

func (l *recorder) add(t invariants.Attempt, number string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.attempts, l.numbers = append(l.attempts, t), append(l.numbers, number)
}

// addKill adds a kill; what it has left for sale is told later.
func (l *recorder) addKill(k invariants.Kill) (count func(left int)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kills = append(l.kills, k)
	n := len(l.kills) - 1
	return func(left int) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.kills[n].CoversLeft = left
	}
}

// interrupted reports whether a kill may have hit the try.
func (l *recorder) interrupted(t invariants.Attempt) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range l.kills {
		if k.MayHaveHit(t) {
			return true
		}
	}
	return false
}

// request is one HTTP request of a diner.
type request struct {
	method, path, body string
	keyed              bool // sends the intention's key as its Idempotency-Key
	ifMatch            string
}

// response is what the diner reads of an answer.
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

// requestTimeout is how long a diner waits for one answer.
const requestTimeout = 5 * time.Second

var (
	httpClient = &http.Client{Timeout: requestTimeout, Transport: &http.Transport{MaxIdleConnsPerHost: 256}}
	attemptID  atomic.Int64
)

// attempt sends one request through a replica's door, and logs it.
func (d *actor) attempt(ctx context.Context, via string, t invariants.Attempt, c request) (response, invariants.Attempt) {
	number := strconv.FormatInt(attemptID.Add(1), 10)
	t.Diner, t.Replica, t.Began = d.id, via, time.Now()
	headers := map[string]string{headerAttempt: number, "If-Match": c.ifMatch}
	if c.keyed {
		headers[names.HeaderIdempotency] = t.Key
	}
	r, replayed := d.send(ctx, d.sys.proxies[via], c, headers)
	t.Ended, t.Status, t.Replayed = time.Now(), r.status, replayed
	slot, _ := strconv.ParseInt(r.body.SlotID, 10, 64) // of a refusal: none
	t.Response = invariants.Response{ID: r.body.ID, Slot: slot, Party: r.body.Party, Status: r.body.Status}
	d.recorder.add(t, number)
	return r, t
}

func (d *actor) send(ctx context.Context, door string, c request, headers map[string]string) (r response, replayed bool) {
	req, err := http.NewRequestWithContext(ctx, c.method, door+c.path, nil)
	if err != nil {
		return r, false
	}
	// Without GetBody: Go would repeat the request by itself, unseen, if its
	// connection broke, because it has an Idempotency-Key.
	if c.method != http.MethodGet {
		req.Body, req.ContentLength = io.NopCloser(strings.NewReader(c.body)), int64(len(c.body))
	}
	req.Header.Set(names.HeaderUserID, d.id)
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
		return r, false // half an answer is none
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
