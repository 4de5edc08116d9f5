package app_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"jari.example/services/internal/endpoint"
	"jari.example/services/search"
	"jari.example/services/search/app"
	"jari.example/services/search/inmem"
	"jari.example/services/search/searchtest"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

// stored is a finder and a catalogue that cannot read the restaurants of bad.
type stored struct {
	*inmem.Catalogue
	bad []string
}

func (s stored) Find(ctx context.Context, q search.Query) ([]search.Hit, error) {
	hits, err := s.Catalogue.Find(ctx, q)
	for i, h := range hits {
		if slices.Contains(s.bad, h.Restaurant.ID) {
			hits[i] = search.Hit{Restaurant: search.Restaurant{ID: h.Restaurant.ID}, Score: h.Score, Err: errors.New("no name")}
		}
	}
	return hits, err
}

func (s stored) Get(ctx context.Context, id string) (search.Restaurant, error) {
	r, err := s.Catalogue.Get(ctx, id)
	if slices.Contains(s.bad, id) {
		return search.Restaurant{ID: id, Version: r.Version}, fmt.Errorf("%w: it has no name", search.ErrMalformed)
	}
	return r, err
}

// service returns a service over five restaurants, r-0 to r-4, of which some are bad.
func service(t *testing.T, bad ...string) (*app.Service, *telemetrytest.Recorder) {
	t.Helper()
	rec, s := telemetrytest.Start(t), stored{inmem.New(), bad}
	for i := range 5 {
		if err := s.Put(t.Context(), searchtest.Restaurant(fmt.Sprint("r-", i), 1), 0); err != nil {
			t.Fatal(err)
		}
	}
	return app.New(s, s, time.Now, rec.Logger), rec
}

func TestARestaurantThatCannotBeReadDoesNotHideTheOthers(t *testing.T) {
	s, rec := service(t, "r-0", "r-2", "r-4")
	for _, words := range []string{"", "밥상", "gangnam"} {
		for limit := range 5 {
			var found []string
			for cursor, pages := "", 0; pages == 0 || cursor != ""; pages++ {
				page, err := s.Find(t.Context(), app.FindRequest{Words: words, Limit: cmp.Or(limit, 20), Cursor: cursor})
				if err != nil || pages > 5 {
					t.Fatalf("%q, page %d: %v", words, pages, err)
				}
				for _, r := range page.Items {
					found = append(found, r.ID)
				}
				cursor = page.NextCursor
			}
			if want := []string{"r-1", "r-3"}; !slices.Equal(found, want) {
				t.Errorf("%q with %d on a page finds %v, want %v", words, limit, found, want)
			}
		}
	}
	warned := map[any]int{}
	for _, line := range rec.Lines(t, names.EventHitUnreadable) {
		warned[line[names.RestaurantID]]++
		if line[names.SeverityText] != "WARN" {
			t.Errorf("the line is %v, want a warning", line)
		}
	}
	if len(warned) != 3 || warned["r-0"] != 1 || warned["r-2"] != 1 || warned["r-4"] != 1 {
		t.Errorf("warned about %v, want once about each of three", warned)
	}
}

func TestAnOwnerCanReplaceAMalformedRestaurant(t *testing.T) {
	s, _ := service(t, "r-1")
	if _, err := s.Get(t.Context(), app.GetRequest{ID: "r-1"}); !errors.Is(err, search.ErrMalformed) {
		t.Errorf("Get: %v, want malformed", err)
	}
	owner := endpoint.WithIdentity(t.Context(), endpoint.Identity{UserID: "u", Role: endpoint.RoleOwner, Own: []string{"r-1"}})
	profile := searchtest.Profile()
	profile.Name.En = "Repaired"
	got, err := s.Put(owner, app.PutRequest{ID: "r-1", Profile: profile})
	if err != nil || got.Created || got.Restaurant.Version <= 1 || !got.Restaurant.Same(profile) {
		t.Errorf("Put: %+v, %v", got, err)
	}
}
