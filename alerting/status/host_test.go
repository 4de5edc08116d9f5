package status_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"jari.example/alerting/status"
)

// A page of another site can let its own name resolve to this machine. Its requests then
// have its name in the Host header.
func TestWithAFixedUserOnlyKnownHostsAreServed(t *testing.T) {
	fixed := status.Users{Fixed: "local", Hosts: []string{"alerting.example", ""}}
	for _, c := range []struct {
		users status.Users
		host  string
		code  int
	}{
		{fixed, "127.0.0.1:8130", 200}, {fixed, "localhost:8130", 200}, {fixed, "LOCALHOST", 200}, {fixed, "[::1]:8130", 200},
		{fixed, "alerting.localhost:8130", 200}, {fixed, "alerting.example", 200}, {fixed, "Alerting.Example.:8130", 200},
		{fixed, "evil.example", 421}, {fixed, "evil.example:8130", 421}, {fixed, "127.0.0.1.evil.example", 421}, {fixed, "notlocalhost", 421},
		{fixed, "sub.alerting.example", 421}, {fixed, "192.0.2.1:8130", 421}, {fixed, "", 421},
		{status.Users{}, "evil.example", 200},                      // nobody may act
		{status.Users{Header: "X-User"}, "alerting.internal", 200}, // the proxy names the user, and knows its hosts
	} {
		f := newFixture(t, "")
		f.Users = c.users
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			path, code := "/status", c.code
			if method == http.MethodPost {
				if c.users.Fixed == "" {
					continue
				}
				path = "/status/incidents/" + openID + "/acknowledge"
				if code == 200 {
					code = 303
				}
			}
			r := httptest.NewRequest(method, path, nil)
			r.Host = c.host
			w := f.send(r, nil)
			acknowledged := !f.incident(openID).Response.AcknowledgedAt.IsZero()
			if w.Code != code || code == 421 && (acknowledged || !strings.Contains(w.Body.String(), "-status-host")) {
				t.Errorf("%s with the host %q: %d, want %d: %s", method, c.host, w.Code, code, w.Body)
			}
		}
	}
}
