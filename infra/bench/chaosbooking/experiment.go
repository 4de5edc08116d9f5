package main

import (
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
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"jari.example/infra/bench/chaosbooking/invariants"
	"jari.example/infra/bench/sandbox"
	"jari.example/internal/wait"
	"jari.example/telemetry/names"
)

// experiment is a series of sell-outs on one system.
type experiment struct {
	sys      *system
	recorder *recorder
	rng      *rand.Rand
}

func newExperiment(sys *system, seed uint64) *experiment {
	return &experiment{sys: sys, recorder: &recorder{}, rng: rand.New(rand.NewPCG(seed, 0))}
}

// restaurant has two slots of one day. Most actors want the hot one.
type restaurant struct {
	hotSlot, otherSlot int64
	covers             int
	maxParty           int
	soldCovers         atomic.Int64  // of the hot slot, as far as actors got a 201
	threshold          int64         // sold covers at which the kill is due
	killDue            chan struct{} // closed when the kill is due
	once               sync.Once
	leftCounted        chan struct{} // closed when the covers that the kill has left are counted
}

// addSold adds covers for which an actor got a 201.
func (r *restaurant) addSold(covers int) {
	if r.soldCovers.Add(int64(covers)) >= r.threshold {
		r.once.Do(func() { close(r.killDue) })
	}
}

// sellout opens a restaurant, applies the load, kills a process when a random
// share of the covers is sold, and returns a line about it.
func (e *experiment) sellout(ctx context.Context, n int) (string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r, err := e.openRestaurant(ctx, n)
	if err != nil {
		return "", err
	}
	began := time.Now()
	killed := make(chan error, 1)
	target := []string{invariants.Postgres, invariants.Postgres, replicas[0].name, replicas[1].name}[e.rng.IntN(4)]
	go func() { killed <- e.kill(ctx, r, target) }()

	actors := e.applyLoad(ctx, r)
	r.addSold(r.covers) // a kill in every sell-out, even if too little was sold
	if err := <-killed; err != nil {
		return "", err
	}
	left := e.recorder.kills[len(e.recorder.kills)-1].CoversLeft
	return fmt.Sprintf("%d covers, %d diners, kill -9 %s with %d covers left, %s",
		r.covers, actors, target, left, time.Since(began).Round(10*time.Millisecond)), ctx.Err()
}

// burst is how many actors start at once when the kill is due, so that the kill
// interrupts requests while there are still covers for sale.
func (r *restaurant) burst() int { return min(6, max(1, r.covers/6)) }

// slowdown is how many times slower actors start between the kill and the count
// of the covers that it has left. Otherwise waiting actors would buy all covers
// as soon as Postgres has recovered, before they are counted.
const slowdown = 20

// applyLoad starts actors one by one, and some at once when the kill is due. It
// returns their number when the last one has finished.
func (e *experiment) applyLoad(ctx context.Context, r *restaurant) int {
	var all sync.WaitGroup
	actors := 20 + r.covers*3/2
	pace := time.Duration(5+e.rng.IntN(20)) * time.Millisecond // mean time between two starts
	due, counted, atOnce := r.killDue, (chan struct{})(nil), 0
	for range actors {
		a := &actor{id: uuid.NewString(), sys: e.sys, recorder: e.recorder, restaurant: r, rng: rand.New(rand.NewPCG(e.rng.Uint64(), 0))}
		a.party = 1 + min(a.rng.IntN(r.maxParty), a.rng.IntN(r.maxParty)) // small parties are more frequent
		all.Go(func() { a.run(ctx) })
		if atOnce--; atOnce > 0 {
			continue
		}
		next := time.Duration(e.rng.ExpFloat64() * float64(pace))
		if counted != nil {
			next *= slowdown
		}
		select {
		case <-due:
			due, counted, atOnce = nil, r.leftCounted, r.burst()
		case <-counted:
			counted = nil
		case <-time.After(next):
		}
	}
	all.Wait()
	return actors
}

