// Package searchtest holds the test suites of catalogues and finders, and the
// restaurants that they use.
package searchtest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"jari.example/services/search"
)

// Profile returns a valid profile.
func Profile() search.Profile {
	return search.Profile{
		Name:        search.Text{Ko: "밥상 한식당", En: "Bapsang"},
		Description: search.Text{Ko: "강남의 파인다이닝", En: "Fine dining with seasonal dishes"},
		Cuisine:     "korean",
		Area:        search.Text{Ko: "서울 강남구", En: "Gangnam, Seoul"},
		Price:       3,
		Address:     "1 Teheran-ro",
		Location:    &search.Location{Lat: new(37.5), Lon: new(127.03)},
	}
}

// Restaurant returns a restaurant with a valid profile.
func Restaurant(id string, version int64) search.Restaurant {
	return search.Restaurant{ID: id, Profile: Profile(), Version: version}
}

// Catalogue runs the suite of catalogues; make returns an empty one.
func Catalogue(t *testing.T, make func(*testing.T) search.Catalogue) {
	t.Run("Get returns what was put", func(t *testing.T) {
		c := make(t)
		bare := Restaurant("bare", 7)
		bare.Location, bare.Description = nil, search.Text{}
		for _, want := range []search.Restaurant{Restaurant("full", 1_800_000_000_000), bare} {
			if err := c.Put(t.Context(), want, 0); err != nil {
				t.Fatal(err)
			}
			got, err := c.Get(t.Context(), want.ID)
			if err != nil || got.ID != want.ID || got.Version != want.Version || !got.Same(want.Profile) {
				t.Errorf("got %+v, %v; want %+v", got, err, want)
			}
		}
	})
	t.Run("an unknown restaurant returns ErrUnknown", func(t *testing.T) {
		if _, err := make(t).Get(t.Context(), "nowhere"); !errors.Is(err, search.ErrUnknown) {
			t.Errorf("got %v, want ErrUnknown", err)
		}
	})
	t.Run("a write with another expected version changes nothing", func(t *testing.T) {
		c := make(t)
		if err := c.Put(t.Context(), Restaurant("mosu", 5), 4); !errors.Is(err, search.ErrChanged) {
			t.Errorf("replacing an unknown restaurant: %v, want ErrChanged", err)
		}
		if err := c.Put(t.Context(), Restaurant("mosu", 5), 0); err != nil {
			t.Fatal(err)
		}
		for _, prev := range []int64{0, 4} {
			if err := c.Put(t.Context(), Restaurant("mosu", 6), prev); !errors.Is(err, search.ErrChanged) {
				t.Errorf("over version 5, expecting %d: %v, want ErrChanged", prev, err)
			}
		}
		if err := c.Put(t.Context(), Restaurant("mosu", 6), 5); err != nil {
			t.Error(err)
		}
		if got, err := c.Get(t.Context(), "mosu"); got.Version != 6 {
			t.Errorf("version %d, %v; want 6", got.Version, err)
		}
	})
	t.Run("concurrent writes: one succeeds", func(t *testing.T) {
		c := make(t)
		var wg sync.WaitGroup
		errs := [8]error{}
		for i := range errs {
			wg.Go(func() { errs[i] = c.Put(t.Context(), Restaurant("mosu", int64(i+1)), 0) })
		}
		wg.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else if !errors.Is(err, search.ErrChanged) {
				t.Error(err)
			}
		}
		if won != 1 {
			t.Errorf("%d writes succeeded, want 1", won)
		}
	})
}

