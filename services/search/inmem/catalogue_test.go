package inmem_test

import (
	"testing"

	"jari.example/services/search"
	"jari.example/services/search/inmem"
	"jari.example/services/search/searchtest"
)

func TestCatalogue(t *testing.T) {
	searchtest.Catalogue(t, func(*testing.T) search.Catalogue { return inmem.New() })
}

func fill(t *testing.T, all []search.Restaurant) search.Finder {
	c := inmem.New()
	for _, r := range all {
		if err := c.Put(t.Context(), r, 0); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func TestFinder(t *testing.T) { searchtest.Finder(t, fill) }

func TestANameFindsItsRestaurantFirst(t *testing.T) { searchtest.Names(t, fill) }
