package spec

import (
	"errors"
	"io/fs"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"jari.example/alerting/slo"
)

// good are the files of testdata/good, which have every kind of objectives and no
// problem.
func good(t testing.TB) fstest.MapFS {
	t.Helper()
	return filesOf(t, "testdata/good")
}

func filesOf(t testing.TB, path string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	dir := os.DirFS(path)
	names, err := fs.Glob(dir, "*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, name := range names {
		body, err := fs.ReadFile(dir, name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: body}
	}
	return files
}

// change replaces a text in one of the files.
func change(t testing.TB, files fstest.MapFS, file, old, new string) {
	t.Helper()
	before := string(files[file].Data)
	after := strings.Replace(before, old, new, 1)
	if after == before {
		t.Fatalf("%q is not in %s, so the file is unchanged", old, file)
	}
	files[file] = &fstest.MapFile{Data: []byte(after)}
}

func loadGood(t *testing.T) slo.Set {
	t.Helper()
	set, err := Load(good(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(set.SLOs) != 2 || len(set.Alerts) != 3 {
		t.Fatalf("got %d SLOs and %d alerts", len(set.SLOs), len(set.Alerts))
	}
	return set
}

var accessLog = slo.Source{
	Index: "access-*", TimeField: "@timestamp", RegionField: "region", TraceField: "trace",
	Evidence: &slo.EvidenceFields{
		Error: "http.status", Line: []string{"http.route", "http.status"}, Weight: "weight",
		Compared: []slo.Compared{
			{Field: "http.route", Of: "http.status", In: slo.InSpans, Phrase: "called", Outcome: true},
			{Field: "http.status", In: slo.InEvent, Phrase: "ended with"},
		},
		Changes: []slo.Change{
			{When: is("http.route", "/v1/reservations"), Field: "http.route", Of: "http.status", New: true, Phrase: "was first called"},
		},
		Spans: &slo.Spans{
			Index: "spans-*", TimeField: "start", Trace: "trace", Span: "id", Parent: "parent", Error: "error", Peer: "peer",
			LinkedTrace: "links.trace", LinkedSpan: "links.id", Failed: is("code", int64(2)),
		},
	},
}

func is(field string, value any) slo.Condition {
	return slo.Condition{Field: field, Op: slo.Is, Value: value}
}

func TestReadsARatioWithTheDocumentFieldsOfItsVocabulary(t *testing.T) {
	want := slo.SLO{
		Rule: slo.Rule{
			Name: "booking", Service: "gateway", Title: "Bookings are failing", Affected: "diners who press Book",
			Dashboard: "bookings", Runbook: "booking",
			Description: "Every attempt gets a definite result.", MutedBy: []string{"service-silent", "search"},
		},
		EventLabel: "booking attempts",
		Objective:  slo.Objective{Target: 0.999, Window: 30 * 24 * time.Hour},
		Indicator: slo.Indicator{
			Source: accessLog,
			Total: slo.Condition{All: []slo.Condition{
				is("serviceName", "gateway"), is("http.route", "/v1/reservations"),
				{Field: "http.status", Op: slo.IsNot, Value: int64(429)},
			}},
			Bad: slo.Condition{All: []slo.Condition{{Any: []slo.Condition{
				{Field: "http.status", Op: slo.AtLeast, Value: int64(500)},
				{All: []slo.Condition{
					is("http.status", int64(499)), is("body.complete", true), {Field: "http.duration", Op: slo.AtLeast, Value: 1.0},
				}},
			}}}},
		},
		Policy: slo.Policy{MaxPValue: 1e-5, MinBadEvents: 5, Pairs: []slo.WindowPair{
			{Severity: slo.Page, Long: time.Hour, Short: 5 * time.Minute, Burn: 14.4},
			{Severity: slo.Page, Long: 6 * time.Hour, Short: 30 * time.Minute, Burn: 6},
			{Severity: slo.Ticket, Long: 24 * time.Hour, Short: 2 * time.Hour, Burn: 3},
			{Severity: slo.Ticket, Long: 72 * time.Hour, Short: 6 * time.Hour, Burn: 1},
		}},
	}
	if got := loadGood(t).SLOs[0]; !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

func TestReadsAThresholdOfAgeWithoutAVocabulary(t *testing.T) {
	got := loadGood(t).SLOs[1]
	want := slo.Indicator{
		Source: slo.Source{Index: "nginx-*", TimeField: "time"},
		Total: slo.Condition{All: []slo.Condition{
			is("event", "indexed"), {Field: "items", Op: slo.AtLeast, Value: int64(1)},
		}},
		Within: 2 * time.Minute,
	}
	if !reflect.DeepEqual(got.Indicator, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got.Indicator, want)
	}
	if got.Runbook != "catalogue" || got.Objective.Window != 28*24*time.Hour {
		t.Errorf("runbook %q, window %s", got.Runbook, got.Objective.Window)
	}
}

func TestReadsAnAlertForEachCombinationOfValues(t *testing.T) {
	silent := loadGood(t).Alerts[2]
	if silent.Severity != slo.Page || !silent.Freezes || silent.When != (slo.When{Within: 3 * time.Minute, Absent: true}) {
		t.Errorf("got %+v", silent)
	}
	var names []string
	for _, s := range silent.Subjects {
		names = append(names, s.Name)
	}
	if want := []string{"gateway in kr", "gateway in us", "search in kr", "search in us"}; !reflect.DeepEqual(names, want) {
		t.Errorf("subjects %q, want %q", names, want)
	}
	want := slo.Indicator{Source: accessLog, Total: slo.Condition{All: []slo.Condition{
		{Field: "http.status", Op: slo.Below, Value: int64(400)}, is("serviceName", "search"), is("region", "kr"),
	}}}
	if got := silent.Subjects[2].Indicator; !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

func TestReadsAlertsOnAShareOfBadEventsAndOnANumber(t *testing.T) {
	set := loadGood(t)
	pool := set.Alerts[1]
	if pool.When != (slo.When{Within: 5 * time.Minute, BadShare: 0.5, MinEvents: 10}) || pool.Severity != slo.Ticket {
		t.Errorf("got %+v", pool)
	}
	want := []slo.Condition{{Field: "wait", Op: slo.AtLeast, Value: 0.5}}
	if len(pool.Subjects) != 1 || pool.Subjects[0].Name != "" || !reflect.DeepEqual(pool.Subjects[0].Indicator.Bad.All, want) {
		t.Errorf("got %+v", pool.Subjects)
	}
	letters := set.Alerts[0]
	if pool.Service != "search" || letters.Service != "" {
		t.Errorf("the services are %q and %q", pool.Service, letters.Service)
	}
	if letters.When != (slo.When{Within: 10 * time.Minute, Events: 1}) || !letters.Subjects[0].Indicator.Bad.IsZero() {
		t.Errorf("got %+v", letters)
	}
}

func TestAliasesAndSeveralFilesReadLikeOneDocument(t *testing.T) {
	files := good(t)
	change(t, files, "booking.yaml", "- {field: service, is: gateway}", "- &gateway {field: service, is: gateway}")
	change(t, files, "booking.yaml", "                - any:", "                - *gateway\n                - any:")
	set, err := Load(files)
	if err != nil {
		t.Fatal(err)
	}
	if got := set.SLOs[0].Indicator.Bad.All[0]; !reflect.DeepEqual(got, is("serviceName", "gateway")) {
		t.Errorf("got %+v", got)
	}
}

func TestADocumentOfCommentsOnlyIsNothing(t *testing.T) {
	files := good(t)
	change(t, files, "common.yaml", "---\n", "---\n# Data sources follow.\n---\n")
	if set, err := Load(files); err != nil || len(set.SLOs) != 2 {
		t.Errorf("got %v", err)
	}
}

func TestAFileThatWouldNotBeReadIsAProblem(t *testing.T) {
	files := good(t)
	files["more.yml"] = &fstest.MapFile{Data: []byte("kind: SLO\n")}
	if _, err := Load(files); err == nil || err.Error() != "more.yml: is not read; rename it to .yaml" {
		t.Errorf("got %v", err)
	}
}

func TestADirectoryWithoutRulesIsAnError(t *testing.T) {
	for name, files := range map[string]fstest.MapFS{
		"without files":             {},
		"with comments only":        {"a.yaml": {Data: []byte("# nothing yet\n")}},
		"with files of other kinds": {"a.md": {Data: []byte("kind: SLO")}},
	} {
		if _, err := Load(files); err == nil || !strings.Contains(err.Error(), "no SLO and no DirectAlert found") || Problems(err) != nil {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestAFileThatCannotBeReadIsAnError(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink("nowhere", dir+"/a.yaml"); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(os.DirFS(dir)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestProblemsAreSortedByFileAndLine(t *testing.T) {
	files := good(t)
	change(t, files, "search.yaml", "slo: search", "slo: serach")
	change(t, files, "booking.yaml", "target: 0.999", "target: 2")
	change(t, files, "booking.yaml", "displayName: Bookings are failing", "displayName:")
	_, err := Load(files)
	var got []string
	for _, p := range Problems(err) {
		got = append(got, p.File+" "+p.Field)
	}
	want := []string{"booking.yaml metadata.displayName", "booking.yaml spec.objectives[0].target", "search.yaml spec.slo"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A mistake must not be reported a second time as a document that is missing.
func TestWhatCannotBeReadIsNotReportedAsMissing(t *testing.T) {
	for name, edit := range map[string]func(fstest.MapFS){
		"a file that is no YAML":         func(f fstest.MapFS) { change(t, f, "common.yaml", "kind: Service", "kind: [Service") },
		"an unknown kind":                func(f fstest.MapFS) { change(t, f, "common.yaml", "kind: DataSource", "kind: DataSourc") },
		"another apiVersion":             func(f fstest.MapFS) { change(t, f, "common.yaml", "openslo/v1", "openslo/v2") },
		"a list instead of a document":   func(f fstest.MapFS) { change(t, f, "common.yaml", "---\n", "---\n- a\n---\n") },
		"a faulty policy":                func(f fstest.MapFS) { change(t, f, "booking.yaml", "burn: 14.4", "burn: fast") },
		"a policy of a misspelt SLO":     func(f fstest.MapFS) { change(t, f, "booking.yaml", "slo: booking", "slo: boking") },
		"a faulty data source":           func(f fstest.MapFS) { change(t, f, "common.yaml", "index: access-*", "index: A B") },
		"a faulty vocabulary":            func(f fstest.MapFS) { change(t, f, "vocabulary.yaml", "type: text", "type: txt") },
		"a faulty notification target":   func(f fstest.MapFS) { change(t, f, "common.yaml", "target: slack", "target: pager") },
		"a faulty SLO that mutes others": func(f fstest.MapFS) { change(t, f, "search.yaml", "value: 120", "value: 1") },
	} {
		t.Run(name, func(t *testing.T) {
			files := good(t)
			edit(files)
			_, err := Load(files)
			allowed := 1
			if name == "a faulty vocabulary" {
				allowed = 2 // the data source says that its vocabulary is not valid
			}
			if n := len(Problems(err)); n == 0 || n > allowed {
				t.Errorf("got %d problems: %v", n, err)
			}
		})
	}
}
