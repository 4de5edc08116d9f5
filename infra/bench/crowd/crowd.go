// Package crowd has diners who use the whole system through the edge, as the page would, and
// compares what they were told with the databases.
package crowd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"jari.example/infra/local/seed"
	"jari.example/internal/wait"
	"jari.example/telemetry/names"
)

// patience is after how long a diner gives up.
const patience = 35 * time.Second

// maxWaiting is how many requests of a crowd may be under way. When everything hangs,
// further diners are not sent, as the page would show them an error of their own.
const maxWaiting = 400

// Crowd are the diners of one region, and an owner, who use the system through the edge.
// Each kind of request is sent at a rate, whether or not earlier ones were answered.
type Crowd struct {
	Region  string // label
	edge    string
	client  *http.Client
	waiting chan struct{}
	end     context.CancelFunc
	running sync.WaitGroup

	mu          sync.Mutex
	diners      []diner
	owner       diner
	restaurants []string
	free        []string          // ids of slots that were free when somebody looked
	booked      map[string]string // reservation → what the diner was told last: confirmed or cancelled
	results     map[string]*result
}

// result counts the responses to one kind of request.
type result struct {
	good, bad int
	failed    []time.Time // when each bad one came
}

type diner struct{ id, email, password, token string }

// dinersPerCrowd is how many accounts share the requests.
const dinersPerCrowd = 8

const dinerPassword = "password-of-the-crowd"

// New signs the diners of a region up.
func New(ctx context.Context, edge, region string) (*Crowd, error) {
	c := &Crowd{
		edge: edge, Region: region, waiting: make(chan struct{}, maxWaiting),
		client: &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: maxWaiting}},
		owner:  diner{email: seed.OwnerEmail(region), password: seed.OwnerPassword},
		booked: map[string]string{}, results: map[string]*result{},
	}
	for range dinersPerCrowd {
		d, err := c.signUp(ctx, "crowd")
		if err != nil {
			return nil, err
		}
		c.diners = append(c.diners, d)
	}
	if err := c.open(ctx, &c.owner); err != nil {
		return nil, err
	}
	var found struct{ Items []struct{ ID string } }
	if _, _, err := c.call(ctx, "", http.MethodGet, "/v1/restaurants?limit=20", nil, &found); err != nil {
		return nil, err
	}
	for _, r := range found.Items {
		c.restaurants = append(c.restaurants, r.ID)
	}
	if len(c.restaurants) == 0 {
		return nil, fmt.Errorf("region %s has no restaurant", region)
	}
	return c, nil
}

// signUp makes an account and logs in.
func (c *Crowd) signUp(ctx context.Context, kind string) (diner, error) {
	d := diner{email: fmt.Sprintf("%s-%s-%x@example.com", kind, c.Region, rand.Uint64()), password: dinerPassword}
	account := map[string]string{"email": d.email, "password": d.password, "name": "Diner", "locale": "en"}
	var made struct{ ID string }
	if status, text, err := c.call(ctx, "", http.MethodPost, "/v1/users", account, &made); err != nil || status != http.StatusCreated {
		return d, fmt.Errorf("sign up: %d %.300s %w", status, text, err)
	}
	d.id = made.ID
	return d, c.open(ctx, &d)
}

// Start begins every kind of request at share times its rate; Stop ends them.
func (c *Crowd) Start(share float64) {
	ctx, cancel := context.WithCancel(context.Background())
	c.end = cancel
	for _, f := range flows {
		c.running.Go(func() { c.repeat(ctx, f, share) })
	}
}

func (c *Crowd) repeat(ctx context.Context, f flow, share float64) {
	r := random()
	pause := time.Duration(float64(time.Second) / (f.perSecond * share))
	for {
		select {
		case c.waiting <- struct{}{}:
			own := rand.New(rand.NewPCG(r.Uint64(), r.Uint64()))
			c.running.Go(func() {
				defer func() { <-c.waiting }()
				// The end of the load does not interrupt those who wait.
				c.count(f.name, f.send(c, context.WithoutCancel(ctx), own))
			})
		default:
		}
		// Uneven pauses: people do not come on the second.
		if wait.For(ctx, time.Duration((0.5+r.Float64())*float64(pause))) != nil {
			return
		}
	}
}