// kill waits until the kill is due, kills the target, counts the covers that are
// left, and waits until the target has recovered.
func (e *experiment) kill(ctx context.Context, r *restaurant, target string) error {
	select {
	case <-r.killDue:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := wait.For(ctx, rand.N(4*time.Millisecond)); err != nil { // into the burst
		return err
	}
	st := e.sys.Status(target)
	k := invariants.Kill{Target: target, At: time.Now()}
	if err := killTree(st.Pid); err != nil {
		return fmt.Errorf("kill %s, process %d: %w", target, st.Pid, err)
	}
	k.Done = time.Now()
	setCoversLeft := e.recorder.addKill(k) // at once: actors decide by it whether to give up
	left, err := e.coversLeft(ctx, r)
	if err != nil {
		return err
	}
	setCoversLeft(left)
	close(r.leftCounted)
	return e.sys.AwaitRecovery(ctx, target, st.Restarts+1)
}

// coversLeft is how many covers were not sold when the kill was done, or fewer:
// it queries until the database responds again, and bookings may be faster.
func (e *experiment) coversLeft(ctx context.Context, r *restaurant) (left int, err error) {
	limited, cancel := context.WithTimeout(ctx, sandbox.RecoveryTimeout)
	defer cancel()
	late := wait.Until(limited, 2*time.Millisecond, func() bool {
		left, err = queryOne[int](limited, e.sys, reservationDB, "SELECT capacity - booked FROM slots WHERE id = $1", r.hotSlot)
		return err == nil
	})
	if late != nil {
		return 0, errors.Join(late, err)
	}
	return left, nil
}

// scheduleBody is what an operator sets to open a restaurant.
const scheduleBody = `{
  "time_zone": "UTC", "weekly": [{"day": %q, "opens": "18:00", "closes": "22:00"}], "interval_minutes": 120,
  "covers": %d, "party": {"min": 1, "max": %d}, "days_ahead": 6, "cancel_cutoff_minutes": %d
}`

// openRestaurant sets a schedule and finds its two slots.
func (e *experiment) openRestaurant(ctx context.Context, n int) (*restaurant, error) {
	r := &restaurant{covers: 5 + e.rng.IntN(36), killDue: make(chan struct{}), leftCounted: make(chan struct{})}
	r.maxParty = min(4+e.rng.IntN(3), max(2, r.covers/3))
	share := 0.05 + 0.5*e.rng.Float64()
	r.threshold = max(1, int64(share*float64(r.covers)))
	day := time.Now().UTC().AddDate(0, 0, 3).Truncate(24 * time.Hour) // so far away that no reminder is due
	path := fmt.Sprintf("/v1/restaurants/chaos-%03d", n+1)
	body := fmt.Sprintf(scheduleBody, strings.ToLower(day.Weekday().String()[:3]), r.covers, r.maxParty, cutoff(day.Add(18*time.Hour)))
	if _, err := e.retryAsOperator(ctx, http.MethodPut, path+"/schedule", body); err != nil {
		return nil, err
	}
	query := url.Values{"from": {day.Format(time.RFC3339)}, "to": {day.AddDate(0, 0, 1).Format(time.RFC3339)}}
	text, err := e.retryAsOperator(ctx, http.MethodGet, path+"/availability?"+query.Encode(), "")
	if err != nil {
		return nil, err
	}
	var free struct {
		Items []struct {
			SlotID string `json:"slot_id"`
		}
	}
	if err := json.Unmarshal(text, &free); err != nil || len(free.Items) != 2 {
		return nil, fmt.Errorf("the restaurant does not have two slots: %s", text)
	}
	if r.hotSlot, err = strconv.ParseInt(free.Items[0].SlotID, 10, 64); err != nil {
		return nil, err
	}
	r.otherSlot, err = strconv.ParseInt(free.Items[1].SlotID, 10, 64)
	return r, err
}

// cutoff is a restaurant's cut-off in minutes before start: two hours, or the
// next full minute if it is near, so that a waitlist closes during the sell-out.
func cutoff(start time.Time) int {
	minute := time.Now().Truncate(time.Minute).Add(time.Minute)
	if soon := time.Until(minute); soon < 2*time.Second || soon > 15*time.Second {
		return 120
	}
	return int(start.Sub(minute) / time.Minute)
}

// retryAsOperator sends a request as an operator until it succeeds.
func (e *experiment) retryAsOperator(ctx context.Context, method, path, body string) (text []byte, err error) {
	for range 50 {
		if text, err = e.requestAsOperator(ctx, method, path, body); err == nil || ctx.Err() != nil {
			return text, err
		}
		_ = wait.For(ctx, 50*time.Millisecond) // the loop ends with ctx, too
	}
	return nil, err
}

func (e *experiment) requestAsOperator(ctx context.Context, method, path, body string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, e.sys.parts.Ports.URL(replicas[0].port)+path, strings.NewReader(body))
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
