package search_test

import (
	"testing"
	"time"

	"jari.example/services/internal/endpoint"
	"jari.example/services/internal/httpjson/httpjsontest"
	"jari.example/services/search"
	"jari.example/services/search/inmem"
	"jari.example/telemetry/telemetrytest"
)

func TestBadInputIsRefused(t *testing.T) {
	rec := telemetrytest.Start(t)
	c := inmem.New()
	mw, err := endpoint.Shared(rec.Logger, nil)
	if err != nil {
		t.Fatal(err)
	}
	routes := search.NewRoutes(search.NewEndpoints(search.New(c, c, time.Now), mw), rec.Logger)
	handler, err := routes.Handler()
	if err != nil {
		t.Fatal(err)
	}
	httpjsontest.Suite{Handler: handler, Routes: routes.List()}.Run(t)
}
