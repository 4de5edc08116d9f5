package spec

import (
	"fmt"
	"strings"
	"testing"
)

func TestReportsMistakesOfPolicies(t *testing.T) {
	check(t, map[string]mistake{
		"a burn rate that is never reached": {"booking.yaml", "target: 0.999", "target: 0.93",
			`booking.yaml:53: spec.windows[0].burn: 14.4 is never reached: when every event is bad the burn rate is 14.29; write less, or a ` +
				`target of at least 0.9306 (93.06 %)`},
		"a burn rate of 2000": {"booking.yaml", "burn: 14.4", "burn: 2000",
			`2000 is never reached: when every event is bad the burn rate is 1000; write less, or a target of at least 0.9995 (99.95 %)`},
		"a burn rate of 0": {"booking.yaml", "burn: 14.4", "burn: 0",
			`booking.yaml:53: spec.windows[0].burn: "0" is not above 0; write the burn rate`},
		"windows that are swapped": {"booking.yaml", "long: 1h, short: 5m", "long: 5m, short: 1h",
			`booking.yaml:53: spec.windows[0].short: 1h is not shorter than long: 5m; make it shorter`},
		"a window longer than the objective's": {"booking.yaml", "long: 3d", "long: 31d",
			`booking.yaml:56: spec.windows[3].long: 31d is longer than the window of the objective; make it shorter`},
		"a slower pair that is not longer": {"booking.yaml", "long: 6h", "long: 1h",
			`booking.yaml:54: spec.windows[1].long: 1h is not longer than 1h of the pair before`},
		"a slower pair with a short one": {"booking.yaml", "short: 2h", "short: 30m",
			`booking.yaml:55: spec.windows[2].short: 30m is not longer than 30m of the pair before`},
		"a slower pair that burns faster": {"booking.yaml", "burn: 6", "burn: 14.4",
			`booking.yaml:54: spec.windows[1].burn: 14.4 is not below 14.4 of the pair before`},
		"a page after a ticket": {"booking.yaml", "{severity: ticket, long: 3d", "{severity: page, long: 3d",
			`booking.yaml:56: spec.windows[3].severity: a page after a ticket`},
		"a window of 0 minutes": {"booking.yaml", "short: 5m", "short: 0m",
			`booking.yaml:53: spec.windows[0].short: "0m" is not valid; write a whole number above 0`},
		"a window in seconds": {"booking.yaml", "short: 5m", "short: 300s",
			`"300s" is not valid; write a whole number above 0 and a unit: m (minutes)`},
		"a window without a unit": {"booking.yaml", "short: 5m", "short: 300",
			`"300" is not a text; write a whole number above 0 and a unit`},
		"no windows": {"search.yaml", "windows: [{severity: page, long: 1h, short: 5m, burn: 14.4}]", "windows: []",
			"search.yaml:29: spec.windows: is empty; write pairs of windows, the fastest first"},
		"a pair without a burn rate": {"search.yaml", ", burn: 14.4", "",
			"search.yaml:29: spec.windows[0].burn: is missing; write the burn rate at which a window burns"},
		"an unknown severity": {"booking.yaml", "severity: page", "severity: warning",
			`spec.windows[0].severity: "warning" is not supported; use page or ticket`},
		"a p-value of 1": {"booking.yaml", "maxPValue: 1e-5", "maxPValue: 1",
			`booking.yaml:49: spec.maxPValue: "1" is not below 1; write the significance level of pages: a probability above 0 and below 1, ` +
				`such as 1e-5`},
		"a p-value of 0":       {"booking.yaml", "maxPValue: 1e-5", "maxPValue: 0", `spec.maxPValue: "0" is not above 0`},
		"a p-value in percent": {"booking.yaml", "maxPValue: 1e-5", "maxPValue: 1%", `spec.maxPValue: "1%" is not a number`},
		"pages without a p-value": {"booking.yaml", "  maxPValue: 1e-5\n", "",
			`booking.yaml:47: spec.maxPValue: is missing, and a single failure at night would page`},
		"tickets without a number": {"booking.yaml", "  minBadEvents: 5\n", "",
			`booking.yaml:47: spec.minBadEvents: is missing, and a single failure at night would open a ticket`},
		"a former name": {"booking.yaml", "maxPValue: 1e-5", "maxChance: 1e-5",
			"booking.yaml:49: spec.maxChance: is unknown; it was renamed; write maxPValue"},
		"an unknown SLO": {"booking.yaml", "slo: booking", "slo: bookings",
			`booking.yaml:48: spec.slo: there is no SLO or DirectAlert "bookings"; did you mean booking?`},
		"an alert instead of an SLO": {"booking.yaml", "slo: booking", "slo: dead-letters",
			`booking.yaml:48: spec.slo: "dead-letters" is a DirectAlert, which has no budget to burn; write the name of an SLO`},
		"a second policy": {"booking.yaml", "slo: booking", "slo: search",
			`search.yaml:27: spec.slo: "search" already has a BurnRatePolicy; remove one of them`},
		"an unknown notification target": {"booking.yaml", "notify: on-call", "notify: oncall",
			`booking.yaml:51: spec.notify: there is no AlertNotificationTarget "oncall"; did you mean on-call?`},
	})
}

