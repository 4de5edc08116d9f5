package spec

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"jari.example/alerting/oncall"
	"jari.example/alerting/slo"
	"jari.example/internal/zone"
)

func goodOnCall(t testing.TB) fstest.MapFS {
	t.Helper()
	return filesOf(t, "testdata/on-call")
}

func instant(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestReadsARota(t *testing.T) {
	plan, err := LoadOnCall(goodOnCall(t), loadGood(t))
	if err != nil {
		t.Fatal(err)
	}
	seoul, err := zone.Load("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	between := func(from, to string) oncall.Period {
		return oncall.Period{From: instant(t, from), To: instant(t, to)}
	}
	want := oncall.Rota{
		Zone: seoul, Start: time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC), AcknowledgeWithin: 7 * time.Minute,
		People: []oncall.Person{
			{Name: "Mina", SlackID: "U024BE7LH", Email: "mina@example.com"},
			{Name: "Jun Kim", SlackID: "W012A3CDE", Email: "jun.kim+on-call@mail.example.com"},
			{Name: "소라", SlackID: "U0G9QF9C6", Email: "sora@example.com"},
		},
		Overrides: []oncall.Override{
			{Period: between("2026-12-24T10:00:00+09:00", "2026-12-26T01:00:00Z"), Person: "Jun Kim"},
			{Period: between("2026-12-26T10:00:00+09:00", "2026-12-27T10:00:00+09:00"), Person: "Mina", Reason: "exchanged"},
		},
		Away: []oncall.TimeAway{
			{Period: between("2026-12-20T00:00:00+09:00", "2027-01-04T00:00:00+09:00"), Person: "소라", Reason: "holiday"},
		},
	}
	if !reflect.DeepEqual(*plan.Rota, want) {
		t.Errorf("got\n%+v\nwant\n%+v", *plan.Rota, want)
	}
}

func TestReadsMaintenanceWindowsByName(t *testing.T) {
	plan, err := LoadOnCall(goodOnCall(t), loadGood(t))
	if err != nil {
		t.Fatal(err)
	}
	want := oncall.Maintenance{
		Period: oncall.Period{From: instant(t, "2026-12-01T02:00:00+09:00"), To: instant(t, "2026-12-01T04:00:00+09:00")},
		Name:   "search-moves", Reason: "The search index moves to new machines.",
		Rules: []string{"service-silent", "booking"}, Services: []string{"search"},
	}
	if len(plan.Maintenance) != 2 || plan.Maintenance[0].Name != "gateway-restart" || !reflect.DeepEqual(plan.Maintenance[1], want) {
		t.Errorf("got %+v\nwant the second to be %+v", plan.Maintenance, want)
	}
}

func TestAPersonHasFiveMinutesToAcknowledgeUnlessTheRotaSaysOtherwise(t *testing.T) {
	files := goodOnCall(t)
	change(t, files, "rota.yaml", "  acknowledgeWithin: 7m\n", "")
	plan, err := LoadOnCall(files, slo.Set{})
	if err != nil || plan.Rota.AcknowledgeWithin != 5*time.Minute {
		t.Errorf("%+v, %v", plan.Rota, err)
	}
}

func TestARotaAndWindowsCanBeAlone(t *testing.T) {
	for _, file := range []string{"rota.yaml", "windows.yaml"} {
		files := fstest.MapFS{file: goodOnCall(t)[file]}
		plan, err := LoadOnCall(files, loadGood(t))
		if err != nil || (plan.Rota != nil) != (file == "rota.yaml") || (len(plan.Maintenance) > 0) != (file == "windows.yaml") {
			t.Errorf("%s alone: %+v, %v", file, plan, err)
		}
	}
	_, err := LoadOnCall(fstest.MapFS{}, loadGood(t))
	if err == nil || !strings.Contains(err.Error(), "no OnCallRota and no MaintenanceWindow found") {
		t.Errorf("an empty directory: %v", err)
	}
}

func TestWithoutASetTheNamesInWindowsAreNotChecked(t *testing.T) {
	files := goodOnCall(t)
	change(t, files, "windows.yaml", "services: [search]", "services: [other]")
	if plan, err := LoadOnCall(files, slo.Set{}); err != nil || len(plan.Maintenance) != 2 {
		t.Errorf("%+v, %v", plan, err)
	}
}

