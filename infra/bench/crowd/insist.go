package crowd

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"jari.example/internal/wait"
)

// Insistent is a diner with an account of their own, who presses Book with one key until the
// server has decided, as a page does whose diner does not give up.
type Insistent struct {
	ID       string // the diner's
	Presses  int
	Booked   string // the reservation; "": refused
	Replayed bool   // the answer was stored by an earlier press, whose response was lost

	diner diner
}

// SignUpInsistent makes n accounts.
func (c *Crowd) SignUpInsistent(ctx context.Context, n int) (all []*Insistent, err error) {
	for range n {
		d, err := c.signUp(ctx, "insistent")
		if err != nil {
			return nil, err
		}
		all = append(all, &Insistent{ID: d.id, diner: d})
	}
	return all, nil
}

// Insist lets one of them book a slot. Only a reservation and a refusal are answers; the page
// would repeat the request after a failure, and after 429, and no other answer may come.
func (c *Crowd) Insist(ctx context.Context, i *Insistent, slot string) error {
	again := context.WithValue(ctx, idempotencyKey{}, newKey())
	for {
		i.Presses++
		var booked struct{ ID string }
		got, err := c.send(again, i.diner.token, http.MethodPost, "/v1/reservations", map[string]any{"slot_id": slot, "party": 1}, &booked)
		switch {
		case err == nil && got.status == http.StatusCreated:
			i.Booked, i.Replayed = booked.ID, got.header.Get("Idempotency-Replayed") == "true"
			c.told(booked.ID, confirmed)
			return nil
		case err == nil && got.status == http.StatusConflict:
			return nil
		case err == nil && got.status != http.StatusTooManyRequests:
			return fmt.Errorf("book %s: status %d, %.300s", slot, got.status, got.text)
		}
		if err := wait.For(ctx, time.Second); err != nil {
			return err
		}
	}
}

// AnyFree is a slot that somebody saw free.
func (c *Crowd) AnyFree() (string, error) {
	if slot := c.anyFree(random()); slot != "" {
		return slot, nil
	}
	return "", fmt.Errorf("nobody has seen a free slot of region %s yet", c.Region)
}

// CheckInsistents says which of them have another reservation than the one they were told of, or
// more, or one although they were refused. db is the region's reservation database.
func CheckInsistents(ctx context.Context, db *pgx.Conn, all []*Insistent) (problems []string, err error) {
	stored, err := Reservations(ctx, db, all)
	for _, i := range all {
		var want []string
		if i.Booked != "" {
			want = []string{i.Booked}
		}
		if got := stored[i.ID]; !slices.Equal(got, want) {
			problems = append(problems, fmt.Sprintf("a diner who pressed Book %d times with one key was told of %q and has %q", i.Presses, want, got))
		}
	}
	return problems, err
}

// Reservations are the ids of the reservations of each of them.
func Reservations(ctx context.Context, db *pgx.Conn, all []*Insistent) (map[string][]string, error) {
	ids := make([]string, len(all))
	for n, i := range all {
		ids[n] = i.ID
	}
	rows, _ := db.Query(ctx, `SELECT diner_id::text, id::text FROM reservations WHERE diner_id = ANY($1::uuid[]) ORDER BY id`, ids) // rows hold the error
	stored := map[string][]string{}
	var diner, id string
	_, err := pgx.ForEachRow(rows, []any{&diner, &id}, func() error { stored[diner] = append(stored[diner], id); return nil })
	return stored, err
}
