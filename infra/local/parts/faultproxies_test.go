package parts

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestOnlyWithFaultProxiesAServiceReachesItsServersThroughThem(t *testing.T) {
	for _, with := range []bool{false, true} {
		s, err := New(System{Dir: t.TempDir(), Getenv: func(string) string { return "" }, WithFaultProxies: with})
		if err != nil {
			t.Fatal(err)
		}
		for name, port := range map[string]string{
			"reservation-us": ":8150/", "gateway-kr": ":8141", "search-us": ":8152", "gateway-us": "http://127.0.0.1:8153 ",
			"alerting": "http://127.0.0.1:8154 ",
		} {
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
		if got := slices.Contains(s.agentEnv(""), "JARI_OPENSEARCH_URL=http://127.0.0.1:8144"); got != with {
			t.Errorf("with proxies %t: the agent reaches OpenSearch through one: %t", with, got)
		}
		if got := slices.Contains(part(t, s, "agent").Needs, faultProxies); got != with {
			t.Errorf("with proxies %t: the agent needs them: %t", with, got)
		}
		if got := s.Proxy("redis", "kr") != nil && s.Proxy("opensearch", "alerting") != nil && s.Balancer("kr") != nil; got != with {
			t.Errorf("with proxies %t: there is one: %t", with, got)
		}
	}
}

func TestTheNextVersionOfReservationIsASecondProcess(t *testing.T) {
	s := system(t, nil)
	at := time.Date(2026, 9, 1, 10, 1, 2, 0, time.UTC)
	first, next := part(t, s, "reservation-kr"), s.NextReservation(t.Context(), "kr", at)
	if next.Name != "reservation-kr-next" || next.Ports[0] == first.Ports[0] || next.Ports[1] == first.Ports[1] {
		t.Errorf("%s listens on %v, the other on %v", next.Name, next.Ports, first.Ports)
	}
	c, err := next.Command(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	args := strings.Join(c.Args, " ")
	for _, want := range []string{
		"--service-version next-100102", s.FaultFlagsFile("reservation-kr-next"), "/jari_reservation_kr", "--cloud-region ap-northeast-2",
	} {
		if !strings.Contains(args, want) {
			t.Errorf("without %s: %s", want, args)
		}
	}
}
