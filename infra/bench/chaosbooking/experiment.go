package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"jari.example/infra/bench/chaosbooking/invariants"
	"jari.example/infra/bench/sandbox"
	"jari.example/telemetry/names"
)

// experiment is sell-outs one after the other on one system.
type experiment struct {
	sys      *system
	recorder *recorder
	rng      *rand.Rand
}

func newExperiment(sys *system, seed uint64) *experiment {
	return &experiment{sys: sys, recorder: &recorder{}, rng: rand.New(rand.NewPCG(seed, 0))}
}

// restaurant is a restaurant with two seatings of one day, one of which everybody
// wants.
type restaurant struct {
	hotSlot, otherSlot int64
	covers             int
	maxParty           int // party
	soldCovers         atomic.Int64
	threshold          int64         // covers sold at which the kill is due
	killDue            chan struct{} // closed then
	once               sync.Once
	leftCounted        chan struct{} // closed when it is known what the kill has left for sale
}

// addSold counts what diners have heard to be theirs.
func (h *restaurant) addSold(covers int) {
	if h.soldCovers.Add(int64(covers)) >= h.threshold {
		h.once.Do(func() { close(h.killDue) })
	}
}

// sellout opens a restaurant, lets everybody in, kills when a random share is
// sold, and returns a line about it.
func (c *experiment) sellout(ctx context.Context, n int) (string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	h, err := c.openRestaurant(ctx, n)
	if err != nil {
		return "", err
	}
	began := time.Now()
	killed := make(chan error, 1)
	victim := []string{invariants.Postgres, invariants.Postgres, replicas[0].name, replicas[1].name}[c.rng.IntN(4)]
	go func() { killed <- c.kill(ctx, h, victim) }()

	people := c.applyLoad(ctx, h)
	h.addSold(h.covers) // whatever has happened: no sell-out without its kill
	if err := <-killed; err != nil {
		return "", err
	}
	left := c.recorder.kills[len(c.recorder.kills)-1].CoversLeft
	return fmt.Sprintf("%d covers, %d diners, kill -9 %s with %d covers left, %s", h.covers, people, victim, left, time.Since(began).Round(10*time.Millisecond)), ctx.Err()
}

// burst is how many come at once when the kill is due, so that it finds
// something to interrupt, and still something for sale.
func (h *restaurant) burst() int { return min(6, max(1, h.covers/6)) }

// slowdown is how many times slower people come from the kill until it is known
// what it has left: if everybody stood at the door when Postgres is back, the
// seats would be gone before they are counted.
const slowdown = 20

// applyLoad lets people in, one by one and then some at once, and returns how many
// they were when the last has gone.
func (c *experiment) applyLoad(ctx context.Context, h *restaurant) int {
	var all sync.WaitGroup
	people := 20 + h.covers*3/2
	pace := time.Duration(5+c.rng.IntN(20)) * time.Millisecond // between two of them
	due, counted, atOnce := h.killDue, (chan struct{})(nil), 0
	for range people {
		d := &actor{id: uuid.NewString(), sys: c.sys, recorder: c.recorder, restaurant: h, rng: rand.New(rand.NewPCG(c.rng.Uint64(), 0))}
		d.party = 1 + min(d.rng.IntN(h.maxParty), d.rng.IntN(h.maxParty)) // small ones are more frequent
		all.Go(func() { d.run(ctx) })
		if atOnce--; atOnce > 0 {
			continue
		}
		next := time.Duration(c.rng.ExpFloat64() * float64(pace))
		if counted != nil {
			next *= slowdown
		}
		select {
		case <-due:
			due, counted, atOnce = nil, h.leftCounted, h.burst()
		case <-counted:
			counted = nil
		case <-time.After(next):
		}
	}
	all.Wait()
	return people
}

// kill waits for its moment, and afterwards until the victim is back.
func (c *experiment) kill(ctx context.Context, h *restaurant, victim string) error {
	select {
	case <-h.killDue:
	case <-ctx.Done():
		return ctx.Err()
	}
	time.Sleep(rand.N(4 * time.Millisecond)) // into the burst
	st := c.sys.Status(victim)
	k := invariants.Kill{Target: victim, At: time.Now()}
	if err := killTree(st.Pid); err != nil {
		return fmt.Errorf("kill %s, process %d: %w", victim, st.Pid, err)
	}
	k.Done = time.Now()
	count := c.recorder.addKill(k) // at once, since diners decide by it whether to leave
	left, err := c.coversLeft(ctx, h)
	if err != nil {
		return err
	}
	count(left)
	close(h.leftCounted)
	return c.sys.AwaitRecovery(ctx, victim, st.Restarts+1)
}

