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
	anonymous := endpoint.Identity{}
	diner := endpoint.Identity{UserID: "u", Role: endpoint.RoleDiner}
	owner := endpoint.Identity{UserID: "u", Role: endpoint.RoleOwner, Own: []string{"mosu"}}
	for name, c := range map[string]struct {
		access endpoint.Access
		caller endpoint.Identity
		want   fault.Code
	}{
		"public allows anybody":         {endpoint.Public, anonymous, ""},
		"internal allows a service":     {endpoint.Internal, anonymous, ""},
		"diner requires a login":        {endpoint.Diner, anonymous, fault.Unauthenticated},
		"diner allows a diner":          {endpoint.Diner, diner, ""},
		"owner requires a login":        {endpoint.Owner, anonymous, fault.Unauthenticated},
		"owner rejects a diner":         {endpoint.Owner, diner, fault.Forbidden},
		"owner allows an owner":         {endpoint.Owner, owner, ""},
		"diner allows an owner":         {endpoint.Diner, owner, ""},
		"no rule allows nobody":         {0, owner, fault.Internal},
		"an unknown rule allows nobody": {99, owner, fault.Internal},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fault.CodeOf(c.access.Allow(c.caller)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	if !owner.MayTouch("mosu") || owner.MayTouch("other") || diner.MayTouch("mosu") {
		t.Error("MayTouch does not match Own")
	}
}

func TestCheckReportsAnEndpointWithoutARule(t *testing.T) {
	e := endpoint.Make("x.Get", 0, func(context.Context, int) (int, error) { return 0, nil }, endpoint.Bare)
	if err := e.Check(); err == nil || !strings.Contains(err.Error(), "x.Get") {
		t.Errorf("Check() = %v, want an error with the endpoint's name", err)
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
		t.Errorf("limits ran before access: got %v", err)
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
	works := endpoint.Make("x.Works", endpoint.Public, func(context.Context, int) (int, error) { return 1, nil }, mw)
	if _, err := works.Kit(t.Context(), 1); err != nil {
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
