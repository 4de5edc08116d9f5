// Package services_test checks the architecture of the whole module.
package services_test

import (
	"path"
	"slices"
	"strings"
	"testing"

	"jari.example/internal/archtest"
)

const module = "jari.example/services/"

// Packages are named relative to the module ("reservation/postgres"); foreign
// imports keep their full path.
var rules = []archtest.Rule{
	{
		Why: "a service never imports another service: reach it over HTTP through an interface the consumer owns, " +
			"with an adapter beside it (userhttp/)",
		Forbidden: func(from, to string) bool { return isService(from) && isService(to) && service(from) != service(to) },
	},
	{
		Why: "a service never imports its own adapters: declare the interface it needs in the service's package " +
			"and let cmd, or the daemon package that it runs, pass the adapter in",
		Production: true,
		Forbidden: func(from, to string) bool {
			return isService(from) && !isAdapter(from) && !isMain(from) && path.Base(from) != "daemon" && isAdapter(to)
		},
	},
	{
		Why:        "an adapter never imports another adapter: it imports its service; only cmd and tests join adapters",
		Production: true,
		Forbidden: func(from, to string) bool {
			return isAdapter(from) && isAdapter(to) && from != to
		},
	},
	{
		Why:       "no package imports cmd: a main package is the end of the import graph",
		Forbidden: func(_, to string) bool { return isOurs(to) && isMain(to) },
	},
	{
		Why:       "services/internal serves every service and so imports none of them",
		Forbidden: func(from, to string) bool { return strings.HasPrefix(from, "internal/") && isService(to) },
	},
	{
		Why: "of the other modules a service imports only telemetry and the process kit, internal",
		Forbidden: func(_, to string) bool {
			return strings.HasPrefix(to, "jari.example/") && to != "jari.example/telemetry" &&
				!strings.HasPrefix(to, "jari.example/telemetry/") && !strings.HasPrefix(to, "jari.example/internal/")
		},
	},
	{
		Why: "go-kit's log, tracing, metrics, circuitbreaker and auth/jwt are stale: use telemetry, failsafe-go and golang-jwt",
		Forbidden: func(_, to string) bool {
			rest, ok := strings.CutPrefix(to, "github.com/go-kit/kit/")
			return ok && slices.Contains([]string{"log", "tracing", "metrics", "circuitbreaker", "auth"}, strings.Split(rest, "/")[0])
		},
	},
}

func isOurs(p string) bool    { return strings.HasPrefix(p, "internal/") || isService(p) }
func service(p string) string { return strings.Split(p, "/")[0] }

func isService(p string) bool {
	return slices.Contains([]string{"gateway", "user", "reservation", "search", "notification"}, service(p))
}

func isMain(p string) bool { return slices.Contains(strings.Split(p, "/"), "cmd") }

// Adapters are known by their names, which are technologies: postgres, inmem,
// userhttp. Other folders of a service are parts of its business.
func isAdapter(p string) bool {
	name := path.Base(p)
	return isService(p) && (strings.HasSuffix(name, "http") ||
		slices.Contains([]string{"inmem", "postgres", "redis", "opensearch", "dynamo", "dynamodb", "ses"}, name))
}

func TestImports(t *testing.T) {
	edges, err := archtest.Imports(".", "", module)
	if err != nil {
		t.Fatal(err)
	}
	if len(edges) < 50 {
		t.Fatalf("only %d imports found: the test looks in the wrong place", len(edges))
	}
	for _, finding := range archtest.Check(edges, rules) {
		t.Error(finding)
	}
}

func TestDetectsForbiddenImports(t *testing.T) {
	for _, e := range []archtest.Edge{
		{From: "reservation", To: "user", File: "reservation/service.go"},
		{From: "reservation", To: "user", File: "reservation/service_test.go"},
		{From: "reservation", To: "reservation/postgres", File: "reservation/service.go"},
		{From: "reservation/postgres", To: "reservation/inmem", File: "reservation/postgres/x.go"},
		{From: "user", To: "user/cmd/userd", File: "user/x.go"},
		{From: "internal/httpjson", To: "user", File: "internal/httpjson/x.go"},
		{From: "search", To: "jari.example/alerting", File: "search/x.go"},
		{From: "search", To: "github.com/go-kit/kit/log", File: "search/x.go"},
	} {
		if len(archtest.Check([]archtest.Edge{e}, rules)) == 0 {
			t.Errorf("no rule forbids %s → %s in %s", e.From, e.To, e.File)
		}
	}
	for _, e := range []archtest.Edge{
		{From: "reservation", To: "jari.example/internal/fault", File: "reservation/service.go"},
		{From: "reservation/postgres", To: "reservation", File: "reservation/postgres/x.go"},
		{From: "reservation/postgres", To: "reservation/inmem", File: "reservation/postgres/x_test.go"},
		{From: "reservation/cmd/reservationd", To: "reservation/postgres", File: "reservation/cmd/reservationd/main.go"},
		{From: "reservation/postgres", To: "reservation/storetest", File: "reservation/postgres/x_test.go"},
		{From: "user", To: "jari.example/telemetry/names", File: "user/x.go"},
	} {
		if findings := archtest.Check([]archtest.Edge{e}, rules); len(findings) > 0 {
			t.Errorf("an allowed import is reported: %v", findings)
		}
	}
}

// The domain packages of the services that have split off their use cases.
func TestDomainsNeedNeitherDatabaseNorTelemetry(t *testing.T) {
	frameworks := []string{"github.com/jackc/pgx", "go.opentelemetry.io/otel", "jari.example/telemetry"}
	for _, domain := range []string{"reservation", "search"} {
		findings, err := archtest.ForbiddenDeps(t.Context(), ".", "./"+domain, frameworks...)
		if err != nil {
			t.Fatal(err)
		}
		for _, finding := range findings {
			t.Error(finding)
		}
		if findings, err := archtest.ForbiddenDeps(t.Context(), ".", "./"+domain+"/app", frameworks...); err != nil || len(findings) == 0 {
			t.Errorf("%s/app depends on none of them (%v): the test looks in the wrong place", domain, err)
		}
	}
}