// Finder runs the suite of finders; fill returns one over these restaurants.
func Finder(t *testing.T, fill func(*testing.T, []search.Restaurant) search.Finder) {
	all := restaurants()
	f := fill(t, all)
	find := func(t *testing.T, q search.Query) []search.Hit {
		t.Helper()
		hits, err := f.Find(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		return hits
	}
	for name, c := range map[string]struct {
		q    search.Query
		want []string
	}{
		"finds a Korean name":                    {search.Query{Words: "밥상"}, []string{"bapsang"}},
		"finds an English name in any case":      {search.Query{Words: "SUSHI hana"}, []string{"sushi-hana"}},
		"finds a Korean word of a description":   {search.Query{Words: "파인다이닝"}, []string{"bapsang"}},
		"finds an English word of a description": {search.Query{Words: "omakase"}, []string{"sushi-hana"}},
		"finds a Korean area":                    {search.Query{Words: "해운대"}, []string{"sushi-hana"}},
		"finds an English area":                  {search.Query{Words: "gangnam"}, []string{"bapsang"}},
		"finds a cuisine as a word":              {search.Query{Words: "japanese"}, []string{"sushi-hana"}},
		"words may be in several texts":          {search.Query{Words: "강남 밥상"}, []string{"bapsang"}},
		"every word must occur":                  {search.Query{Words: "해운대 밥상"}, nil},
		"an unknown word finds nothing":          {search.Query{Words: "우주정거장"}, nil},
		"a cuisine filters the hits":             {search.Query{Words: "busan", Cuisine: "korean"}, nil},
		"a cuisine without words is a list":      {search.Query{Cuisine: "japanese"}, []string{"sushi-hana"}},
	} {
		t.Run(name, func(t *testing.T) {
			c.q.Limit = 10
			if got := ids(find(t, c.q)); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
	t.Run("a hit has the complete restaurant", func(t *testing.T) {
		got := find(t, search.Query{Words: "밥상", Limit: 1})[0].Restaurant
		if want := all[0]; got.ID != want.ID || got.Version != want.Version || !got.Same(want.Profile) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
	for name, q := range map[string]search.Query{
		"pages of a list have every restaurant once, by id":      {},
		"pages of a search have every hit once":                  {Words: "noodle"},
		"pages of equal scores have every hit once":              {Cuisine: "noodles"},
		"pages of a search within a cuisine have every hit once": {Words: "noodle", Cuisine: "noodles"},
	} {
		t.Run(name, func(t *testing.T) {
			q.Limit = 50
			whole := find(t, q)
			if len(whole) < 12 {
				t.Fatalf("the suite expects at least 12 hits, got %d", len(whole))
			}
			q.Limit = 5
			var paged []search.Hit
			for page := find(t, q); len(page) > 0; page = find(t, q) {
				paged = append(paged, page...)
				last := page[len(page)-1]
				q.After = &search.PagePosition{Score: last.Score, ID: last.Restaurant.ID}
			}
			if got, want := ids(paged), ids(whole); !slices.Equal(got, want) {
				t.Errorf("pages show %v, want %v", got, want)
			}
			if q.Words == "" && !slices.IsSorted(ids(paged)) {
				t.Errorf("a list is not ordered by id: %v", ids(paged))
			}
		})
	}
}

// restaurants returns two different restaurants, and 13 noodle bars with nearly
// equal scores.
func restaurants() []search.Restaurant {
	sushi := Restaurant("sushi-hana", 2)
	sushi.Name = search.Text{Ko: "스시 하나", En: "Sushi Hana"}
	sushi.Description = search.Text{Ko: "오마카세", En: "Omakase at eight seats"}
	sushi.Area = search.Text{Ko: "부산 해운대", En: "Haeundae, Busan"}
	sushi.Cuisine, sushi.Location = "japanese", nil
	all := []search.Restaurant{Restaurant("bapsang", 1), sushi}
	for i := range 13 {
		r := Restaurant(fmt.Sprintf("noodle-%02d", i), 1)
		r.Name = search.Text{Ko: fmt.Sprintf("국수집 %d", i), En: fmt.Sprintf("Noodle bar %d", i)}
		r.Description = search.Text{Ko: "잔치국수", En: "A bowl"}
		if i%3 == 0 {
			r.Description.En = "Noodle soup, noodle salad"
		}
		r.Area = search.Text{Ko: "제주", En: "Jeju"}
		r.Cuisine = "noodles"
		all = append(all, r)
	}
	return all
}

func ids(hits []search.Hit) (ids []string) {
	for _, h := range hits {
		ids = append(ids, h.Restaurant.ID)
	}
	return ids
}
