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

// most is in a party; more than there ever are covers.
const most = 20 // reservation.MaxParty

// world is one restaurant with two slots, and what its guests know of it.
type world struct {
	replicas   []string
	client     *http.Client
	restaurant string
	day        string
	covers     int8
	overlap    bool // of the slots: nobody may have both
	pause      time.Duration
	crowd
	slots  [slots]string // their ids
	diners []string      // of the crowd, and one who only counts what is left
	began  time.Time

	mu     sync.Mutex
	rows   map[string]int8 // by id: the key that made it
	ids    [keys]string    // the other way round
	known  []int8          // rows with an id
	heard  [keys]shown     // of each row, the latest answer
	text   []string        // of each key, as it is sent
	asked  []call          // with a key
	events []event
}

// play lets a random crowd loose on a new restaurant and returns what was asked
// and answered. The seed fixes who asks for what; when, is up to the machine.
func play(ctx context.Context, client *http.Client, replicas []string, seed uint64, alone bool) (History, error) {
	rng := rand.New(rand.NewPCG(seed, 0))
	w := &world{
		replicas: replicas, client: client, restaurant: "linear-" + uuid.NewString(),
		day:     strings.ToLower(time.Now().UTC().Add(48 * time.Hour).Weekday().String()[:3]),
		overlap: rng.IntN(3) == 0, crowd: crowds[rng.IntN(len(crowds))], rows: map[string]int8{},
		pause: []time.Duration{0, 0, 5 * time.Millisecond, 400 * time.Millisecond}[rng.IntN(4)],
	}
	w.covers = int8(w.seats/2 + rng.IntN(w.seats) + 1)
	if alone {
		w.workers, w.each, w.pause = 1, w.workers*w.each, 0
	}
	for range w.people + 1 {
		w.diners = append(w.diners, uuid.NewString())
	}
	if err := w.open(ctx); err != nil {
		return History{}, err
	}
	w.began = time.Now()
	var wg sync.WaitGroup
	for n := range w.workers {
		rng := rand.New(rand.NewPCG(seed, uint64(n+1)))
		wg.Go(func() { w.work(ctx, n, rng) })
	}
	wg.Wait()
	w.takeStock(ctx, rng)
	return History{Seed: seed, covers: w.covers, overlap: w.overlap, events: w.events}, ctx.Err()
}

// open makes the slots and learns their ids.
func (w *world) open(ctx context.Context) error {
	if r := w.ask(ctx, 0, call{op: edit, covers: w.covers, row: none, key: none}); r.reason != "" {
		return fmt.Errorf("no schedule: %s %s", r.reason, r.failed)
	}
	now := time.Now().UTC()
	window := url.Values{"from": {now.Format(time.RFC3339)}, "to": {now.Add(96 * time.Hour).Format(time.RFC3339)}}
	res, err := w.client.Do(w.plain(ctx, "GET", w.replicas[0]+"/v1/restaurants/"+w.restaurant+"/availability?"+window.Encode(), nil))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	var free struct {
		Items []struct {
			SlotID string `json:"slot_id"`
		}
	}
	if err := json.NewDecoder(res.Body).Decode(&free); err != nil || len(free.Items) != slots {
		return fmt.Errorf("no slots: %d %v %v", res.StatusCode, free, err)
	}
	for i, item := range free.Items {
		w.slots[i] = item.SlotID
	}
	return nil
}

// record asks and writes down what came of it.
func (w *world) record(ctx context.Context, worker, replica int, c call, patience time.Duration) answer {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	e := event{worker: worker, replica: replica, call: c, began: time.Since(w.began)}
	e.reply = w.ask(ctx, replica, c)
	e.ended = time.Since(w.began)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, e)
	if e.reason == "" && e.row >= 0 && !e.replayed {
		w.heard[e.row] = e.shown
	}
	return e.answer
}

// takeStock looks at every row, and reads each slot's counter off a refusal.
func (w *world) takeStock(ctx context.Context, rng *rand.Rand) {
	for _, row := range w.known {
		w.record(ctx, 0, rng.IntN(len(w.replicas)), call{op: look, diner: w.asked[row].diner, row: row, slot: none, key: none}, time.Minute)
	}
	for i := range w.slots {
		c := call{op: book, diner: int8(w.people), slot: int8(i), party: most, row: none}
		w.key(&c)
		w.record(ctx, 0, rng.IntN(len(w.replicas)), c, time.Minute)
	}
}