// Stop waits for the responses to what was sent.
func (c *Crowd) Stop() {
	c.end()
	c.running.Wait()
}

func (c *Crowd) count(flow string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.results[flow]
	if n == nil {
		n = &result{}
		c.results[flow] = n
	}
	if err == nil {
		n.good++
	} else {
		n.bad++
		n.failed = append(n.failed, time.Now())
	}
}

// Counts are the good and the bad responses so far, of all kinds of requests.
func (c *Crowd) Counts() (good, bad int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range c.results {
		good, bad = good+n.good, bad+n.bad
	}
	return good, bad
}

// NthFailure is when the crowds got the nth bad response to a kind of request since a time; zero
// if they did not.
func NthFailure(crowds []*Crowd, flow string, since time.Time, n int) (at time.Time) {
	var all []time.Time
	for _, c := range crowds {
		all = append(all, c.failures(flow, since)...)
	}
	slices.SortFunc(all, time.Time.Compare)
	if len(all) >= n {
		at = all[n-1]
	}
	return at
}

// failures are the times of the bad responses to one kind of request since a time.
func (c *Crowd) failures(flow string, since time.Time) (all []time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := c.results[flow]; n != nil {
		for _, at := range n.failed {
			if at.After(since) {
				all = append(all, at)
			}
		}
	}
	return all
}

// errFailed is a response that a diner does not deserve.
var errFailed = errors.New("failed")

// response is what came back.
type response struct {
	status int
	header http.Header
	text   []byte
}

// call is send, for those who need no header.
func (c *Crowd) call(ctx context.Context, token, method, path string, body, into any) (status int, text []byte, err error) {
	got, err := c.send(ctx, token, method, path, body, into)
	return got.status, got.text, err
}

// send sends a request as somebody with that access token and decodes a successful
// response. A status of 500 or above is errFailed.
func (c *Crowd) send(ctx context.Context, token, method, path string, body, into any) (got response, err error) {
	var sent []byte
	if body != nil {
		if sent, err = json.Marshal(body); err != nil {
			return got, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, c.edge+path, bytes.NewReader(sent))
	if err != nil {
		return got, err
	}
	req.Header.Set(names.HeaderRegion, strings.ToUpper(c.Region))
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if method == http.MethodPost {
		req.Header.Set(names.HeaderIdempotency, keyOf(ctx))
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := c.client.Do(req)
	if err != nil {
		return got, err
	}
	defer res.Body.Close()
	got.status, got.header = res.StatusCode, res.Header
	got.text, err = io.ReadAll(res.Body)
	switch {
	case err != nil:
		return got, err
	case got.status >= http.StatusInternalServerError:
		return got, errFailed
	case into == nil || got.status >= http.StatusMultipleChoices:
		return got, nil
	}
	return got, json.Unmarshal(got.text, into)
}

// idempotencyKey is the context key of the key that a request has.
type idempotencyKey struct{}

// keyOf is the Idempotency-Key of ctx, or a new one.
func keyOf(ctx context.Context) string {
	if key, ok := ctx.Value(idempotencyKey{}).(string); ok {
		return key
	}
	return newKey()
}

func newKey() string { return fmt.Sprintf("crowd-%x-%x", rand.Uint64(), rand.Uint64()) }

func (c *Crowd) open(ctx context.Context, d *diner) error {
	var session struct {
		Token string `json:"access_token"`
	}
	credentials := map[string]string{"email": d.email, "password": d.password}
	status, text, err := c.call(ctx, "", http.MethodPost, "/v1/sessions", credentials, &session)
	if err == nil && status != http.StatusCreated {
		err = fmt.Errorf("log in: %d %.300s", status, text)
	}
	if err == nil {
		c.mu.Lock()
		d.token = session.Token
		c.mu.Unlock()
	}
	return err
}
