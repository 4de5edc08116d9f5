package crowd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"time"

	"jari.example/internal/wait"
)

// flow is one kind of request.
type flow struct {
	name      string
	perSecond float64
	send      func(*Crowd, context.Context, *rand.Rand) error
}

// flows are what a crowd does. Together they reach every route that an objective counts.
var flows = []flow{
	{"look up free times", 6, (*Crowd).lookUp},
	{"compare restaurants", 3, (*Crowd).compare},
	{"search", 3, (*Crowd).search},
	{"book and cancel", 4, (*Crowd).book},
	{"wait for a full slot", 0.3, (*Crowd).waitlist},
	{"log in", 1, (*Crowd).logIn},
	{"change a restaurant", 0.5, (*Crowd).change},
}

// Does says whether a crowd sends that kind of request.
func Does(name string) bool {
	return slices.ContainsFunc(flows, func(f flow) bool { return f.name == name })
}

// Rush lets n diners press Book within some time. Stop waits for them.
func (c *Crowd) Rush(ctx context.Context, n int, within time.Duration) {
	for range n {
		c.running.Go(func() {
			r := random()
			_ = wait.For(ctx, time.Duration(r.Float64()*float64(within)))
			c.count("rush", c.book(context.WithoutCancel(ctx), r))
		})
	}
}

func (c *Crowd) logIn(ctx context.Context, r *rand.Rand) error {
	n := r.IntN(len(c.diners) + 1)
	if n == len(c.diners) {
		return c.open(ctx, &c.owner)
	}
	return c.open(ctx, &c.diners[n])
}

func (c *Crowd) search(ctx context.Context, r *rand.Rand) error {
	word := []string{"hansik", "bistro", "국밥", "Dining", "한식"}[r.IntN(5)]
	_, _, err := c.call(ctx, "", http.MethodGet, "/v1/restaurants?"+url.Values{"q": {word}, "limit": {"20"}}.Encode(), nil, nil)
	return err
}

// freeTime is a time that can be booked.
type freeTime struct {
	Slot      string `json:"slot_id"`
	Available int
}

// freeTimes asks for the free times of one restaurant on a day.
func (c *Crowd) freeTimes(ctx context.Context, r *rand.Rand, daysAhead int) ([]freeTime, error) {
	day := time.Now().UTC().AddDate(0, 0, daysAhead)
	var free struct{ Items []freeTime }
	_, _, err := c.call(ctx, "", http.MethodGet, "/v1/restaurants/"+c.restaurants[r.IntN(len(c.restaurants))]+"/availability?"+url.Values{
		"from": {day.Format(time.RFC3339)}, "to": {day.AddDate(0, 0, 1).Format(time.RFC3339)}, "party": {"1"},
	}.Encode(), nil, &free)
	return free.Items, err
}

// lookUp asks for the free times of one day and remembers some.
func (c *Crowd) lookUp(ctx context.Context, r *rand.Rand) error {
	free, err := c.freeTimes(ctx, r, 2+r.IntN(20))
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range free {
		if s.Available > 0 {
			c.free = append(c.free, s.Slot)
		}
	}
	const enough = 200
	c.free = c.free[max(0, len(c.free)-enough):]
	return err
}

// compare asks for one day's times of two restaurants.
func (c *Crowd) compare(ctx context.Context, r *rand.Rand) error {
	two := []string{c.restaurants[r.IntN(len(c.restaurants))], c.restaurants[r.IntN(len(c.restaurants))]}
	_, _, err := c.call(ctx, "", http.MethodGet, "/v1/availability?"+url.Values{
		"restaurant_id": two, "date": {time.Now().UTC().AddDate(0, 0, 2+r.IntN(20)).Format(time.DateOnly)}, "party": {"1"},
	}.Encode(), nil, nil)
	return err
}

// repeated is the share of the bookings that a page sends again with the same key, as it
// does without a response.
const repeated = 0.1

