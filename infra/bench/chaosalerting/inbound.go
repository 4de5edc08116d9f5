package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"jari.example/infra/bench/chaosalerting/outcome"
	"jari.example/infra/local/slack"
)

// request is a request as Slack sends it, or as somebody else does.
type request struct {
	outcome.Request
	path, stamp, signature, body string
	replica                      int
	status                       int // of the response that is due
	copies                       int // of a valid one, to either replica
}

// kinds of requests that must be rejected, by what is wrong with them.
var wrong = []struct {
	name  string
	spoil func(q *request, now time.Time)
}{
	{"signed with another secret", func(q *request, _ time.Time) { q.signature = slack.Signature("another secret", q.stamp, q.body) }},
	{"changed after it was signed", func(q *request, _ time.Time) { q.body += "&more=1" }},
	{"the time changed after it was signed", func(q *request, now time.Time) { q.stamp = strconv.FormatInt(now.Unix()-1, 10) }},
	{"without a signature", func(q *request, _ time.Time) { q.signature = "" }},
	{"six minutes old", func(q *request, now time.Time) { q.sign(now.Add(-6 * time.Minute)) }},
	{"six minutes in the future", func(q *request, now time.Time) { q.sign(now.Add(6 * time.Minute)) }},
}

func (q *request) sign(at time.Time) {
	q.stamp = strconv.FormatInt(at.Unix(), 10)
	q.signature = slack.Signature(signingSecret, q.stamp, q.body)
}

// person is the name under which a request has its effect.
func person(n int) string { return fmt.Sprintf("person-%05d", n) }

// compose returns n requests to acknowledge one of the incidents: buttons and slash
// commands, each by a person of its own. Half are valid; of these some come again, once
// or more often, to either replica.
func compose(n int, incidents []string, random *rand.Rand, now time.Time) (all []request) {
	for len(all) < n {
		k := len(all)
		q := request{replica: random.IntN(2), status: http.StatusOK}
		q.Name = person(k)
		q.path, q.body = acknowledge(k, incidents[random.IntN(len(incidents))])
		q.sign(now)
		if k%2 == 0 {
			q.Valid, q.copies = true, max(0, random.IntN(5)-2)
		} else {
			wrong[k/2%len(wrong)].spoil(&q, now)
			q.status = http.StatusUnauthorized
		}
		all = append(all, q)
		n -= q.copies
	}
	return all
}

// acknowledge is a button or a slash command that acknowledges the incident. When
// another person does, the incident is handed over, so a copy that is accepted later has
// an effect again.
func acknowledge(k int, incident string) (path, body string) {
	if k/2%2 == 0 {
		return "/slack/commands", url.Values{
			"command": {"/jari"}, "text": {"ack " + incident}, "user_id": {"U0ONCALL01"}, "user_name": {person(k)}, "channel_id": {"C0INCIDENT"},
		}.Encode()
	}
	payload, _ := json.Marshal(map[string]any{ // a map of texts does not fail
		"type": "block_actions", "user": map[string]string{"id": "U0ONCALL01", "name": person(k)},
		"channel": map[string]string{"id": "C0INCIDENT"},
		"actions": []map[string]string{{"action_id": "acknowledge", "value": incident}},
	})
	return "/slack/actions", url.Values{"payload": {string(payload)}}.Encode()
}

// senders is how many requests are under way at a time.
const senders = 8

// inbound sends requests to two replicas and looks in the timelines for what they did.
func inbound(ctx context.Context, sys *system, database string, seed uint64, n int, without string) (r row, findings []string, err error) {
	if err := sys.newDatabase(ctx, database); err != nil {
		return r, nil, err
	}
	w, err := newWorkspace(ctx, []string{"incidents", "tickets"})
	if err != nil {
		return r, nil, err
	}
	defer w.stop()
	var addresses []string
	for k := range 2 {
		one, err := sys.startReplica(ctx, fmt.Sprintf("%s-%d", database, k), database, w, map[string]string{"JARI_CHAOS_WITHOUT": without})
		if err != nil {
			return r, nil, err
		}
		defer one.kill()
		if err := one.awaitServing(ctx); err != nil {
			return r, nil, err
		}
		addresses = append(addresses, "http://"+one.addr)
	}
	if err := sys.awaitLease(ctx, database); err != nil {
		return r, nil, err
	}
	const incidents = 50
	ids, err := sys.feed(ctx, flow{database: database, incidents: incidents, period: time.Millisecond, seed: seed, open: true})
	if err != nil {
		return r, nil, err
	}
	requests := compose(n, ids, rand.New(rand.NewPCG(seed, 30)), time.Now())
	sent, unexpected, err := sendAll(ctx, addresses, requests)
	if err != nil {
		return r, nil, err
	}
	effects, err := sys.effects(ctx, database)
	if err != nil {
		return r, nil, err
	}
	var asked []outcome.Request
	for _, q := range requests {
		asked = append(asked, q.Request)
	}
	found := outcome.CheckRequests(asked, effects)
	return row{
		Incidents: incidents, Requests: sent, Lost: found.Lost + len(unexpected), Duplicates: found.Twice, Accepted: found.Forbidden,
	}, append(found.Findings, unexpected...), nil
}

// sendAll sends every request, and its copies after it. unexpected are those with
// another status than is due.
func sendAll(ctx context.Context, addresses []string, requests []request) (sent int, unexpected []string, err error) {
	work := make(chan request)
	var mu sync.Mutex
	var all sync.WaitGroup
	var errs []error
	for range senders {
		all.Go(func() {
			for q := range work {
				for copied := range q.copies + 1 {
					// The first copy goes to the other replica.
					status, failed := q.send(ctx, addresses[(q.replica+copied)%len(addresses)])
					mu.Lock()
					sent++
					if failed != nil {
						errs = append(errs, failed)
					} else if status != q.status {
						unexpected = append(unexpected, fmt.Sprintf("%s got %d and not %d", q.Name, status, q.status))
					}
					mu.Unlock()
				}
			}
		})
	}
	// Copies come when others have acted: what is sent again at once changes nothing.
	for _, q := range requests {
		first := q
		first.copies = 0
		work <- first
	}
	for _, q := range requests {
		if q.copies > 0 {
			q.replica, q.copies = q.replica+1, q.copies-1
			work <- q
		}
	}
	close(work)
	all.Wait()
	return sent, unexpected, cmp.Or(errors.Join(errs...), ctx.Err())
}

func (q request) send(ctx context.Context, address string) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address+q.path, strings.NewReader(q.body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Slack-Request-Timestamp", q.stamp)
	if q.signature != "" {
		req.Header.Set("X-Slack-Signature", q.signature)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}

// effects is how often each person has acknowledged something.
func (sys *system) effects(ctx context.Context, database string) (map[string]int, error) {
	conn, err := pgx.Connect(ctx, sys.parts.DatabaseURL(database))
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, "select actor, count(*) from entry where kind = 'acknowledged' group by actor")
	if err != nil {
		return nil, err
	}
	all := map[string]int{}
	var name string
	var n int
	_, err = pgx.ForEachRow(rows, []any{&name, &n}, func() error {
		all[name] = n
		return nil
	})
	return all, err
}