func TestReportsMistakesOfWhoIsOnCall(t *testing.T) {
	const form = "write a date, a time and its offset from UTC, without a space, such as 2026-12-24T10:00:00+09:00"
	for name, m := range map[string]mistake{
		"an unknown zone": {"rota.yaml", "Asia/Seoul", "Asia/Soul",
			`rota.yaml:6: spec.zone: "Asia/Soul": it must be an IANA time zone such as`},
		"another name of a zone": {"rota.yaml", "Asia/Seoul", "ROK",
			`spec.zone: "ROK": this is another name of a time zone: use Asia/Seoul`},
		"a misspelt weekday": {"rota.yaml", "weekday: Monday", "weekday: Munday",
			`rota.yaml:8: spec.handOver.weekday: "Munday" is not supported; did you mean Monday?`},
		"an hour of one digit": {"rota.yaml", `"10:00"`, `"9:00"`,
			`rota.yaml:9: spec.handOver.time: "9:00" is not valid; write a local time in quotes, with hours and`},
		"the hour 24": {"rota.yaml", `"10:00"`, `"24:00"`,
			`"24:00" is not valid`},
		"a start on another weekday": {"rota.yaml", "start: 2026-11-02", "start: 2026-11-03",
			`rota.yaml:10: spec.handOver.start: 2026-11-03 is a Tuesday; write the date of a Monday, such as 2026-11-09`},
		"a date that does not exist": {"rota.yaml", "start: 2026-11-02", "start: 2026-02-30",
			`rota.yaml:10: spec.handOver.start: "2026-02-30" is not valid; write the date of the first hand-over`},
		"a start that is a time": {"rota.yaml", "start: 2026-11-02", "start: 2026-11-02T10:00:00Z",
			`spec.handOver.start: "2026-11-02T10:00:00Z" is not valid`},
		"no time to acknowledge": {"rota.yaml", "acknowledgeWithin: 7m", "acknowledgeWithin: 0m",
			`rota.yaml:11: spec.acknowledgeWithin: "0m" is not valid; write how long a person has to acknowledge`},
		"hours to acknowledge": {"rota.yaml", "acknowledgeWithin: 7m", "acknowledgeWithin: 61m",
			`"61m" is not valid`},
		"nobody": {"rota.yaml", "people:", "people: []\n  persons:",
			`rota.yaml:12: spec.people: is empty; write the people, in the order of their weeks`},
		"a Slack name in place of an id": {"rota.yaml", "U024BE7LH", `"@mina"`,
			`rota.yaml:13: spec.people[0].slack: "@mina" is not valid; write the id of the Slack user, which begins with U or W`},
		"the id of a channel": {"rota.yaml", "U024BE7LH", "C024BE7LH",
			`"C024BE7LH" is not valid; write the id`},
		"an address with a name": {"rota.yaml", "mina@example.com", "Mina <mina@example.com>",
			`rota.yaml:13: spec.people[0].email: "Mina <mina@example.com>" is not valid; write an address without a name`},
		"an address without a domain": {"rota.yaml", "mina@example.com", "mina@localhost",
			`"mina@localhost" is not valid`},
		"an address that nobody can have": {"rota.yaml", "email: mina@", "email: mina..k@",
			`rota.yaml:13: spec.people[0].email: "mina..k@example.com" is not a mail address of ASCII characters; write one`},
		"no address": {"rota.yaml", ", email: mina@example.com", "",
			`rota.yaml:13: spec.people[0].email: is missing; write an address`},
		"two people of one name": {"rota.yaml", "name: 소라", "name: Mina",
			`rota.yaml:15: spec.people[2].name: "Mina" is the name of two people; write a surname`},
		"two people with one id": {"rota.yaml", "U0G9QF9C6", "U024BE7LH",
			`rota.yaml:15: spec.people[2].slack: "U024BE7LH" is already the id of Mina`},
		"an override by a stranger": {"rota.yaml", "person: Jun Kim", "person: Jun Kin",
			`rota.yaml:17: spec.overrides[0].person: "Jun Kin" is not one of the people; did you mean Jun Kim?`},
		"a time away of a stranger": {"rota.yaml", "person: 소라", "person: Alexandra",
			`rota.yaml:25: spec.away[0].person: "Alexandra" is not one of the people; use Jun Kim, Mina or 소라`},
		"overrides that overlap": {"rota.yaml", "to: 2026-12-26T01:00:00Z", "to: 2026-12-26T01:00:01Z",
			`rota.yaml:21: spec.overrides[1].from: the override overlaps that of Jun Kim in line 17; end one where the other begins`},
		"an override without a length": {"rota.yaml", "to: 2026-12-26T01:00:00Z", "to: 2026-12-24T01:00:00Z",
			`rota.yaml:19: spec.overrides[0].to: 2026-12-24T01:00:00Z is not after from: 2026-12-24T10:00:00+09:00; write a later time`},
		"a time away that ends before": {"rota.yaml", "to: 2027-01-04", "to: 2026-01-04",
			`rota.yaml:27: spec.away[0].to: 2026-01-04T00:00:00+09:00 is not after from`},
		"a time without an offset": {"rota.yaml", "from: 2026-12-24T10:00:00+09:00", "from: 2026-12-24T10:00:00",
			`rota.yaml:18: spec.overrides[0].from: "2026-12-24T10:00:00" is not valid; ` + form},
		"a time with a space": {"rota.yaml", "from: 2026-12-24T10:00:00+09:00", "from: 2026-12-24 10:00:00 +09:00",
			`"2026-12-24 10:00:00 +09:00" is not valid; ` + form},
		"a date in place of a time": {"rota.yaml", "from: 2026-12-24T10:00:00+09:00", "from: 2026-12-24",
			`"2026-12-24" is not valid; ` + form},
		"a leap second": {"rota.yaml", "from: 2026-12-24T10:00:00+09:00", "from: 2016-12-31T23:59:60Z",
			`"2016-12-31T23:59:60Z" is not valid; ` + form},
		"a month 13": {"windows.yaml", "from: 2026-12-01", "from: 2026-13-01",
			`windows.yaml:6: spec.from: "2026-13-01T02:00:00+09:00" is not valid`},
		"a window that ends before": {"windows.yaml", "to: 2026-12-01T04", "to: 2026-12-01T01",
			`windows.yaml:7: spec.to: 2026-12-01T01:00:00+09:00 is not after from`},
		"a window that covers nothing": {"windows.yaml", "{services: [gateway]}", "{}",
			`windows.yaml:19: spec.covers: is empty; write rules, services or both, such as {`},
		"a window of an empty list": {"windows.yaml", "services: [gateway]", "services: []",
			`windows.yaml:19: spec.covers.services: is empty; write a list of the names of Services`},
		"a window of an unknown rule": {"windows.yaml", "booking]", "boking]",
			`windows.yaml:9: spec.covers.rules[1]: there is no SLO or DirectAlert "boking", so nothing is muted; did you mean booking?`},
		"a window of an unknown service": {"windows.yaml", "[search]", "[user]",
			`windows.yaml:10: spec.covers.services[0]: no SLO or DirectAlert has the service "user", so nothing is muted; use gateway or search`},
		"a window without a reason": {"windows.yaml", "  reason: A new kernel.\n", "",
			`windows.yaml:15: spec.reason: is missing; write what is being done`},
		"two windows of one name": {"windows.yaml", "name: gateway-restart", "name: search-moves",
			`windows.yaml:14: metadata.name: "search-moves" is already the name of a document in windows.yaml:3`},
		"two rotas": {"windows.yaml", "apiVersion",
			strings.Replace(string(goodOnCall(t)["rota.yaml"].Data), "primary", "other", 1) + "---\napiVersion",
			`windows.yaml:2: kind: is the second OnCallRota, after rota.yaml:2; write one with all people`},
		"an objective": {"windows.yaml", "kind: MaintenanceWindow", "kind: DirectAlert",
			`windows.yaml:2: kind: DirectAlert does not belong here; move it to the directory of -slo-dir`},
		"an unknown kind": {"windows.yaml", "kind: MaintenanceWindow", "kind: Window",
			`"Window" is unknown; use MaintenanceWindow or OnCallRota`},
	} {
		t.Run(name, func(t *testing.T) {
			files := goodOnCall(t)
			change(t, files, m.file, m.old, m.new)
			plan, err := LoadOnCall(files, loadGood(t))
			reports(t, files, err, m.want)
			if plan.Rota != nil || plan.Maintenance != nil {
				t.Errorf("a plan with a problem is returned: %+v", plan)
			}
		})
	}
}

func TestARotaIsNoObjective(t *testing.T) {
	files := good(t)
	files["rota.yaml"] = goodOnCall(t)["rota.yaml"]
	expect(t, files, "rota.yaml:2: kind: OnCallRota does not belong here; move it to the directory of -on-call-dir")
}

func TestTheExampleHasNoProblemAndNoGap(t *testing.T) {
	plan, err := LoadOnCall(filesOf(t, "../oncall/example"), slo.Set{})
	if err != nil {
		t.Fatal(err)
	}
	year := instant(t, "2026-02-01T00:00:00Z")
	if gaps := plan.Rota.Gaps(year, year.AddDate(1, 0, 0)); len(gaps) > 0 {
		t.Errorf("gaps: %v", gaps)
	}
	for _, p := range plan.Rota.People {
		if !slices.Contains(strings.SplitAfter(p.Email, "@"), "example.com") {
			t.Errorf("%s might be the address of somebody", p.Email)
		}
	}
}