// book books a free slot and cancels it at once, so that seats remain free.
func (c *Crowd) book(ctx context.Context, r *rand.Rand) error {
	_, err := c.bookOnce(ctx, r)
	return err
}

// bookOnce says whether there was a seat.
func (c *Crowd) bookOnce(ctx context.Context, r *rand.Rand) (bool, error) {
	token, slot := c.token(r.IntN(len(c.diners))), c.anyFree(r)
	if slot == "" {
		return false, nil // nobody has looked yet
	}
	times := 1
	if r.Float64() < repeated {
		times = 2
	}
	var booked struct{ ID string }
	again := context.WithValue(ctx, idempotencyKey{}, newKey())
	for range times {
		before := booked.ID
		status, _, err := c.call(again, token, http.MethodPost, "/v1/reservations", map[string]any{"slot_id": slot, "party": 1}, &booked)
		if err != nil || status != http.StatusCreated {
			return false, err
		}
		if before != "" && booked.ID != before {
			return true, fmt.Errorf("one key has booked twice: %s and %s", before, booked.ID)
		}
		c.told(booked.ID, confirmed)
	}
	status, _, err := c.call(ctx, token, http.MethodPost, "/v1/reservations/"+booked.ID+"/cancel", map[string]any{}, nil)
	if err == nil && status == http.StatusOK {
		c.told(booked.ID, cancelled)
	}
	return true, err
}

// anyFree is a slot that somebody saw free; "" if nobody has looked yet.
func (c *Crowd) anyFree(r *rand.Rand) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.free) == 0 {
		return ""
	}
	return c.free[r.IntN(len(c.free))]
}

// What a diner is told of a reservation.
const (
	confirmed = "confirmed"
	cancelled = "cancelled"
)

// told notes what a diner was told of a reservation.
func (c *Crowd) told(reservation, state string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.booked[reservation] = state
}

// toldSoFar is what diners were told of all reservations.
func (c *Crowd) toldSoFar() map[string]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.booked)
}

// Probe sends a request that is refused, and returns its trace, which the refusal names.
func (c *Crowd) Probe(ctx context.Context) (trace string, err error) {
	var refusal struct {
		TraceID string `json:"trace_id"`
	}
	status, text, err := c.call(ctx, "", http.MethodGet, "/v1/restaurants/"+newKey(), nil, nil)
	if err == nil {
		err = json.Unmarshal(text, &refusal)
	}
	if err == nil && (status != http.StatusNotFound || refusal.TraceID == "") {
		err = fmt.Errorf("a restaurant that does not exist: status %d, %.300s", status, text)
	}
	return refusal.TraceID, err
}

// change stores a restaurant's profile again, as an owner does who corrects a word.
func (c *Crowd) change(ctx context.Context, r *rand.Rand) error {
	path := "/v1/restaurants/" + c.restaurants[r.IntN(len(c.restaurants))]
	var profile map[string]any
	status, _, err := c.call(ctx, "", http.MethodGet, path, nil, &profile)
	if err != nil || status != http.StatusOK {
		return err
	}
	delete(profile, "id") // what is in the path, and what the server sets
	delete(profile, "version")
	c.mu.Lock()
	token := c.owner.token
	c.mu.Unlock()
	status, text, err := c.call(ctx, token, http.MethodPut, path, profile, nil)
	if err == nil && status != http.StatusOK && status != http.StatusUnauthorized {
		err = fmt.Errorf("change %s: %d %.300s", path, status, text)
	}
	return err
}

// Everything searches, looks free times up, logs in and books once, and returns what failed.
func (c *Crowd) Everything(ctx context.Context) error {
	r := random()
	if err := errors.Join(c.search(ctx, r), c.lookUp(ctx, r), c.logIn(ctx, r)); err != nil {
		return err
	}
	booked, err := c.bookOnce(ctx, r)
	if err == nil && !booked {
		err = errors.New("a booking was refused")
	}
	return err
}

// random is a generator of its own for a goroutine.
func random() *rand.Rand { return rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())) }
