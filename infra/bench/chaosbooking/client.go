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

	"jari.example/infra/bench/chaosbooking/verdict"
	"jari.example/telemetry/names"
)

// clientLog is what the diners have asked and heard, and what was killed.
type clientLog struct {
	mu      sync.Mutex
	tries   []verdict.Try
	numbers []string // of each try, as its proxy knows it
	kills   []verdict.Kill
}

func (l *clientLog) add(t verdict.Try, number string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tries, l.numbers = append(l.tries, t), append(l.numbers, number)
}

// killed adds a kill; what it has left for sale is told later.
func (l *clientLog) killed(k verdict.Kill) (count func(left int)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kills = append(l.kills, k)
	n := len(l.kills) - 1
	return func(left int) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.kills[n].Left = left
	}
}

// hit reports whether a kill may have hit the try.
func (l *clientLog) hit(t verdict.Try) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range l.kills {
		if k.Caught(t) {
			return true
		}
	}
	return false
}

// call is one HTTP request of a diner.
type call struct {
	method, path, body string
	keyed              bool // sends the intention's key as its Idempotency-Key
	ifMatch            string
}

// reply is what the diner reads of an answer.
type reply struct {
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

// patience is how long a diner waits for one answer.
const patience = 5 * time.Second

var (
	diners = &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 256}}
	lastID atomic.Int64
)

// once sends one request through a replica's door, and logs it.
func (d *diner) once(ctx context.Context, via string, t verdict.Try, c call) (reply, verdict.Try) {
	number := strconv.FormatInt(lastID.Add(1), 10)
	t.Diner, t.Via, t.Began = d.id, via, time.Now()
	headers := map[string]string{headerTry: number, "If-Match": c.ifMatch}
	if c.keyed {
		headers[names.HeaderIdempotency] = t.Key
	}
	r, replayed := d.send(ctx, d.sys.doors[via], c, headers)
	t.Ended, t.Status, t.Replayed = time.Now(), r.status, replayed
	slot, _ := strconv.ParseInt(r.body.SlotID, 10, 64) // of a refusal: none
	t.Answer = verdict.Answer{ID: r.body.ID, Slot: slot, Party: r.body.Party, Status: r.body.Status}
	d.log.add(t, number)
	return r, t
}

func (d *diner) send(ctx context.Context, door string, c call, headers map[string]string) (r reply, replayed bool) {
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
	res, err := diners.Do(req)
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
		return reply{}, false
	}
	return r, res.Header.Get("Idempotency-Replayed") != ""
}
