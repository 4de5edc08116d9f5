package lineartest

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// largestParty is more than any slot's covers, so a booking for it is refused.
const largestParty = 20 // reservation.MaxParty

// round is one restaurant with two slots, and what its clients know of it.
type round struct {
	replicas   []string // URLs
	http       *http.Client
	restaurant string
	weekday    string
	covers     int8
	overlap    bool          // of the slots: no diner may have both
	pause      time.Duration // before a call, at most
	workload
	slotIDs  [slots]string
	dinerIDs []string // the clients', and one more that only reads how many covers are left
	started  time.Time

	mu           sync.Mutex
	reservations map[string]int8 // by id: the key that created it
	ids          [keys]string    // the reverse
	created      []int8          // reservations with an id
	latest       [keys]view      // of each reservation, the latest response
	keyTexts     []string        // of each key, as it is sent
	keyed        []call          // of each key, its first call
	operations   []operation
}

// runRound runs random clients on a new restaurant and returns their history.
// The seed decides the calls; their timing is up to the machine.
func runRound(ctx context.Context, client *http.Client, replicas []string, seed uint64, sequential bool) (History, error) {
	rng := rand.New(rand.NewPCG(seed, 0))
	r := &round{
		replicas: replicas, http: client, restaurant: "linear-" + uuid.NewString(),
		weekday: strings.ToLower(time.Now().UTC().Add(48 * time.Hour).Weekday().String()[:3]),
		overlap: rng.IntN(3) == 0, workload: workloads[rng.IntN(len(workloads))], reservations: map[string]int8{},
		pause: []time.Duration{0, 0, 5 * time.Millisecond, 400 * time.Millisecond}[rng.IntN(4)],
	}
	r.covers = int8(r.averageCovers/2 + rng.IntN(r.averageCovers) + 1)
	if sequential {
		r.clients, r.calls, r.pause = 1, r.clients*r.calls, 0
	}
	for range r.diners + 1 {
		r.dinerIDs = append(r.dinerIDs, uuid.NewString())
	}
	if err := r.createSlots(ctx); err != nil {
		return History{}, err
	}
	r.started = time.Now()
	var wg sync.WaitGroup
	for n := range r.clients {
		rng := rand.New(rand.NewPCG(seed, uint64(n+1)))
		wg.Go(func() { r.runClient(ctx, n, rng) })
	}
	wg.Wait()
	r.readFinalState(ctx, rng)
	return History{Seed: seed, covers: r.covers, overlap: r.overlap, operations: r.operations}, ctx.Err()
}

// createSlots sets the schedule and reads the slots' ids.
func (r *round) createSlots(ctx context.Context) error {
	if res := r.send(ctx, 0, call{op: edit, covers: r.covers, reservation: none, key: none}); res.reason != "" {
		return fmt.Errorf("set the schedule: %s %s", res.reason, res.serverError)
	}
	now := time.Now().UTC()
	window := url.Values{"from": {now.Format(time.RFC3339)}, "to": {now.Add(96 * time.Hour).Format(time.RFC3339)}}
	path := "/v1/restaurants/" + r.restaurant + "/availability?" + window.Encode()
	res, err := r.http.Do(newRequest(ctx, "GET", r.replicas[0]+path, nil))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	var list struct {
		Items []struct {
			SlotID string `json:"slot_id"`
		}
	}
	if err := json.NewDecoder(res.Body).Decode(&list); err != nil || len(list.Items) != slots {
		return fmt.Errorf("read the slots: status %d, %v, %v", res.StatusCode, list, err)
	}
	for i, item := range list.Items {
		r.slotIDs[i] = item.SlotID
	}
	return nil
}

// record sends a call and adds it to the history.
func (r *round) record(ctx context.Context, client, replica int, c call, timeout time.Duration) result {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	o := operation{client: client, replica: replica, call: c, start: time.Since(r.started)}
	o.response = r.send(ctx, replica, c)
	o.end = time.Since(r.started)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.operations = append(r.operations, o)
	if o.reason == "" && o.reservation >= 0 && !o.replayed {
		r.latest[o.reservation] = o.view
	}
	return o.result
}

// readFinalState gets every reservation, and reads each slot's counter from the
// refusal of a booking that is too large.
func (r *round) readFinalState(ctx context.Context, rng *rand.Rand) {
	for _, n := range r.created {
		c := call{op: get, diner: r.keyed[n].diner, reservation: n, slot: none, key: none}
		r.record(ctx, 0, rng.IntN(len(r.replicas)), c, time.Minute)
	}
	for i := range r.slotIDs {
		c := call{op: book, diner: int8(r.diners), slot: int8(i), party: largestParty, reservation: none}
		r.newKey(&c)
		r.record(ctx, 0, rng.IntN(len(r.replicas)), c, time.Minute)
	}
}
