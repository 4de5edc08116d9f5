package spec

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// mistake is a change of one of the good files and a problem that it causes.
type mistake struct {
	file, old, new string
	want           string // "file:line: field: …", or a part of it
}

// check plays each mistake.
func check(t *testing.T, mistakes map[string]mistake) {
	t.Helper()
	for name, m := range mistakes {
		t.Run(name, func(t *testing.T) {
			files := good(t)
			change(t, files, m.file, m.old, m.new)
			expect(t, files, m.want)
		})
	}
}

func expect(t *testing.T, files fstest.MapFS, want string, options ...Option) {
	t.Helper()
	set, err := Load(files, options...)
	reports(t, files, err, want)
	if len(set.SLOs)+len(set.Alerts) > 0 {
		t.Error("a set with a problem is returned")
	}
}

// reports checks that an error contains want, and that its problems say where they
// are.
func reports(t *testing.T, files fstest.MapFS, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	for _, p := range Problems(err) {
		if p.File == "" || p.Line == 0 || p.What == "" {
			t.Errorf("a problem has no file, line or text: %+v", p)
		}
		if line := strings.Split(string(files[p.File].Data), "\n")[p.Line-1]; p.Line > 1 && !namesPartOf(line, p.Field) {
			t.Errorf("line %d of %s has no part of the field: %q, %v", p.Line, p.File, line, p)
		}
	}
}

var index = regexp.MustCompile(`\[\d+\]`)

// namesPartOf reports whether a line names the last member of a field, or the one
// before, which is where a missing member belongs, or is an element of a list.
func namesPartOf(line, field string) bool {
	dotless := strings.NewReplacer("jari.example", "jari_example").Replace
	names := strings.Split(dotless(field), ".")
	names = names[max(0, len(names)-2):]
	element := index.MatchString(strings.Join(names, ".")) && strings.HasPrefix(strings.TrimSpace(line), "- ")
	return element || slices.ContainsFunc(names, func(name string) bool {
		return strings.Contains(dotless(line), index.ReplaceAllString(name, ""))
	})
}

