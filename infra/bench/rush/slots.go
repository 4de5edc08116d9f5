package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"

	"github.com/jackc/pgx/v5"

	"jari.example/infra/bench/rig"
	"jari.example/infra/local/seed"
)

const (
	rushRestaurant = "bench-rush"
	rushCovers     = 200
)

// prepare creates the restaurant of the rush, as its owner would, and lists the
// slots.
func (s *system) prepare(ctx context.Context) (err error) {
	at := s.URL("gateway-" + region)
	if s.signer, err = newSigner(ctx, filepath.Join(s.Dir, "secrets", "signing-key.pem"), at); err != nil {
		return err
	}
	token, err := s.ownersToken(rushRestaurant)
	if err != nil {
		return err
	}
	name := map[string]string{"ko": "벤치 식당", "en": "Bench Restaurant"}
	if err := put(ctx, at+"/v1/restaurants/"+rushRestaurant, token, map[string]any{
		"name": name, "description": name, "cuisine": "korean", "area": name, "price": 2, "address": "서울",
		"location": map[string]float64{"lat": 37.5, "lon": 127},
	}); err != nil {
		return err
	}
	if err := s.putSchedule(ctx, rushRestaurant, rushCovers); err != nil {
		return err
	}
	if s.drops, err = s.listSlots(ctx, "restaurant_id = $1", rushRestaurant); err != nil {
		return err
	}
	if s.slots, err = s.listSlots(ctx, "restaurant_id <> $1", rushRestaurant); err != nil {
		return err
	}
	rows, _ := s.reservations.Query(ctx, "SELECT DISTINCT restaurant_id FROM slots WHERE restaurant_id <> $1 ORDER BY 1", rushRestaurant)
	if s.restaurants, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
		return err
	}
	if len(s.drops) == 0 || len(s.slots) == 0 {
		return fmt.Errorf("there are %d slots for the rush and %d others", len(s.drops), len(s.slots))
	}
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(s.slots), func(i, j int) { s.slots[i], s.slots[j] = s.slots[j], s.slots[i] })
	return nil
}

// putSchedule gives each slot of a restaurant so many covers.
func (s *system) putSchedule(ctx context.Context, restaurant string, covers int) error {
	token, err := s.ownersToken(restaurant)
	if err != nil {
		return err
	}
	schedule := seed.Schedule("Asia/Seoul")
	schedule["covers"] = covers
	return put(ctx, s.URL("gateway-"+region)+"/v1/restaurants/"+restaurant+"/schedule", token, schedule)
}

func (s *system) ownersToken(restaurant string) (string, error) {
	r := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	return s.signer.sign(rig.RandomID(r).String(), rig.RandomID(r).String(), "owner", []string{restaurant})
}

// listSlots lists the slots that can still be cancelled tomorrow, in order of id.
func (s *system) listSlots(ctx context.Context, which, restaurant string) ([]int64, error) {
	rows, _ := s.reservations.Query(ctx,
		"SELECT id FROM slots WHERE "+which+" AND cancel_until > now() + interval '1 day' ORDER BY id", restaurant)
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

func getJSON(ctx context.Context, url string, into any) error {
	_, err := seed.Call(ctx, http.MethodGet, url, "", nil, into, http.StatusOK)
	return err
}

func put(ctx context.Context, url, token string, body any) error {
	_, err := seed.Call(ctx, http.MethodPut, url, token, body, nil, http.StatusOK, http.StatusCreated)
	return err
}
