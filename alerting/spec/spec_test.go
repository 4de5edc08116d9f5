package spec

import (
	"io/fs"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"jari.example/alerting/slo"
	"jari.example/alerting/slos"
)

func TestBuiltInObjectivesMatchTheDesign(t *testing.T) {
	all, err := Load(slos.Files)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 1 || all[0].Name != "booking-availability" {
		t.Fatalf("got %+v", all)
	}
	s := all[0]
	if want := (slo.Objective{Target: 0.999, Window: 30 * 24 * time.Hour}); s.Objective != want {
		t.Errorf("objective %v, want %v", s.Objective, want)
	}
	want := slo.Policy{MaxPValue: 1e-5, Pairs: []slo.WindowPair{
		{Severity: slo.Page, Long: time.Hour, Short: 5 * time.Minute, Burn: 14.4},
		{Severity: slo.Page, Long: 6 * time.Hour, Short: 30 * time.Minute, Burn: 6},
	}}
	if !reflect.DeepEqual(s.Policy, want) {
		t.Errorf("policy %v, want %v", s.Policy, want)
	}
	not429 := slo.Condition{Field: "http.response.status_code", Op: slo.IsNot, Value: int64(429)}
	if last := s.Indicator.Total[len(s.Indicator.Total)-1]; last != not429 {
		t.Errorf("the last condition is %v, want %v", last, not429)
	}
}

func TestReportsAMistakeWithFileAndField(t *testing.T) {
	const sloFile, policyFile = "booking-availability.yaml", "booking-availability.policy.yaml"
	for name, tc := range map[string]struct {
		file, old, new string
		want           string
	}{
		"target of 1": {
			sloFile, "target: 0.999", "target: 1",
			sloFile + ": spec.objectives[0].target: 1 is not between 0 and 1",
		},
		"target in percent": {
			sloFile, "target: 0.999", "target: 99.9",
			"spec.objectives[0].target: 99.9",
		},
		"unknown field": {
			sloFile, "field: http.route", "field: http.path",
			`total.metricSource.spec.where[3].field: "http.path" is not a field`,
		},
		"two comparisons": {
			sloFile, "isNot: 429", "isNot: 429, is: 200",
			"where[4]: has 2 of is, isNot and atLeast",
		},
		"no comparison": {
			sloFile, ", isNot: 429", "",
			"where[4]: has 0 of is, isNot and atLeast",
		},
		"word for a number": {
			sloFile, "atLeast: 500", "atLeast: 5xx",
			`bad.metricSource.spec.where[0].atLeast: "5xx" is not a whole number`,
		},
		"number operator on a keyword": {
			sloFile, "is: POST", "atLeast: POST",
			"is a keyword, not a number; use is or isNot",
		},
		"unit M": {
			sloFile, "duration: 30d", "duration: 1M",
			`spec.timeWindow[0].duration: "1M" is not a duration`,
		},
		"misspelt key": {
			sloFile, "budgetingMethod:", "budgetMethod:",
			sloFile + ": line 40: field budgetMethod is unknown; correct its name or remove it",
		},
		"unknown kind": {
			sloFile, "kind: SLO", "kind: SLI",
			`kind: "SLI" of apiVersion "openslo/v1" is unknown`,
		},
		"name is not a slug": {
			sloFile, "  name: booking-availability\n  displayName", "  name: Booking\n  displayName",
			`metadata.name: "Booking" is not a slug`,
		},
		"no displayName": {
			sloFile, "displayName: Bookings are failing", "displayName:",
			"metadata.displayName: is missing",
		},
		"no affected users": {
			sloFile, "diners who press Book", "",
			"metadata.annotations.jari.example/affected: is missing",
		},
		"policy of an unknown SLO": {
			policyFile, "slo: booking-availability", "slo: booking",
			policyFile + `: spec.slo: there is no SLO "booking"`,
		},
		"swapped windows": {
			policyFile, "long: 1h, short: 5m", "long: 5m, short: 1h",
			policyFile + ": spec.windows[0].short: 1h is not shorter than long: 5m",
		},
		"burn rate too high": {
			policyFile, "burn: 14.4", "burn: 2000",
			"spec.windows[0].burn: 2000 is never reached",
		},
		"severity ticket": {
			policyFile, "{severity: page, long: 6h", "{severity: ticket, long: 6h",
			`spec.windows[1].severity: "ticket" is not supported`,
		},
		"no maxPValue": {
			policyFile, "maxPValue: 1e-5", "",
			"spec.maxPValue: 0 is not a probability",
		},
		"former maxChance": {
			policyFile, "maxPValue:", "maxChance:",
			policyFile + ": line 10: field maxChance was renamed; use maxPValue",
		},
		"not YAML": {
			policyFile, "windows:", "windows: [",
			policyFile + ": ",
		},
	} {
		t.Run(name, func(t *testing.T) {
			files := builtIn(t)
			before := string(files[tc.file].Data)
			files[tc.file].Data = []byte(strings.Replace(before, tc.old, tc.new, 1))
			if string(files[tc.file].Data) == before {
				t.Fatalf("%q is not in %s, so the file is unchanged", tc.old, tc.file)
			}
			_, err := Load(files)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v\nwant %s", err, tc.want)
			}
		})
	}
}

func TestReportsAllMistakesTogether(t *testing.T) {
	files := builtIn(t)
	f := files["booking-availability.yaml"]
	f.Data = []byte(strings.NewReplacer("target: 0.999", "target: 2", "duration: 30d", "duration: x").Replace(string(f.Data)))
	_, err := Load(files)
	if err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("want two problems, got %v", err)
	}
}

func TestReportsEveryUnknownFieldOfADocument(t *testing.T) {
	files := builtIn(t)
	f := files["booking-availability.policy.yaml"]
	f.Data = []byte(strings.NewReplacer("maxPValue:", "maxChance:", "windows:", "window:").Replace(string(f.Data)))
	_, err := Load(files)
	if err == nil || !strings.Contains(err.Error(), "use maxPValue") || !strings.Contains(err.Error(), "field window is unknown") {
		t.Fatalf("got %v", err)
	}
	if strings.Contains(err.Error(), "would never alert") {
		t.Errorf("a policy that could not be decoded is reported as missing: %v", err)
	}
}

func TestRejectsAnSLOWithoutAPolicy(t *testing.T) {
	files := builtIn(t)
	delete(files, "booking-availability.policy.yaml")
	if _, err := Load(files); err == nil || !strings.Contains(err.Error(), "would never alert") {
		t.Errorf("got %v", err)
	}
}

func builtIn(t *testing.T) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	all, err := fs.Glob(slos.Files, "*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range all {
		body, err := slos.Files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: body}
	}
	return files
}
