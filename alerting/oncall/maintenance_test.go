package oncall

import (
	"testing"
	"time"
)

func TestAWindowCoversItsRulesAndTheRulesOfItsServices(t *testing.T) {
	from := time.Date(2026, 12, 1, 2, 0, 0, 0, time.UTC)
	m := Maintenance{Period: Period{from, from.Add(time.Hour)}, Rules: []string{"mail-delivery"}, Services: []string{"search"}}
	for name, c := range map[string]struct {
		rule, service string
		at            time.Time
		want          bool
	}{
		"a rule that it names":              {"mail-delivery", "notification", from, true},
		"a rule of a service that it names": {"search-latency", "search", from, true},
		"another rule":                      {"booking-latency", "gateway", from, false},
		"a rule without a service":          {"telemetry-blind", "", from, false},
		"a rule before the window":          {"mail-delivery", "notification", from.Add(-1), false},
		"a rule just before its end":        {"mail-delivery", "notification", m.To.Add(-1), true},
		"a rule at its end":                 {"mail-delivery", "notification", m.To, false},
	} {
		if got := m.Covers(c.rule, c.service, c.at); got != c.want {
			t.Errorf("%s: %t, want %t", name, got, c.want)
		}
	}
}
