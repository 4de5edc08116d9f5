package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	crowdSize = 300
	covers    = 20
)

// rush: everybody presses the button for the same slot at once. Whoever gets
// no certain answer (503, 504, a broken connection) asks again with the same
// key, as the page does.
func (e *evening) rush(ctx context.Context) error {
	at, slot, err := e.untouchedSlot(ctx)
	if err != nil {
		return err
	}
	if err := e.gather(ctx); err != nil {
		return err
	}
	e.note("%d diners wait for %s on %s, which has %d covers.", crowdSize, at.Name.En, local(slot.Start, at.TimeZone), covers)

	type outcome struct {
		final  answer
		asked  int
		took   time.Duration
		wanted int
	}
	outcomes := make([]outcome, crowdSize)
	gate := make(chan struct{})
	var everyone sync.WaitGroup
	for i, p := range e.crowd {
		everyone.Go(func() {
			o := &outcomes[i]
			o.wanted = 1 + i%2 // singles fill what pairs leave
			<-gate
			start := time.Now()
			for range 40 {
				o.asked++
				a, err := p.book(ctx, e, slot.SlotID, o.wanted, "rush-"+e.tag)
				o.final = a
				if err == nil && a.status < 500 {
					break
				}
				select {
				case <-ctx.Done():
					return
				case <-time.After(250 * time.Millisecond):
				}
			}
			o.took = time.Since(start)
		})
	}
	start := time.Now()
	close(gate)
	var back func(context.Context) (string, error)
	if e.Kill != nil {
		time.Sleep(60 * time.Millisecond) // in the middle: some are answered, most wait
		if back, err = e.Kill(ctx); err != nil {
			return fmt.Errorf("kill the reservation process: %w", err)
		}
		e.note("Now the reservation process is killed with kill -9.")
	}
	everyone.Wait()
	wall := time.Since(start)

	sold, winners, refused, retried := 0, 0, 0, 0
	var latencies []time.Duration
	for i, o := range outcomes {
		latencies = append(latencies, o.took)
		if o.asked > 1 {
			retried++
		}
		switch {
		case o.final.status == http.StatusCreated:
			winners++
			sold += o.wanted
			if err := e.holds(ctx, e.crowd[i], slot, o.final, o.wanted); err != nil {
				return err
			}
		case o.final.status == http.StatusConflict && o.final.reason() == "slot_full":
			refused++
		default:
			return fmt.Errorf("diner %d got no honest answer: %s", i, o.final)
		}
	}
	if sold != covers {
		return fmt.Errorf("%d covers sold of %d", sold, covers)
	}
	left, err := e.freeTimes(ctx, at.ID, 1)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(left, func(t freeTime) bool { return t.SlotID == slot.SlotID }) {
		return fmt.Errorf("the sold-out slot %s is still offered", slot.SlotID)
	}
	slices.Sort(latencies)
	e.say("%d covers sold to %d parties, %d told “full”; nobody lost, nobody doubled.", sold, winners, refused)
	e.say("All %d had their answer after %.2f s (median %d ms, last %d ms; %d asked more than once).", crowdSize, wall.Seconds(),
		latencies[crowdSize/2].Milliseconds(), latencies[crowdSize-1].Milliseconds(), retried)
	if back == nil {
		return nil
	}
	if retried == 0 {
		return fmt.Errorf("nobody had to ask twice: the kill hit nothing")
	}
	said, err := back(ctx)
	if err != nil {
		return err
	}
	e.say("The launcher started it again: %s.", said)
	return nil
}

// holds checks that a 201 stands: the diner has exactly this one reservation for the slot.
func (e *evening) holds(ctx context.Context, p *person, slot freeTime, a answer, party int) error {
	var r reservation
	if err := json.Unmarshal(a.body, &r); err != nil {
		return err
	}
	mine, err := call[list[reservation]](ctx, e, p, "GET", "/v1/reservations"+query("status", "confirmed"), nil, http.StatusOK)
	if err != nil {
		return err
	}
	if len(mine.Items) != 1 || mine.Items[0].ID != r.ID || mine.Items[0].SlotID != slot.SlotID || mine.Items[0].Party != party {
		return fmt.Errorf("201 for reservation %s, but the diner's list holds %+v", r.ID, mine.Items)
	}
	return nil
}

// untouchedSlot finds a slot on which nothing is booked yet.
func (e *evening) untouchedSlot(ctx context.Context) (restaurant, freeTime, error) {
	all, err := call[list[restaurant]](ctx, e, anyone, "GET", "/v1/restaurants"+query("limit", "50"), nil, http.StatusOK)
	if err != nil {
		return restaurant{}, freeTime{}, err
	}
	for _, r := range all.Items {
		times, err := e.freeTimes(ctx, r.ID, 1)
		if err != nil {
			return restaurant{}, freeTime{}, err
		}
		for _, t := range slices.Backward(times) { // the last first: diners take the next
			if t.Available == covers {
				return r, t, nil
			}
		}
	}
	return restaurant{}, freeTime{}, fmt.Errorf("no restaurant has an untouched slot of %d covers left; `make clean up` starts over", covers)
}

// gather signs the crowd up once; later chapters use it again.
func (e *evening) gather(ctx context.Context) error {
	if e.crowd != nil {
		return nil
	}
	start := time.Now()
	e.crowd = make([]*person, crowdSize)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for i := range e.crowd {
		g.Go(func() (err error) {
			e.crowd[i], err = e.newDiner(ctx, fmt.Sprintf("diner%03d", i), []string{"ko", "en"}[i%2])
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	e.say("%d diners sign up and log in (%.0f s; passwords are hashed with argon2id).", crowdSize, time.Since(start).Seconds())
	return nil
}