func TestReportsMistakesOfDocuments(t *testing.T) {
	check(t, map[string]mistake{
		"a document without a kind": {"booking.yaml", "kind: SLO\n", "",
			`booking.yaml:1: kind: "" is unknown; use AlertNotificationTarget, `},
		"a misspelt kind": {"booking.yaml", "kind: SLO", "kind: SL0",
			`booking.yaml:2: kind: "SL0" is unknown; did you mean SLO?`},
		"a kind of another version": {"booking.yaml", "openslo/v1", "openslo/v2",
			`booking.yaml:1: apiVersion: "openslo/v2" has no kind SLO; write openslo/v1`},
		"a member that is misspelt": {"booking.yaml", "budgetingMethod:", "budgetMethod:",
			`booking.yaml:40: spec.budgetMethod: is unknown; did you mean budgetingMethod?`},
		"a member that is missing": {"booking.yaml", "  budgetingMethod: Occurrences\n", "",
			`booking.yaml:11: spec.budgetingMethod: is missing; write Occurrences with a ratioMetric, `},
		"a text instead of a mapping": {"booking.yaml", "metadata: {name: booking}\n    spec:", "metadata: booking\n    spec:",
			`booking.yaml:16: spec.indicator.metadata: "booking" is not a mapping`},
		"no value": {"booking.yaml", "displayName: Bookings are failing", "displayName:",
			`booking.yaml:5: metadata.displayName: is empty; write the headline of its incidents`},
		"a name that is not a slug": {"booking.yaml", "  name: booking\n  display", "  name: Booking!\n  display",
			`booking.yaml:4: metadata.name: "Booking!" is not valid; write a name of words of a-z and 0-9, joined by -, such as ` +
				`booking-availability`},
		"no name": {"booking.yaml", "  name: booking\n  display", "  display",
			`booking.yaml:3: metadata.name: is missing; write a name of words`},
		"a name of two SLOs": {"booking.yaml", "  name: booking\n  display", "  name: search\n  display",
			`search.yaml:4: metadata.name: "search" is already the name of a document in booking.yaml:4; choose another name`},
		"a name of an SLO and alert": {"alerts.yaml", "name: service-silent", "name: search",
			`search.yaml:4: metadata.name: "search" is already the name of a document in alerts.yaml:4`},
		"a name of two data sources": {"common.yaml", "name: plain", "name: access-log",
			`common.yaml:32: metadata.name: "access-log" is already the name of a document in common.yaml:8`},
		"a member that is there twice": {"booking.yaml", "  service: gateway\n", "  service: gateway\n  service: search\n",
			`booking.yaml:15: mapping key "service" already defined at line 14; correct the YAML`},
		"text that is no YAML": {"booking.yaml", "spec:\n", "spec: [\n", "booking.yaml:"},
		"a merge key": {"booking.yaml", "  service: gateway\n", "  <<: {service: gateway}\n",
			"booking.yaml:14: << is not supported; write the members themselves"},
		"a text instead of a document": {"booking.yaml", "apiVersion: openslo/v1\n", "SLO\n---\napiVersion: openslo/v1\n",
			"booking.yaml:1: the document is not a mapping; begin it with apiVersion and kind"},
		"a reference to a kind without documents": {"common.yaml",
			"---\napiVersion: openslo/v1\nkind: AlertNotificationTarget\nmetadata: {name: on-call}\n" +
				"spec: {target: slack, description: The person on call.}\n", "",
			`booking.yaml:51: spec.notify: there is no AlertNotificationTarget "on-call"; add a document of this kind with that metadata.name`},
		"a list instead of a document": {"booking.yaml", "apiVersion: openslo/v1\n", "- a\n---\napiVersion: openslo/v1\n",
			"booking.yaml:1: the document is not a mapping"},
		"a headline of 151 characters": {"booking.yaml", "Bookings are failing", strings.Repeat("é", 151),
			`booking.yaml:5: metadata.displayName: has 151 characters, more than 150; write the headline`},
		"a headline with a newline": {"booking.yaml", "displayName: Bookings are failing", `displayName: "Bookings\nare failing"`,
			"booking.yaml:5: metadata.displayName: \"Bookings\\nare failing\" is not valid; write the headline of its incidents: at most 150 " +
				"characters without a newline"},
		"a headline of a space": {"alerts.yaml", "displayName: A service sends nothing", `displayName: " "`,
			`alerts.yaml:5: metadata.displayName: " " is not valid`},
		"no headline of an alert": {"alerts.yaml", "  displayName: A service sends nothing\n", "",
			`alerts.yaml:3: metadata.displayName: is missing; write the headline`},
		"nobody who is affected": {"booking.yaml", "    jari.example/affected: diners who press Book\n", "",
			`booking.yaml:6: metadata.annotations.jari.example/affected: is missing; write whom it affects while it fails, such as diners ` +
				`who press Book`},
		"no label of what is counted": {"booking.yaml", "    jari.example/attempt: booking attempts\n", "",
			`booking.yaml:6: metadata.annotations.jari.example/attempt: is missing; write what is counted, in the plural`},
		"no dashboard": {"alerts.yaml", "    jari.example/dashboard: telemetry\n", "",
			`alerts.yaml:6: metadata.annotations.jari.example/dashboard: is missing; write the name of the dashboard to open`},
		"a misspelt annotation": {"booking.yaml", "jari.example/muted-by", "jari.example/muted_by",
			`booking.yaml:10: metadata.annotations.jari.example/muted_by: is unknown; did you mean jari.example/muted-by?`},
		"a pattern of no indices": {"common.yaml", "index: access-*", "index: Access Log",
			`common.yaml:12: spec.connectionDetails.index: "Access Log" is not valid; write a pattern of index names`},
		"a source of another type": {"common.yaml", "type: OpenSearch", "type: Prometheus",
			`common.yaml:10: spec.type: "Prometheus" is not supported; use OpenSearch`},
		"a target of another type": {"common.yaml", "target: slack", "target: pagerduty", `"pagerduty" is not supported; use slack`},
	})
}

