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

	"jari.example/internal/wait"
)

const (
	rushDiners = 300
	covers     = 20
)

// rush makes all diners book the same slot at once. A diner whose result is
// uncertain (503, 504, a broken connection) retries with the same idempotency
// key, as the page does.
func (sc *scenario) rush(ctx context.Context) error {
	at, slot, err := sc.emptySlot(ctx)
	if err != nil {
		return err
	}
	if err := sc.signUpDiners(ctx); err != nil {
		return err
	}
	sc.note("%d diners are about to book %s on %s, which has %d covers.",
		rushDiners, at.Name.En, local(slot.Start, slot.zone), covers)

	start := time.Now()
	finish := sc.startRush(ctx, slot)
	var recovered func(context.Context) (string, error)
	if sc.Kill != nil {
		time.Sleep(60 * time.Millisecond) // in the middle: some have a response, most have none
		if recovered, err = sc.Kill(ctx); err != nil {
			return fmt.Errorf("kill the reservation process: %w", err)
		}
		sc.note("The reservation process is killed with kill -9.")
	}
	attempts := finish()
	sc.rushed = time.Now()
	elapsed := time.Since(start)

	if err := sc.checkRush(ctx, at, slot, attempts); err != nil {
		return err
	}
	var latencies []time.Duration
	retried := 0
	for _, a := range attempts {
		latencies = append(latencies, a.elapsed)
		if a.requests > 1 {
			retried++
		}
	}
	slices.Sort(latencies)
	sc.pass("All %d have a result after %.2f s (median %d ms, last %d ms; %d retried).", rushDiners, elapsed.Seconds(),
		latencies[rushDiners/2].Milliseconds(), latencies[rushDiners-1].Milliseconds(), retried)
	if recovered == nil {
		return nil
	}
	if retried == 0 {
		return fmt.Errorf("no diner had to retry: the kill came too late or too early")
	}
	state, err := recovered(ctx)
	if err != nil {
		return err
	}
	sc.pass("The launcher restarted it: %s.", state)
	return nil
}

// attempt is one diner's attempt to book, with all its retries.
type attempt struct {
	party    int
	final    response
	requests int
	elapsed  time.Duration
}

// startRush starts all diners at once. The function it returns waits for them.
func (sc *scenario) startRush(ctx context.Context, slot freeTime) func() []attempt {
	attempts := make([]attempt, rushDiners)
	start := make(chan struct{})
	var group sync.WaitGroup
	for i, p := range sc.diners {
		group.Go(func() {
			a := &attempts[i]
			a.party = 1 + i%2 // parties of one fill what parties of two leave
			<-start
			began := time.Now()
			for range 40 {
				a.requests++
				res, err := p.book(ctx, sc, slot.SlotID, a.party, "rush-"+sc.runID)
				a.final = res
				if err == nil && res.status < 500 {
					break
				}
				if wait.For(ctx, 250*time.Millisecond) != nil {
					return
				}
			}
			a.elapsed = time.Since(began)
		})
	}
	close(start)
	return func() []attempt { group.Wait(); return attempts }
}

// checkRush checks that exactly all covers are sold, that each success is in the
// diner's list, and that all others were refused because the slot is full.
func (sc *scenario) checkRush(ctx context.Context, at restaurant, slot freeTime, attempts []attempt) error {
	sold, booked, refused := 0, 0, 0
	for i, a := range attempts {
		switch {
		case a.final.status == http.StatusCreated:
			booked++
			sold += a.party
			if err := sc.checkBooking(ctx, sc.diners[i], slot, a.final, a.party); err != nil {
				return err
			}
		case a.final.status == http.StatusConflict && a.final.reason() == "slot_full":
			refused++
		default:
			return fmt.Errorf("diner %d got neither 201 nor 409 slot_full: %s", i, a.final)
		}
	}
	if sold != covers {
		return fmt.Errorf("%d covers sold of %d", sold, covers)
	}
	// The edge may answer from its cache, for one second.
	_, err := sc.waitFor(ctx, 5*time.Second, "the sold-out slot to be no longer available", func() (bool, string, error) {
		left, err := sc.freeTimes(ctx, at.ID, 1)
		return !slices.ContainsFunc(left, func(t freeTime) bool { return t.SlotID == slot.SlotID }), slot.SlotID + " is available", err
	})
	if err != nil {
		return err
	}
	sc.pass("%d covers are sold to %d parties, %d diners are refused (slot full). No booking is lost or duplicated.", sold, booked, refused)
	return nil
}

// checkBooking checks a 201: the diner's list has exactly this reservation.
func (sc *scenario) checkBooking(ctx context.Context, u *user, slot freeTime, a response, party int) error {
	var r reservation
	if err := json.Unmarshal(a.body, &r); err != nil {
		return err
	}
	mine, err := call[list[reservation]](ctx, sc, u, "GET", "/v1/reservations"+query("status", "confirmed"), nil, http.StatusOK)
	if err != nil {
		return err
	}
	found := len(mine.Items) == 1 && mine.Items[0].ID == r.ID
	if !found || mine.Items[0].SlotID != slot.SlotID || mine.Items[0].Party != party {
		return fmt.Errorf("201 for reservation %s, but the diner's list has %+v", r.ID, mine.Items)
	}
	return nil
}

// emptySlot finds a slot without bookings, each time another one: availability may
// be one second old, and not yet show what the chapter before has booked.
func (sc *scenario) emptySlot(ctx context.Context) (restaurant, freeTime, error) {
	all, err := call[list[restaurant]](ctx, sc, anonymous, "GET", "/v1/restaurants"+query("limit", "50"), nil, http.StatusOK)
	if err != nil {
		return restaurant{}, freeTime{}, err
	}
	for _, r := range all.Items {
		times, err := sc.freeTimes(ctx, r.ID, 1)
		if err != nil {
			return restaurant{}, freeTime{}, err
		}
		for _, t := range slices.Backward(times) { // the last first: other diners book the next
			if t.Available == covers && !sc.chosen[t.SlotID] {
				sc.chosen[t.SlotID] = true
				return r, t, nil
			}
		}
	}
	err = fmt.Errorf("no restaurant has a slot left with all %d covers free; start over with `make clean up`", covers)
	return restaurant{}, freeTime{}, err
}

// signUpDiners signs up and logs in the diners of the rush.
func (sc *scenario) signUpDiners(ctx context.Context) error {
	if sc.diners != nil {
		return nil
	}
	start := time.Now()
	sc.diners = make([]*user, rushDiners)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for i := range sc.diners {
		g.Go(func() (err error) {
			sc.diners[i], err = sc.newDiner(ctx, fmt.Sprintf("diner%03d", i), []string{"ko", "en"}[i%2])
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	sc.pass("%d diners sign up and log in (%.0f s: passwords are hashed with argon2id).", rushDiners, time.Since(start).Seconds())
	return nil
}
