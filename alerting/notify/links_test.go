package notify

import (
	"strings"
	"testing"
	"time"

	"jari.example/alerting/incident"
)

var valid = Links{
	Runbook:   "https://run.example/runbooks/{slo}",
	Dashboard: "https://kibana.example/d/{dashboard}?from={from}&to={to}",
	Trace:     "https://kibana.example/traces/{trace}",
}

const realDashboards = "https://search.example/_dashboards/app/dashboards#/view/{dashboard}?_g=(time:(from:'{from}',to:'{to}'))"

func TestValidateRejectsALinkWithoutItsPlaceholder(t *testing.T) {
	if err := valid.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]Links{
		"{slo}":                 {Runbook: "https://x.example/", Dashboard: valid.Dashboard, Trace: valid.Trace},
		"{to}":                  {Runbook: valid.Runbook, Dashboard: "https://x.example/{dashboard}{from}", Trace: valid.Trace},
		"trace URL":             {Runbook: valid.Runbook, Dashboard: valid.Dashboard, Trace: "/{trace}"},
		`status URL "/status" `: {Runbook: valid.Runbook, Dashboard: valid.Dashboard, Trace: valid.Trace, Status: "/status"},
	} {
		if err := bad.Validate(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A dashboard ignores a time range of another form and shows the last 15 minutes.
func TestValidateAcceptsOnlyATimeRangeThatADashboardReads(t *testing.T) {
	for template, accepted := range map[string]bool{
		realDashboards:  true,
		valid.Dashboard: true,
		"http://x.example/app/dashboards#/view/{dashboard}?_g=(filters:!(),time:(from:'{from}',to:'{to}'))&_a=(query:(language:kuery))": true,
		"http://x.example/{dashboard}?to={to}&from={from}":                                                 true,
		"http://x.example/{dashboard}{from}{to}":                                                           false,
		"http://x.example/{dashboard}?start={from}&end={to}":                                               false,
		"http://x.example/{dashboard}?from={to}&to={from}":                                                 false,
		"http://x.example/app/dashboards#/view/{dashboard}?from={from}&to={to}":                            false,
		"http://x.example/app/dashboards#/view/{dashboard}?_g=(time:(from:{from},to:{to}))":                false,
		"http://x.example/app/dashboards#/view/{dashboard}?_a=(time:(from:'{from}',to:'{to}'))":            false,
		"http://x.example/app/dashboards?_g=(time:(from:'{from}',to:'{to}'))#/view/{dashboard}":            false,
		"http://x.example/app/dashboards#/view/{dashboard}?_g=(refreshInterval:(from:'{from}',to:'{to}'))": false,
	} {
		links := valid
		links.Dashboard = template
		err := links.Validate()
		if (err == nil) != accepted {
			t.Errorf("%s: %v", template, err)
		}
		for _, form := range []string{"_g=(time:(from:'{from}',to:'{to}'))", "?from={from}&to={to}"} {
			if err != nil && !strings.Contains(err.Error(), form) {
				t.Errorf("the error does not say what to write: %v", err)
			}
		}
	}
}

func TestLinksOfAnIncident(t *testing.T) {
	at := time.Date(2026, 11, 22, 23, 50, 0, 0, time.UTC)
	i := incident.Incident{ID: "0193", StartedAt: at, UpdatedAt: at.Add(10 * time.Minute)}
	i.Facts.Dashboard = "bookings right now"
	links := valid
	links.Dashboard, links.Status = realDashboards, "https://alerting.example/status?incident={incident}"
	want := "https://search.example/_dashboards/app/dashboards#/view/bookings%20right%20now" +
		"?_g=(time:(from:'2026-11-22T23%3A35%3A00Z',to:'2026-11-23T00%3A15%3A00Z'))"
	if got := links.DashboardURL(i); got != want {
		t.Errorf("dashboard %s", got)
	}
	if got := links.StatusURL(i); got != "https://alerting.example/status?incident=0193" {
		t.Errorf("status page %s", got)
	}
	if got := valid.StatusURL(i); got != "" {
		t.Errorf("without a template: %s", got)
	}
}