func TestReportsMistakesOfObjectives(t *testing.T) {
	const ratio = "spec.indicator.spec.ratioMetric"
	check(t, map[string]mistake{
		"a target of 100 %": {"booking.yaml", "target: 0.999", "target: 1",
			`booking.yaml:42: spec.objectives[0].target: "1" is not below 1; write the share of good events, above 0 and below 1 (100 % ` +
				`would leave no error budget), such as 0.999`},
		"a target in percent": {"booking.yaml", "target: 0.999", "target: 99.9", `spec.objectives[0].target: "99.9" is not below 1`},
		"a target with a sign": {"booking.yaml", "target: 0.999", "target: 99.9%",
			`spec.objectives[0].target: "99.9%" is not a number; write the share of good events`},
		"a target of OpenSLO's": {"booking.yaml", "target: 0.999", "targetPercent: 99.9",
			`spec.objectives[0].targetPercent: is unknown; write target as a share, such as 0.999`},
		"no number": {"booking.yaml", "target: 0.999", "target: .nan", `".nan" is not a number`},
		"two objectives": {"booking.yaml", "objectives: [", "objectives: [{target: 0.9}, ",
			"spec.objectives: has 2 entries, more than 1; write exactly one objective"},
		"a window in months": {"booking.yaml", "duration: 30d", "duration: 1M",
			`booking.yaml:41: spec.timeWindow[0].duration: "1M" is not valid; write a whole number above 0 and a unit: m (minutes), h ` +
				`(hours), d (days) or w (weeks), such as 30d`},
		"a window of 0": {"booking.yaml", "duration: 30d", "duration: 0d",
			`spec.timeWindow[0].duration: "0d" is not valid; write a whole number above 0`},
		"a calendar window": {"booking.yaml", "isRolling: true", "isRolling: false",
			`spec.timeWindow[0].isRolling: "false" is not true; write true, because only rolling windows are supported`},
		"no bad events": {"booking.yaml", "        bad:\n", "        good:\n",
			`booking.yaml:29: ` + ratio + `.good: is unknown; write bad, the conditions of the bad events among the total`},
		"neither ratio nor age": {"booking.yaml", "      ratioMetric:\n", "      ratio:\n",
			"booking.yaml:17: spec.indicator.spec: has none of ratioMetric or thresholdMetric; write exactly one of them"},
		"an unknown service": {"booking.yaml", "service: gateway\n", "service: gatway\n",
			`booking.yaml:14: spec.service: there is no Service "gatway"; did you mean gateway?`},
		"an unknown data source": {"booking.yaml", "metricSourceRef: access-log", "metricSourceRef: accesslog",
			`booking.yaml:22: ` + ratio + `.total.metricSource.metricSourceRef: there is no DataSource "accesslog"; did you mean access-log?`},
		"two data sources": {"booking.yaml", "metricSourceRef: access-log\n            spec", "metricSourceRef: plain\n            spec",
			`booking.yaml:31: ` + ratio + `.bad.metricSource.metricSourceRef: "plain" is not the source of total, and bad events are among ` +
				`the total; write access-log`},
		"no condition": {"search.yaml", "[{field: event, is: indexed}, {field: items, atLeast: 1}]", "[]",
			"thresholdMetric.metricSource.spec.where: is empty; write a list of conditions"},
		"an age that is no minute": {"search.yaml", "value: 120", "value: 90",
			`search.yaml:21: spec.objectives[0].value: "90" is not a multiple of 60; write the largest good age of the newest event in seconds`},
		"an age in milliseconds": {"search.yaml", "value: 120", "value: 120000",
			`spec.objectives[0].value: "120000" is above 86400; write the largest good age of the newest event in seconds`},
		"an age in its own way": {"search.yaml", "spec: {where:", "spec: {within: 2m, where:",
			"spec.within: is unknown; an SLO has the age in seconds as value of its objective"},
		"no age": {"search.yaml", "value: 120, ", "",
			"search.yaml:21: spec.objectives[0].value: is missing; write the largest good age of the newest event in seconds, whole minutes " +
				"up to a day, such as 120"},
		"slices that are half good": {"search.yaml", "timeSliceTarget: 1", "timeSliceTarget: 0.5",
			`spec.objectives[0].timeSliceTarget: "0.5" is not 1; write 1, because a slice is good or bad as a whole`},
		"occurrences of an age": {"search.yaml", "budgetingMethod: Timeslices", "budgetingMethod: Occurrences",
			"spec.indicator.spec.ratioMetric: is missing; write the total and the bad events, or budgetingMethod: Timeslices"},
		"an age of a ratio": {"booking.yaml", "target: 0.999", "target: 0.999, value: 60",
			"spec.objectives[0].value: is not allowed here; write budgetingMethod: Timeslices and a thresholdMetric, or remove it"},
		"no policy": {"search.yaml",
			"kind: BurnRatePolicy\nmetadata: {name: search}\nspec:\n  slo: search\n  maxPValue: 0.001\n  windows: [{severity: page, long: " +
				"1h, short: 5m, burn: 14.4}]",
			"kind: Vocabulary\nmetadata: {name: x}\nspec: {fields: [{name: a, field: a, type: text}]}",
			`search.yaml:4: metadata.name: "search" has no BurnRatePolicy, so it would never alert; add one with spec.slo: search`},
	})
}

