package notify

import (
	"strings"
	"testing"
)

func TestValidateRejectsALinkWithoutItsPlaceholder(t *testing.T) {
	links := Links{
		Runbook:   "https://run.example/runbooks/{slo}",
		Dashboard: "https://kibana.example/d/{dashboard}?from={from}&to={to}",
		Trace:     "https://kibana.example/traces/{trace}",
	}
	if err := links.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]Links{
		"{slo}":        {Runbook: "https://x.example/", Dashboard: links.Dashboard, Trace: links.Trace},
		"{to}":         {Runbook: links.Runbook, Dashboard: "https://x.example/{dashboard}{from}", Trace: links.Trace},
		"not absolute": {Runbook: links.Runbook, Dashboard: links.Dashboard, Trace: "/{trace}"},
	} {
		if err := bad.Validate(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