func TestReportsMistakesOfAlerts(t *testing.T) {
	check(t, map[string]mistake{
		"two conditions": {"alerts.yaml", "absent: true, within", "absent: true, events: 1, within",
			"alerts.yaml:18: spec.when: has absent and events; write exactly one of them"},
		"no condition": {"alerts.yaml", "{absent: true, within: 3m}", "{within: 3m}",
			"alerts.yaml:18: spec.when: has none of absent, events or badShare; write exactly one of them"},
		"no time": {"alerts.yaml", ", within: 3m", "",
			"alerts.yaml:18: spec.when.within: is missing; write how far back it looks"},
		"a time of 0": {"alerts.yaml", "within: 3m", "within: 0m",
			`alerts.yaml:18: spec.when.within: "0m" is not valid; write how far back it looks: a whole number above 0 and m, h, d or w, such ` +
				`as 10m`},
		"absence that is false": {"alerts.yaml", "absent: true", "absent: false", `spec.when.absent: "false" is not true`},
		"a number of 0": {"alerts.yaml", "events: 1,", "events: 0,",
			`spec.when.events: "0" is below 1; write it fires at this number of events`},
		"a share in percent": {"alerts.yaml", "badShare: 0.5", "badShare: 50", `spec.when.badShare: "50" is above 1`},
		"a share of any number of events": {"alerts.yaml", "minEvents: 10, ", "",
			"spec.when.minEvents: is missing; write the least number of events for badShare"},
		"a share of no bad events": {"alerts.yaml", "  bad: [{field: wait, atLeast: 0.5}]\n", "",
			"alerts.yaml:29: spec.bad: is missing; write the conditions of the bad events among those of where"},
		"bad events without a share": {"alerts.yaml", "{badShare: 0.5, minEvents: 10, within: 5m}", "{events: 3, within: 5m}",
			"alerts.yaml:33: spec.bad: is not allowed here; write when: {badShare: …, minEvents: …}, or remove it"},
		"an unknown severity": {"alerts.yaml", "severity: page", "severity: pager",
			`alerts.yaml:11: spec.severity: "pager" is not supported; did you mean page?`},
		"an unknown notification target": {"alerts.yaml", "notify: on-call", "notify: nobody",
			`alerts.yaml:12: spec.notify: there is no AlertNotificationTarget "nobody"; use on-call`},
		"an unknown data source": {"alerts.yaml", "source: access-log", "source: logs",
			`alerts.yaml:13: spec.source: there is no DataSource "logs"; use access-log or plain`},
		"an unknown field": {"alerts.yaml", "field: status, below", "field: stauts, below",
			`alerts.yaml:14: spec.where[0].field: "stauts" is not in vocabulary.yaml; did you mean status?`},
		"an unknown field of subjects": {"alerts.yaml", "    service: [", "    sevice: [",
			`alerts.yaml:16: spec.each.sevice: "sevice" is not in vocabulary.yaml; did you mean service?`},
		"an unknown subject": {"alerts.yaml", "[gateway, search]", "[gateway, serach]",
			`alerts.yaml:16: spec.each.service[1]: "serach" is not a value of service; did you mean search?`},
		"a subject that is there twice": {"alerts.yaml", "[gateway, search]", "[gateway, gateway]",
			`alerts.yaml:16: spec.each.service: has an entry twice`},
		"no subjects": {"alerts.yaml", "[gateway, search]", "[]", `alerts.yaml:16: spec.each.service: is empty`},
		"too many subjects": {"alerts.yaml",
			"    service: [gateway, search]\n    region: [kr, us]",
			"    status: " + numbers(100, 166) + "\n    duration: " + numbers(1, 3),
			"alerts.yaml:15: spec.each: has more than 200 combinations; use fewer values, or several alerts"},
		"a word for true": {"alerts.yaml", "freezes: true", "freezes: sometimes",
			`alerts.yaml:19: spec.freezes: "sometimes" is not true or false`},
	})
}