func TestReportsMistakesOfConditions(t *testing.T) {
	const total = "spec.indicator.spec.ratioMetric.total.metricSource.spec.where"
	check(t, map[string]mistake{
		"an unknown field": {"booking.yaml", "{field: route,", "{field: rout,",
			`booking.yaml:27: ` + total + `[1].field: "rout" is not in vocabulary.yaml; did you mean route?`},
		"a field like no other": {"booking.yaml", "{field: route,", "{field: x_forwarded_for,",
			`"x_forwarded_for" is not in vocabulary.yaml; use body-read, duration, message, region, route, service, status, time, trace or weight`},
		"an unknown route": {"booking.yaml", "is: /v1/reservations", "is: /v1/reservation",
			`booking.yaml:27: ` + total + `[1].is: "/v1/reservation" is not a value of route; did you mean /v1/reservations?`},
		"a value like no other": {"booking.yaml", "service, is: gateway", "service, is: frontend",
			`"frontend" is not a value of service; use gateway, search or user`},
		"two comparisons": {"booking.yaml", "isNot: 429", "isNot: 429, is: 200",
			"booking.yaml:28: " + total + "[2]: has is and isNot; write exactly one of them"},
		"no comparison": {"booking.yaml", ", isNot: 429", "",
			"booking.yaml:28: " + total + "[2]: has none of is, isNot, atLeast, below, any or all; write exactly one of them"},
		"a comparison without a field": {"booking.yaml", "{field: status, isNot: 429}", "{isNot: 429}",
			total + "[2].field: is missing; write the name of a field of the events, such as http.route"},
		"a word for a number": {"booking.yaml", "atLeast: 500", "atLeast: 5xx",
			`booking.yaml:35: spec.indicator.spec.ratioMetric.bad.metricSource.spec.where[0].any[0].atLeast: "5xx" is not a number`},
		"a word for a whole number": {"booking.yaml", "isNot: 429", "isNot: 4xx",
			`[2].isNot: "4xx" is not a whole number; status needs one`},
		"a fraction for a whole number": {"booking.yaml", "isNot: 429", "isNot: 429.5", `"429.5" is not a whole number`},
		"a number in quotes": {"booking.yaml", "isNot: 429", `isNot: "429"`,
			`"429" is not a whole number; status needs one`},
		"a number beyond 64 bits": {"booking.yaml", "isNot: 429", "isNot: 99999999999999999999", `is not a whole number`},
		"a word for true": {"booking.yaml", "body-read, is: true", "body-read, is: yes-it-was",
			`"yes-it-was" is not true or false; body-read needs one of them`},
		"a word for a duration": {"booking.yaml", "duration, atLeast: 1", "duration, is: long",
			`"long" is not a number; duration needs one`},
		"a duration in milliseconds": {"booking.yaml", "duration, atLeast: 1", "duration, atLeast: 1500",
			`.atLeast: 1500 s is impossible for duration, which is at most 60 s; if you meant milliseconds, write 1.5`},
		"an impossible status": {"booking.yaml", "atLeast: 500", "atLeast: 5000",
			"5000 is impossible for status, which is at most 599"},
		"a negative duration": {"booking.yaml", "duration, atLeast: 1", "duration, atLeast: -1",
			"-1 s is impossible for duration, which is at least 0 s"},
		"an order of keywords": {"booking.yaml", "service, is: gateway", "service, atLeast: 3",
			"[0].atLeast: service is of the type keyword, which has no order; use is or isNot"},
		"an order of true and false": {"booking.yaml", "body-read, is: true", "body-read, below: 1",
			"body-read is of the type boolean, which has no order"},
		"a field of prose": {"booking.yaml", "{field: service, is: gateway}", "{field: message, is: hello}",
			"message is of the type text, which cannot be compared; use a field of another type"},
		"a group without conditions": {"booking.yaml",
			"- any:\n                    - {field: status, atLeast: 500}",
			"- any: []\n                - all:\n                    - {field: status, atLeast: 500}",
			"where[0].any: is empty; write a list of conditions, of which at least one must hold"},
		"a group with a field": {"booking.yaml", "- {field: status, isNot: 429}", "- {any: [{field: status, is: 200}], is: 3}",
			total + "[2]: has is and any; write exactly one of them"},
		"a data source without its file": {"common.yaml", "vocabulary: vocabulary.yaml", "vocabulary: vocabulry.yaml",
			`common.yaml:16: spec.connectionDetails.vocabulary: there is no file "vocabulry.yaml" with a valid Vocabulary; did you mean ` +
				`vocabulary.yaml?`},
		"a region field that documents lack": {"common.yaml", "regionField: region", "regionField: cloud.region",
			`common.yaml:14: spec.connectionDetails.regionField: "cloud.region" is not a document field in vocabulary.yaml; use @timestamp, `},
		"a line field that documents lack": {"common.yaml", "[http.route, ", "[http.rout, ",
			`spec.connectionDetails.evidence.lineFields[0]: "http.rout" is not a document field in vocabulary.yaml; did you mean http.route?`},
		"a line field that may be personal": {"common.yaml", "[http.route, ", "[serviceName, ",
			`spec.connectionDetails.evidence.lineFields[0]: "serviceName" may hold personal data, so messages may not show it; use http.route or ` +
				`http.status, or write show: true at the field in vocabulary.yaml if it never does`},
		"an error field that may be personal": {"common.yaml", "errorField: http.status", "errorField: body",
			`spec.connectionDetails.evidence.errorField: "body" may hold personal data`},
		"a field of kept traces that documents lack": {"common.yaml", "errorField: http.status", "keptField: kept",
			`spec.connectionDetails.evidence.keptField: "kept" is not a document field in vocabulary.yaml; `},
		"spans without a trace": {"common.yaml", "    traceField: trace\n", "",
			"evidence.spans: the spans of an event are found by its trace; write traceField beside index, or remove the spans"},
		"half of the links": {"common.yaml", ", linkedSpanField: links.id", "", "evidence.spans.linkedSpanField: is missing"},
		"spans of which none fails": {"common.yaml", ", failed: {field: code, is: 2}", "",
			"evidence.spans.failed: is missing; write a condition that holds for failed spans"},
		"a compared field that may be personal": {"common.yaml", "{field: http.status, phrase", "{field: body, phrase",
			`spec.connectionDetails.evidence.compare[1].field: "body" may hold personal data`},
		"a compared field without a phrase": {"common.yaml", "{field: http.status, phrase: ended with}", "{field: http.status}",
			"spec.connectionDetails.evidence.compare[1].phrase: is missing; write what an event with the value did"},
		"a compared field somewhere else": {"common.yaml", "in: spans", "in: span", "compare[0].in: \"span\" is not supported; did you mean spans?"},
		"a compared field of spans that are nowhere": {"common.yaml", wholeSpans, "---\n",
			"compare[0].in: spans needs spans; write where they are (evidence.spans), or compare a field of the event"},
		"a slow span without durations": {"common.yaml", "in: spans", "in: slowSpan",
			"compare[0].in: slowSpan needs the duration of spans; write durationField in evidence.spans"},
		"a change with an unknown field": {"common.yaml", "when: {field: route, ", "when: {field: rout, ",
			`evidence.changes[0].when.field: "rout" is not in vocabulary.yaml; did you mean route?`},
		"a new nothing": {"common.yaml", "field: http.route, of: http.status, new: true", "new: true",
			"changes[0].new: only a value can be new; write field: with the field that has it, or remove new"},
		"evidence of nothing": {"common.yaml", wholeEvidence, "    evidence: {}\n    spans:\n        {",
			"spec.connectionDetails.evidence: is empty; write what messages show of bad events"},
		"a field that is defined twice": {"vocabulary.yaml", "name: trace,", "name: time,",
			`vocabulary.yaml:7: spec.fields[1].name: "time" is already defined above; remove one of them`},
		"a field of an unknown type": {"vocabulary.yaml", "type: text", "type: ip",
			`vocabulary.yaml:14: spec.fields[8].type: "ip" is not supported; use boolean, date, double, integer, keyword or text`},
		"a vocabulary beside another in file": {"vocabulary.yaml",
			"apiVersion: jari.example/v1\n",
			"apiVersion: jari.example/v1\nkind: Vocabulary\nmetadata: {name: b}\nspec: {fields: [{name: a, field: a, type: " +
				"text}]}\n---\napiVersion: jari.example/v1\n",
			"vocabulary.yaml:6: the file has a second Vocabulary; use a file for each"},
	})
}

// wholeEvidence is all of it up to the spans, and wholeSpans are these.
const wholeEvidence = `    evidence:
      errorField: http.status # of a site without error types
      lineFields: [http.route, http.status]
      weightField: weight
      compare:
        - {field: http.route, of: http.status, in: spans, phrase: called, outcome: true}
        - {field: http.status, phrase: ended with}
      changes:
        - {when: {field: route, is: /v1/reservations}, field: http.route, of: http.status, new: true, phrase: was first called}
      spans:
        {`

const wholeSpans = `      spans:
        {index: spans-*, timeField: start, traceField: trace, spanField: id, parentField: parent, failed: {field: code, is: 2},
         errorField: error, peerField: peer, linkedTraceField: links.trace, linkedSpanField: links.id}
---
`
