package crowd

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"jari.example/internal/wait"
)

// covers are those of every slot of the sample data: one party of that size fills one.
const covers = 20

// queue is how many diners wait for a full slot, and queueFor how long they do after its
// seats became free. Late offers go from one to the next every few seconds.
const (
	queue    = 5
	queueFor = 20 * time.Second
)

// waitlist fills a slot, lets diners wait for it, frees it, so that the first is offered
// its seats, and lets them leave one after the other.
func (c *Crowd) waitlist(ctx context.Context, r *rand.Rand) error {
	slot, err := c.emptySlot(ctx, r)
	if slot == "" || err != nil {
		return err
	}
	order := r.Perm(len(c.diners))
	full, err := c.enter(ctx, order[0], "/v1/reservations", slot)
	if full == "" || err != nil {
		return err
	}
	c.told(full, confirmed)
	var entries []string
	for _, n := range order[1 : 1+queue] {
		entry, err := c.enter(ctx, n, "/v1/waitlist", slot)
		if err != nil {
			return err
		}
		entries = append(entries, entry)
	}
	if err := c.leave(ctx, order[0], "/v1/reservations/"+full+"/cancel"); err != nil {
		return err
	}
	c.told(full, cancelled)
	if err := wait.For(ctx, queueFor); err != nil {
		return err
	}
	for i, entry := range entries {
		if entry == "" {
			continue
		}
		if err := c.leave(ctx, order[1+i], "/v1/waitlist/"+entry+"/decline"); err != nil {
			return err
		}
	}
	return nil
}

// emptySlot is a slot that nobody has booked, on a day that the other diners do not ask
// for; "" if there is none.
func (c *Crowd) emptySlot(ctx context.Context, r *rand.Rand) (slot string, err error) {
	free, err := c.freeTimes(ctx, r, 23+r.IntN(4))
	for _, n := range r.Perm(len(free)) {
		if free[n].Available == covers {
			return free[n].Slot, err
		}
	}
	return "", err
}

// enter books a whole slot, or joins its waitlist, for the nth diner; "" if that is refused.
func (c *Crowd) enter(ctx context.Context, n int, path, slot string) (id string, err error) {
	var entry struct{ ID string }
	status, _, err := c.call(ctx, c.token(n), http.MethodPost, path, map[string]any{"slot_id": slot, "party": covers}, &entry)
	if err != nil || status != http.StatusCreated {
		return "", err
	}
	return entry.ID, nil
}

// leave gives up what the nth diner has. It may have ended already.
func (c *Crowd) leave(ctx context.Context, n int, path string) error {
	status, text, err := c.call(ctx, c.token(n), http.MethodPost, path, map[string]any{}, nil)
	if err == nil && status != http.StatusOK && status != http.StatusConflict && status != http.StatusUnauthorized {
		err = fmt.Errorf("POST %s: %d %.300s", path, status, text)
	}
	return err
}

// token is the access token of the nth diner.
func (c *Crowd) token(n int) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.diners[n].token
}
