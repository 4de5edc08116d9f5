package endpoint_test

import (
	"context"
	"maps"
	"strings"
	"testing"

	"github.com/go-kit/kit/ratelimit"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"jari.example/internal/fault"
	"jari.example/services/internal/endpoint"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

func TestAccessRules(t *testing.T) {
	nobody := endpoint.Identity{}
	diner := endpoint.Identity{UserID: "u", Role: endpoint.RoleDiner}
	owner := endpoint.Identity{UserID: "u", Role: endpoint.RoleOwner, Own: []string{"mosu"}}
	for sentence, c := range map[string]struct {
		access endpoint.Access
		who    endpoint.Identity
		want   fault.Code
	}{
		"anybody passes public":          {endpoint.Public, nobody, ""},
		"a sibling passes internal":      {endpoint.Internal, nobody, ""},
		"nobody must log in":             {endpoint.Diner, nobody, fault.Unauthenticated},
		"a diner passes diner":           {endpoint.Diner, diner, ""},
		"nobody is not an owner":         {endpoint.Owner, nobody, fault.Unauthenticated},
		"a diner is not an owner":        {endpoint.Owner, diner, fault.Forbidden},
		"an owner passes owner":          {endpoint.Owner, owner, ""},
		"an owner passes diner":          {endpoint.Diner, owner, ""},
		"no rule lets nobody pass":       {0, owner, fault.Internal},
		"an unknown rule lets none pass": {99, owner, fault.Internal},
	} {
		t.Run(sentence, func(t *testing.T) {
			if got := fault.CodeOf(c.access.Allow(c.who)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	if !owner.MayTouch("mosu") || owner.MayTouch("other") || diner.MayTouch("mosu") {
		t.Error("MayTouch does not follow own")
	}
}

func TestAnEndpointWithoutARuleIsReported(t *testing.T) {
	e := endpoint.Make("x.Get", 0, func(context.Context, int) (int, error) { return 0, nil }, endpoint.Bare)
	if err := e.Check(); err == nil || !strings.Contains(err.Error(), "x.Get") {
		t.Errorf("Check() = %v, want an error that names the endpoint", err)
	}
	e = endpoint.Make("x.Get", endpoint.Public, func(context.Context, int) (int, error) { return 0, nil }, endpoint.Bare)
	if err := e.Check(); err != nil {
		t.Errorf("Check() = %v for a declared rule", err)
	}
}

func TestSharedMiddleware(t *testing.T) {
	rec := telemetrytest.Start(t)
	mw, err := endpoint.Shared(rec.Logger, func(m endpoint.Method) ratelimit.Allower {
		if m.Name == "x.Limited" {
			return never{}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	called := false
	limited := endpoint.Make("x.Limited", endpoint.Diner, func(context.Context, int) (int, error) { called = true; return 1, nil }, mw)
	if _, err := limited.Kit(t.Context(), 1); fault.CodeOf(err) != fault.Unauthenticated {
		t.Errorf("access must come before limits, got %v", err)
	}
	ctx := endpoint.WithIdentity(t.Context(), endpoint.Identity{UserID: "u"})
	if _, err := limited.Kit(ctx, 1); fault.CodeOf(err) != fault.RateLimited || called {
		t.Errorf("err = %v, called = %v, want rate_limited before the call", err, called)
	}

	panics := endpoint.Make("x.Panics", endpoint.Public, func(context.Context, int) (int, error) { panic("boom") }, mw)
	if _, err := panics.Kit(t.Context(), 1); fault.CodeOf(err) != fault.Internal {
		t.Errorf("a panic became %v, want internal", err)
	}
	if lines := rec.Lines(t, names.EventPanic); len(lines) != 1 || !strings.Contains(lines[0][names.Stacktrace].(string), "endpoint_test") {
		t.Errorf("want one panic line with its stack, got %v", lines)
	}
	if _, err := endpoint.Make("x.Works", endpoint.Public, func(context.Context, int) (int, error) { return 1, nil }, mw).Kit(t.Context(), 1); err != nil {
		t.Error(err)
	}

	seen := map[string]uint64{}
	for _, p := range rec.Metric(t, names.MetricEndpointDuration).Data.(metricdata.Histogram[float64]).DataPoints {
		method, _ := p.Attributes.Value(names.Method)
		failure, _ := p.Attributes.Value(names.ErrorType)
		seen[method.AsString()+" "+failure.AsString()] += p.Count
	}
	want := map[string]uint64{"x.Limited unauthenticated": 1, "x.Limited rate_limited": 1, "x.Panics internal": 1, "x.Works ": 1}
	if !maps.Equal(seen, want) {
		t.Errorf("durations of %v, want %v", seen, want)
	}
}

type never struct{}

func (never) Allow() bool { return false }
