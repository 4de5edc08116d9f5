package gateway

import (
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"jari.example/services/internal/endpoint"
	"jari.example/services/internal/httpjson"
	"jari.example/telemetry/telemetrytest"
)

func TestEveryDocumentedPathIsRoutedAndEveryRouteDocumented(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromFile("../../docs/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{} // pattern → public
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			// An operation with empty security, or the refresh cookie only, needs no token.
			documented[method+" "+path] = op.Security != nil &&
				!slices.ContainsFunc(*op.Security, func(r openapi3.SecurityRequirement) bool {
					_, token := r["accessToken"]
					return token
				})
		}
	}
	if len(documented) < 10 {
		t.Fatalf("only %d operations found: the test reads the wrong file", len(documented))
	}
	routed := routes(t)
	for _, r := range routed {
		public, ok := documented[r.Pattern()]
		switch {
		case !ok:
			t.Errorf("%s is routed but not in docs/openapi.yaml", r.Pattern())
		case public != (r.Access == endpoint.Public):
			t.Errorf("%s has access %s, docs/openapi.yaml has another security", r.Pattern(), r.Access)
		}
		delete(documented, r.Pattern())
		if strings.HasPrefix(r.Path, "/internal") {
			t.Errorf("%s is reachable from outside", r.Pattern())
		}
	}
	for pattern := range documented {
		t.Errorf("%s is in docs/openapi.yaml but not routed", pattern)
	}
}

func routes(t *testing.T) []httpjson.Route {
	t.Helper()
	rs := httpjson.NewRoutes(telemetrytest.Start(t).Logger)
	keys, err := GenerateKeys()
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Config{Keys: keys, RefreshKey: make([]byte, MinRefreshKey), Issuer: "x"})
	if err != nil {
		t.Fatal(err)
	}
	AddRoutes(rs, s, NewEndpoints(s, endpoint.Bare), Upstreams{})
	if _, err := rs.Handler(); err != nil {
		t.Fatal(err)
	}
	return rs.List()
}