// coversLeft is the covers that were not sold when the kill was done, or fewer: it
// asks until the database answers again, and sellers may be quicker.
func (c *experiment) coversLeft(ctx context.Context, h *restaurant) (int, error) {
	for deadline := time.Now().Add(sandbox.RecoveryTimeout); ; {
		left, err := queryOne[int](ctx, c.sys, reservationDB, "SELECT capacity - booked FROM slots WHERE id = $1", h.hotSlot)
		if err == nil || ctx.Err() != nil || time.Now().After(deadline) {
			return left, err
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// openRestaurant makes the restaurant known and finds its two seatings.
func (c *experiment) openRestaurant(ctx context.Context, n int) (*restaurant, error) {
	h := &restaurant{covers: 5 + c.rng.IntN(36), killDue: make(chan struct{}), leftCounted: make(chan struct{})}
	h.maxParty = min(4+c.rng.IntN(3), max(2, h.covers/3))
	share := 0.05 + 0.5*c.rng.Float64()
	h.threshold = max(1, int64(share*float64(h.covers)))
	day := time.Now().UTC().AddDate(0, 0, 3) // far enough for no reminder to be due
	path := fmt.Sprintf("/v1/restaurants/chaos-%03d", n+1)
	plan := fmt.Sprintf(`{"time_zone":"UTC","weekly":[{"day":%q,"opens":"18:00","closes":"22:00"}],"interval_minutes":120,"covers":%d,"party":{"min":1,"max":%d},"days_ahead":6,"cancel_cutoff_minutes":%d}`,
		strings.ToLower(day.Weekday().String()[:3]), h.covers, h.maxParty, cutoff(day.Truncate(24*time.Hour).Add(18*time.Hour)))
	if _, err := c.retryAsOperator(ctx, http.MethodPut, path+"/schedule", plan); err != nil {
		return nil, err
	}
	from := day.Truncate(24 * time.Hour)
	text, err := c.retryAsOperator(ctx, http.MethodGet, path+"/availability?from="+from.Format(time.RFC3339)+"&to="+from.AddDate(0, 0, 1).Format(time.RFC3339), "")
	if err != nil {
		return nil, err
	}
	var free struct {
		Items []struct {
			SlotID string `json:"slot_id"`
		}
	}
	if err := json.Unmarshal(text, &free); err != nil || len(free.Items) != 2 {
		return nil, fmt.Errorf("the restaurant has not two seatings: %s", text)
	}
	if h.hotSlot, err = strconv.ParseInt(free.Items[0].SlotID, 10, 64); err != nil {
		return nil, err
	}
	h.otherSlot, err = strconv.ParseInt(free.Items[1].SlotID, 10, 64)
	return h, err
}

// cutoff is a restaurant's, in minutes before start: two hours, or the full
// minute that is about to come, so that a line closes during the sell-out.
func cutoff(start time.Time) int {
	minute := time.Now().Truncate(time.Minute).Add(time.Minute)
	if soon := time.Until(minute); soon < 2*time.Second || soon > 15*time.Second {
		return 120
	}
	return int(start.Sub(minute) / time.Minute)
}

// retryAsOperator asks as the restaurant's owner until it succeeds.
func (c *experiment) retryAsOperator(ctx context.Context, method, path, body string) (text []byte, err error) {
	for range 50 {
		if text, err = c.requestAsOperator(ctx, method, path, body); err == nil || ctx.Err() != nil {
			return text, err
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil, err
}

func (c *experiment) requestAsOperator(ctx context.Context, method, path, body string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.sys.parts.Ports.URL(replicas[0].port)+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set(names.HeaderUserID, uuid.NewString())
	req.Header.Set(names.HeaderUserRole, "operator")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := httpClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s: %s", method, path, res.Status, text)
	}
	return text, err
}
