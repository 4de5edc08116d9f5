package main

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"jari.example/infra/bench/rig"
	"jari.example/telemetry/names"
)

// outcome counts what clients have received, in all measured and unmeasured time.
type outcome struct {
	requests, booked, errors atomic.Int64
}

// received counts a response; it is an error unless its status is one of expected.
func (o *outcome) received(status int, expected ...int) {
	o.requests.Add(1)
	for _, e := range expected {
		if status == e {
			return
		}
	}
	o.errors.Add(1)
}

// asDiner sets the headers of a diner: a token, or what the gateway makes of it.
func asDiner(req *fasthttp.Request, d diner, path string) {
	if path == direct {
		req.Header.Set(names.HeaderUserID, d.id)
		req.Header.Set(names.HeaderSessionID, d.session)
		req.Header.Set(names.HeaderUserRole, "diner")
		return
	}
	req.Header.Set("Authorization", d.bearer)
	req.Header.Set(names.HeaderRegion, "KR")
}

// rushClient books for one diner after the other, with all other connections: each
// diner sends one request.
type rushClient struct {
	*outcome
	path   string
	slot   func() int64
	diners []diner
	next   *atomic.Int64
	r      *rand.Rand
	body   []byte
}

// Next implements rig.Client.
func (c *rushClient) Next(req *fasthttp.Request) {
	if c.body == nil {
		rig.PostBooking(req)
	}
	d := c.diners[(c.next.Add(1)-1)%int64(len(c.diners))]
	asDiner(req, d, c.path)
	req.Header.Set(names.HeaderIdempotency, rig.RandomID(c.r).String())
	c.body = rig.AppendBooking(c.body[:0], c.slot(), 1+c.r.IntN(4))
	req.SetBodyRaw(c.body)
}

// Received implements rig.Client.
func (c *rushClient) Received(status int, _ []byte) {
	if status == http.StatusCreated {
		c.booked.Add(1)
	}
	c.received(status, http.StatusCreated, http.StatusConflict)
}

// The mix of an evening, in percent; the rest are cancellations and entries in
// waitlists.
const (
	lookUps  = 60
	searches = 25
	bookings = 10
)

// words are what diners search for.
var words = []string{"국밥", "갈비", "omakase", "파스타", "짬뽕", "hansik", "채식", "흑돼지", "bistro", "회"}

// eveningClient is a few diners who share a connection.
type eveningClient struct {
	*outcome
	path        string
	diners      []diner
	restaurants []string
	slots       []int64
	pick        func() int // a slot, by its popularity
	r           *rand.Rand
	held        []holding // what can be cancelled
	pending     action
	body        []byte
}

// holding is a reservation and whose it is.
type holding struct {
	id    string
	owner diner
}

// action is the request that is under way.
type action struct {
	diner    diner
	books    bool
	expected []int
}

var (
	found   = []int{http.StatusOK}
	decided = []int{http.StatusCreated, http.StatusOK, http.StatusConflict}
)

// Next implements rig.Client.
func (c *eveningClient) Next(req *fasthttp.Request) {
	d := c.diners[c.r.IntN(len(c.diners))]
	asDiner(req, d, c.path)
	c.pending = action{diner: d, expected: found}
	switch n := c.r.IntN(100); {
	case n < lookUps:
		c.lookUp(req)
	case n < lookUps+searches:
		get(req, "/v1/restaurants", url.Values{"q": {words[c.r.IntN(len(words))]}, "limit": {"20"}})
	case n < lookUps+searches+bookings:
		c.pending.books, c.pending.expected = true, decided
		c.post(req, "/v1/reservations", rig.AppendBooking(c.body[:0], c.slots[c.pick()], 1+c.r.IntN(4)))
	case n%2 == 0 && len(c.held) > 0:
		last := c.held[len(c.held)-1]
		c.held = c.held[:len(c.held)-1]
		asDiner(req, last.owner, c.path)
		c.pending.expected = decided
		c.post(req, "/v1/reservations/"+last.id+"/cancel", nil)
	default:
		c.pending.expected = decided
		c.post(req, "/v1/waitlist", rig.AppendBooking(c.body[:0], c.slots[c.pick()], 1+c.r.IntN(4)))
	}
}

// lookUp asks for the free times of one day.
func (c *eveningClient) lookUp(req *fasthttp.Request) {
	day := time.Now().AddDate(0, 0, 1+c.r.IntN(27))
	get(req, "/v1/restaurants/"+c.restaurants[c.r.IntN(len(c.restaurants))]+"/availability", url.Values{
		"from": {day.UTC().Format(time.RFC3339)}, "to": {day.AddDate(0, 0, 1).UTC().Format(time.RFC3339)},
		"party": {strconv.Itoa(1 + c.r.IntN(4))},
	})
}

// get leaves nothing of a POST before it: a server would wait for its body.
func get(req *fasthttp.Request, path string, query url.Values) {
	for _, name := range []string{"Content-Length", "Content-Type", names.HeaderIdempotency} {
		req.Header.Del(name)
	}
	req.ResetBody()
	req.Header.SetMethod(http.MethodGet)
	req.URI().SetPath(path)
	req.URI().SetQueryString(query.Encode())
}

func (c *eveningClient) post(req *fasthttp.Request, path string, body []byte) {
	req.Header.SetMethod(http.MethodPost)
	req.Header.SetContentType("application/json")
	req.URI().SetPath(path)
	req.URI().SetQueryString("")
	req.Header.Set(names.HeaderIdempotency, rig.RandomID(c.r).String())
	req.SetBodyRaw(body)
	c.body = body
}

// Received implements rig.Client.
func (c *eveningClient) Received(status int, body []byte) {
	c.received(status, c.pending.expected...)
	if !c.pending.books || status != http.StatusCreated {
		return
	}
	c.booked.Add(1)
	var booked struct{ ID string }
	if json.Unmarshal(body, &booked) == nil {
		c.held = append(c.held, holding{booked.ID, c.pending.diner})
	}
}
