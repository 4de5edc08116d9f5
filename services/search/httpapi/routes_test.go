package httpapi_test

import (
	"encoding/json"
	"flag"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jari.example/services/internal/endpoint"
	"jari.example/services/internal/httpjson/httpjsontest"
	"jari.example/services/search/app"
	"jari.example/services/search/httpapi"
	"jari.example/services/search/inmem"
	"jari.example/services/search/searchtest"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

func TestRejectsBadInput(t *testing.T) {
	rec := telemetrytest.Start(t)
	c := inmem.New()
	mw, err := endpoint.Shared(rec.Logger, nil)
	if err != nil {
		t.Fatal(err)
	}
	routes := httpapi.NewRoutes(httpapi.NewEndpoints(app.New(c, c, time.Now, rec.Logger), mw), rec.Logger)
	handler, err := routes.Handler()
	if err != nil {
		t.Fatal(err)
	}
	httpjsontest.Suite{Handler: handler, Routes: routes.List(), BadQueries: map[string][]string{
		"GET /v1/restaurants": {"limit=0", "limit=51", "limit=many", "cursor=%21", "cursor=bm8", "q=%ff", "cuisine=%00"},
	}}.Run(t)
}

var update = flag.Bool("update", false, "write golden files")

// The tests of clients in other services decode these golden files.
func TestResponsesMatchTheGoldenFiles(t *testing.T) {
	c := inmem.New()
	if err := c.Put(t.Context(), searchtest.Restaurant("bapsang", 1_800_000_000_000), 0); err != nil {
		t.Fatal(err)
	}
	logger := slog.New(slog.DiscardHandler)
	rs := httpapi.NewRoutes(httpapi.NewEndpoints(app.New(c, c, time.Now, logger), endpoint.Bare), logger)
	handler, err := rs.Handler()
	if err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"restaurant.json":           "/v1/restaurants/bapsang",
		"restaurant_not_found.json": "/v1/restaurants/nowhere",
		"page.json":                 "/v1/restaurants?q=gangnam",
	} {
		res := httptest.NewRecorder()
		handler.ServeHTTP(res, httptest.NewRequest(http.MethodGet, path, nil))
		golden := filepath.Join("..", "testdata", "http", name)
		if *update {
			if err := os.WriteFile(golden, res.Body.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil || res.Body.String() != string(want) {
			t.Errorf("%s differs from %s (%v); -update rewrites it:\n%s", path, golden, err, res.Body)
		}
	}
}

func TestAProfileWithATimeZoneIsRefused(t *testing.T) {
	c, logger := inmem.New(), slog.New(slog.DiscardHandler)
	handler, err := httpapi.NewRoutes(httpapi.NewEndpoints(app.New(c, c, time.Now, logger), endpoint.Bare), logger).Handler()
	if err != nil {
		t.Fatal(err)
	}
	profile, err := json.Marshal(searchtest.Profile())
	if err != nil {
		t.Fatal(err)
	}
	put := func(zone string) *httptest.ResponseRecorder {
		body := strings.TrimSuffix(string(profile), "}") + zone + "}"
		req := httptest.NewRequest(http.MethodPut, "/v1/restaurants/bapsang", strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set(names.HeaderUserID, "00000000-0000-7000-8000-000000000001")
		req.Header.Set(names.HeaderUserRole, endpoint.RoleOperator)
		res := httptest.NewRecorder()
		handler.ServeHTTP(res, req)
		return res
	}
	for _, zone := range []string{`"Asia/Seoul"`, `"right/Asia/Seoul"`, `""`, "null", "9", "{}", "[]"} {
		res := put(`,"time_zone":` + zone)
		var problem struct{ Pointer, Detail string }
		if err := json.Unmarshal(res.Body.Bytes(), &problem); err != nil || res.Code != http.StatusBadRequest ||
			problem.Pointer != "/time_zone" || zone != "null" && !strings.Contains(problem.Detail, "schedule") {
			t.Errorf("time_zone %s: %d %s", zone, res.Code, res.Body)
		}
	}
	if res := put(""); res.Code != http.StatusCreated || strings.Contains(res.Body.String(), "time_zone") {
		t.Errorf("without: %d %s", res.Code, res.Body)
	}
}
