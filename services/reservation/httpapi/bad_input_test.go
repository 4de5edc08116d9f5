package httpapi_test

import (
	"slices"
	"strings"
	"testing"

	"jari.example/services/internal/httpjson/httpjsontest"
	"jari.example/services/reservation/app"
)

// badPages are queries that every list must refuse.
var badPages = []string{"limit=0", "limit=51", "limit=x", "cursor=x", "cursor=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}

// badQueries holds, by route, raw queries that must be refused with 400. Bad
// paths, headers and bodies are generated from the routes.
var badQueries = map[string][]string{
	"GET /v1/restaurants/{id}/availability": {
		"", "from=2026-11-22T00:00:00Z", "from=today&to=tomorrow",
		"from=2026-11-22T00:00:00Z&to=2026-12-24T00:00:00Z", "from=2026-11-23T00:00:00Z&to=2026-11-22T00:00:00Z",
		"from=2026-11-22T00:00:00Z&to=2026-11-23T00:00:00Z&party=0", "from=2026-11-22T00:00:00Z&to=2026-11-23T00:00:00Z&party=two",
	},
	"GET /v1/availability": {
		"", "date=2026-11-22", "restaurant_id=mokran", "restaurant_id=mokran&date=2026-02-30",
		"restaurant_id=mokran&date=2026-11-22&party=0", "restaurant_id=&date=2026-11-22",
		"date=2026-11-22" + strings.Repeat("&restaurant_id=mokran", app.MaxRestaurants+1),
	},
	"GET /v1/reservations": slices.Concat(badPages, []string{"status=maybe", "when=later"}),
	"GET /v1/waitlist":     badPages,
	"GET /v1/restaurants/{id}/reservations": {
		"", "date=today", "date=2026-02-30", "date=2026-11-22&status=maybe", "date=2026-11-22&limit=0", "date=2026-11-22&cursor=x",
	},
}

// Every route has at least one case of bad input: the suite fails for one that
// has none. invalid_values_test.go has input that is well formed and wrong.
func TestRefusesMalformedInputOnEveryRoute(t *testing.T) {
	onEachStore(t, func(t *testing.T, c *client) {
		h, err := c.routes.Handler()
		if err != nil {
			t.Fatal(err)
		}
		httpjsontest.Suite{Handler: h, Routes: c.routes.List(), BadQueries: badQueries}.Run(t)
	})
}