func TestAnAlertMayHave200Combinations(t *testing.T) {
	files := good(t)
	change(t, files, "alerts.yaml", "    service: [gateway, search]\n    region: [kr, us]",
		"    status: "+numbers(100, 149)+"\n    duration: "+numbers(1, 4))
	set, err := Load(files)
	if err != nil || len(set.Alerts[2].Subjects) != 200 {
		t.Errorf("got %v", err)
	}
}

// numbers is a list of the whole numbers from..to in YAML.
func numbers(from, to int) string {
	return strings.ReplaceAll(fmt.Sprint(rangeOf(from, to)), " ", ", ")
}

func rangeOf(from, to int) (all []int) {
	for n := from; n <= to; n++ {
		all = append(all, n)
	}
	return all
}

func TestReportsMistakesOfMuting(t *testing.T) {
	const mutedBy = "metadata.annotations.jari.example/muted-by: "
	check(t, map[string]mistake{
		"by an unknown rule": {"booking.yaml", "service-silent, search", "service-silent, serch",
			`booking.yaml:10: ` + mutedBy + `there is no SLO or DirectAlert "serch"; did you mean search?`},
		"by nothing": {"booking.yaml", "service-silent, search", "service-silent,",
			`booking.yaml:10: ` + mutedBy + `there is no SLO or DirectAlert ""`},
		"by one rule twice": {"booking.yaml", "service-silent, search", "search, search",
			`booking.yaml:10: ` + mutedBy + `"search" is there twice; remove one of them`},
		"by itself": {"booking.yaml", "service-silent, search", "booking",
			`booking.yaml:10: ` + mutedBy + `booking → booking mute each other, so none of them would ever open an incident`},
		"by one that it mutes": {"search.yaml", "jari.example/runbook: catalogue", "jari.example/muted-by: booking",
			`booking.yaml:10: ` + mutedBy + `booking → search → booking mute each other`},
		"through a third rule": {"alerts.yaml",
			"jari.example/dashboard: telemetry",
			"jari.example/dashboard: telemetry\n    jari.example/muted-by: booking",
			`booking.yaml:10: ` + mutedBy + `booking → service-silent → booking mute each other`},
		"of a rule with a typo": {"booking.yaml", "target: 0.999", "target: 9", "booking.yaml:42"},
	})
	files := good(t)
	change(t, files, "search.yaml", "jari.example/runbook: catalogue", "jari.example/muted-by: service-silent, dead-letters")
	if _, err := Load(files); err != nil {
		t.Errorf("two ways to the same rule are no cycle: %v", err)
	}
}

func TestReportsMissingRunbooksAndDashboards(t *testing.T) {
	runbooks := []string{"booking", "catalogue", "service-silent", "pool-saturated", "dead-letters"}
	dashboards := []string{"bookings", "search", "telemetry"}
	if _, err := Load(good(t), Runbooks(runbooks), Dashboards(dashboards)); err != nil {
		t.Fatalf("all exist: %v", err)
	}
	const runbook, dashboard = "metadata.annotations.jari.example/runbook: ", "metadata.annotations.jari.example/dashboard: "
	expect(t, good(t), `booking.yaml:6: `+runbook+`there is no runbook "booking"; write its page, or name another one`, Runbooks(runbooks[1:]))
	expect(t, good(t),
		`search.yaml:10: `+runbook+`there is no runbook "catalogue"; write its page, or name another one; did you mean catalog?`,
		Runbooks([]string{"booking", "catalog", "service-silent", "pool-saturated", "dead-letters"}))
	expect(t, good(t), `alerts.yaml:8: `+dashboard+`there is no dashboard "telemetry"`, Dashboards(dashboards[:2]))
	expect(t, good(t), `there is no runbook "booking"`, Runbooks([]string{}))
}

// The number is that of the issue: below 93.06 % a burn rate of 14.4 cannot be
// reached.
func TestTheLeastTargetForABurnRateIsReachable(t *testing.T) {
	files := good(t)
	change(t, files, "booking.yaml", "target: 0.999", "target: 0.9306")
	if _, err := Load(files); err != nil {
		t.Errorf("the target that the message names is refused: %v", err)
	}
	change(t, files, "booking.yaml", "target: 0.9306", "target: 0.9305")
	if _, err := Load(files); err == nil {
		t.Error("a target just below is accepted")
	}
}
