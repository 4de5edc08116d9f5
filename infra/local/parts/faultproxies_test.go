package parts

import (
	"slices"
	"strings"
	"testing"
)

func TestOnlyWithFaultProxiesAServiceReachesItsServersThroughThem(t *testing.T) {
	for _, with := range []bool{false, true} {
		s, err := New(System{Dir: t.TempDir(), Getenv: func(string) string { return "" }, WithFaultProxies: with})
		if err != nil {
			t.Fatal(err)
		}
		for name, port := range map[string]string{"reservation-us": ":8150/", "gateway-kr": ":8141", "search-us": ":8152"} {
			p := part(t, s, name)
			c, err := p.Command(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(strings.Join(c.Args, " "), port); got != with {
				t.Errorf("with proxies %t: %s has the port %s: %t", with, name, port, got)
			}
			if got := slices.Contains(p.Needs, faultProxies); got != with {
				t.Errorf("with proxies %t: %s needs them: %t", with, name, got)
			}
		}
		if got := s.Proxy("redis", "kr") != nil; got != with {
			t.Errorf("with proxies %t: there is one: %t", with, got)
		}
	}
}
