package incident

import (
	"strings"
	"testing"
	"time"
)

func TestWhatGetsMuchWorseAfterItWasAcknowledgedIsSaidAgain(t *testing.T) {
	ten := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	acknowledged := Response{AcknowledgedAt: ten, AcknowledgedWorst: 0.1}
	regions := func(all ...string) map[string]int64 {
		m := map[string]int64{}
		for _, r := range all {
			m[r] = 1
		}
		return m
	}
	fired := func(subjects ...string) Facts { return Facts{Alert: &Alert{Fired: subjects}} }
	for name, c := range map[string]struct {
		response    Response
		before, now Facts
		want        string // "": nothing is said
	}{
		"nobody has acknowledged it":     {Response{}, Facts{Worst: 0.1}, Facts{Worst: 0.9}, ""},
		"a little worse":                 {acknowledged, Facts{Worst: 0.1}, Facts{Worst: 0.19}, ""},
		"twice as bad":                   {acknowledged, Facts{Worst: 0.19}, Facts{Worst: 0.2}, "20 % are bad, after 10 %"},
		"it was twice as bad before":     {acknowledged, Facts{Worst: 0.2}, Facts{Worst: 0.39}, ""},
		"four times as bad":              {acknowledged, Facts{Worst: 0.39}, Facts{Worst: 0.41}, "41 % are bad"},
		"another region":                 {acknowledged, Facts{Regions: regions("kr")}, Facts{Regions: regions("kr", "us")}, "it has reached us"},
		"the first regions are known":    {acknowledged, Facts{}, Facts{Regions: regions("kr")}, ""},
		"a region less":                  {acknowledged, Facts{Regions: regions("kr", "us")}, Facts{Regions: regions("kr")}, ""},
		"another subject of an alert":    {acknowledged, fired("a"), fired("a", "b"), "it has reached b"},
		"the same subjects of the alert": {acknowledged, fired("a"), fired("a"), ""},
		"nothing was bad when it was":    {Response{AcknowledgedAt: ten}, Facts{}, Facts{Worst: 0.5}, ""},
	} {
		got := worse(Incident{Facts: c.before, Response: c.response}, Incident{Facts: c.now})
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
