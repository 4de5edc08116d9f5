package lineartest

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// How large a world is: small, so that its requests meet and its history can be
// judged.
const (
	workers = 6
	each    = 10 // requests of a worker
	diners  = 5  // and one more, who only counts what is left
	most    = 20 // in a party; more than there ever are covers
)

// strict: not even at one instant may a diner get two slots that overlap.
const strict = false

// world is one restaurant with two slots, and what its guests know of it.
type world struct {
	replicas   []string
	client     *http.Client
	restaurant string
	day        string
	covers     int8
	overlap    bool // of the slots: nobody may have both
	pause      time.Duration
	slots      [slots]string // their ids
	diners     [diners + 1]string
	began      time.Time

	mu     sync.Mutex
	rows   map[string]int8 // by id: the key that made it
	ids    [keys]string    // the other way round
	known  []int8          // rows with an id
	text   []string        // of each key, as it is sent
	asked  []call          // with a key
	events []event
}

// play lets a random crowd loose on a new restaurant and returns what was asked
// and answered. The seed fixes who asks for what; when, is up to the machine.
func play(ctx context.Context, client *http.Client, replicas []string, seed uint64, workers int) (History, error) {
	rng := rand.New(rand.NewPCG(seed, 0))
	w := &world{
		replicas: replicas, client: client, restaurant: "linear-" + uuid.NewString(),
		day:    strings.ToLower(time.Now().UTC().Add(48 * time.Hour).Weekday().String()[:3]),
		covers: int8(2 + rng.IntN(5)), overlap: rng.IntN(4) == 0 && strict,
		pause: []time.Duration{0, 0, 5 * time.Millisecond, 100 * time.Millisecond}[rng.IntN(4)],
		rows:  map[string]int8{},
	}
	for i := range w.diners {
		w.diners[i] = uuid.NewString()
	}
	if err := w.open(ctx); err != nil {
		return History{}, err
	}
	w.began = time.Now()
	var wg sync.WaitGroup
	for n := range workers {
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

// work is one client that asks for this and that. Now and then it has no
// patience, and then it mostly asks again.
func (w *world) work(ctx context.Context, worker int, rng *rand.Rand) {
	var lost *call
	for range each {
		if w.pause > 0 {
			time.Sleep(rand.N(w.pause)) // not to wait for anything: a crowd that trickles
		}
		c := w.choose(rng)
		if lost != nil && rng.IntN(3) > 0 {
			c = *lost
		}
		patience := time.Minute
		if rng.IntN(12) == 0 {
			patience = time.Duration(300+rng.IntN(5000)) * time.Microsecond
		}
		lost = nil
		if a := w.record(ctx, worker, rng.IntN(len(w.replicas)), c, patience); a.reason == unknown && c.op.keyed() {
			lost = &c
		}
	}
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
	return e.answer
}

// choose makes up a request from what the crowd knows by now.
func (w *world) choose(rng *rand.Rand) call {
	w.mu.Lock()
	defer w.mu.Unlock()
	dice := rng.IntN(100)
	c := call{diner: int8(rng.IntN(diners)), key: none, row: none, slot: none}
	if dice < 12 && len(w.asked) > 0 { // again, perhaps meaning something else
		c = w.asked[rng.IntN(len(w.asked))]
		if c.party > 0 && rng.IntN(5) == 0 {
			c.party = c.party%4 + 1
		}
		return c
	}
	switch {
	case dice < 45 || len(w.known) == 0:
		c.op = book
	case dice < 60:
		c.op = cancel
	case dice < 88:
		c.op = look
	default:
		c.op, c.covers = edit, int8(rng.IntN(7))
		return c
	}
	if c.op == book || c.op == join {
		c.slot, c.party = int8(rng.IntN(slots)), int8(1+rng.IntN(3))
	} else {
		c.row = w.known[rng.IntN(len(w.known))]
		c.diner = w.owner(c.row)
	}
	if c.op == move {
		if rng.IntN(3) > 0 {
			c.slot = int8(rng.IntN(slots))
		}
		if rng.IntN(2) > 0 || c.slot == none {
			c.party = int8(1 + rng.IntN(4))
		}
	}
	if c.op.keyed() {
		w.key(&c)
	}
	return c
}

// key gives c a new key. Its text is new to its diner and operation only.
func (w *world) key(c *call) {
	c.key = int8(len(w.text))
	n := 0
	for _, before := range w.asked {
		if before.op == c.op && before.diner == c.diner {
			n++
		}
	}
	w.text = append(w.text, "key-"+strconv.Itoa(n))
	w.asked = append(w.asked, *c)
}

func (w *world) owner(row int8) int8 { return w.asked[row].diner }

// takeStock looks at every row, and reads each slot's counter off a refusal.
func (w *world) takeStock(ctx context.Context, rng *rand.Rand) {
	for _, row := range w.known {
		w.record(ctx, 0, rng.IntN(len(w.replicas)), call{op: look, diner: w.owner(row), row: row, slot: none, key: none}, time.Minute)
	}
	for i := range w.slots {
		c := call{op: book, diner: diners, slot: int8(i), party: most, row: none}
		w.key(&c)
		w.record(ctx, 0, rng.IntN(len(w.replicas)), c, time.Minute)
	}
}
