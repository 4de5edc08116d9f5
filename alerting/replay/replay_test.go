package replay_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/lease"
	"jari.example/alerting/replay"
	"jari.example/alerting/slo"
)

var update = flag.Bool("update", false, "rewrite golden files")

// ratio is an SLO with one page and one ticket pair.
func ratio(name string) slo.SLO {
	return slo.SLO{
		Rule:       slo.Rule{Name: name, Title: name + " fails"},
		EventLabel: "attempts",
		Objective:  slo.Objective{Target: 0.999, Window: 30 * 24 * time.Hour},
		Indicator: slo.Indicator{
			Source: slo.Source{Index: "log-*", TimeField: "@timestamp", RegionField: "region"},
			Total:  slo.Condition{Field: "route", Op: slo.Is, Value: name},
			Bad:    slo.Condition{Field: "status", Op: slo.AtLeast, Value: int64(500)},
		},
		Policy: slo.Policy{MaxPValue: 1e-5, MinBadEvents: 5, Pairs: []slo.WindowPair{
			{Severity: slo.Page, Long: time.Hour, Short: 5 * time.Minute, Burn: 14.4},
			{Severity: slo.Ticket, Long: 24 * time.Hour, Short: 2 * time.Hour, Burn: 3},
		}},
	}
}

// silence is an alert about two workers.
func silence() slo.Alert {
	subject := func(name string) slo.Subject {
		return slo.Subject{Name: name, Indicator: slo.Indicator{
			Source: slo.Source{Index: "log-*", TimeField: "@timestamp"}, Total: slo.Condition{Field: "worker", Op: slo.Is, Value: name},
		}}
	}
	return slo.Alert{
		Rule: slo.Rule{Name: "silent", Title: "A worker is silent"}, Severity: slo.Page,
		Subjects: []slo.Subject{subject("mailer"), subject("printer")}, When: slo.When{Absent: true, Within: 3 * time.Minute},
	}
}

func rules() slo.Set {
	login := ratio("login")
	login.MutedBy = []string{"booking"}
	return slo.Set{SLOs: []slo.SLO{ratio("booking"), login}, Alerts: []slo.Alert{silence()}}
}

// recorded is a CSV file of two hours: bookings and log-ins fail, then a worker is
// silent.
func recorded() string {
	var b strings.Builder
	b.WriteString("time,rule,subject,region,good,bad\n")
	line := func(minute int, fields string) {
		b.WriteString(start.Add(time.Duration(minute)*time.Minute).Format(time.RFC3339) + "," + fields + "\n")
	}
	for m := range 120 {
		counts := "50,"
		if m >= 40 && m < 50 {
			counts = "0,50"
		}
		line(m, "booking,,eu,"+counts)
		line(m, "booking,,us,25,0")
		line(m, "login,,eu,"+counts)
		line(m, "silent,mailer,,1,")
		if m < 90 {
			line(m, "silent,printer,,1,")
		}
	}
	return b.String()
}

var start = time.Date(2026, time.November, 3, 10, 0, 0, 0, time.UTC)

func TestSaysWhatWouldHaveOpenedWhenAndForHowLong(t *testing.T) {
	r, err := replay.FromCSV(t.Context(), strings.NewReader(recorded()), rules())
	if err != nil {
		t.Fatal(err)
	}
	report, err := r.Report(t.Context(), []string{"search"})
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := report.Write(&text); err != nil {
		t.Fatal(err)
	}
	golden(t, "report.txt", text.Bytes())
	structured, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "report.json", append(structured, '\n'))
}

func TestWithoutIncidentsTheListsAreEmpty(t *testing.T) {
	const calm = "time,rule,subject,region,good,bad\n2026-11-03T10:00:00Z,booking,,,5,0\n"
	r, err := replay.FromCSV(t.Context(), strings.NewReader(calm), rules())
	if err != nil {
		t.Fatal(err)
	}
	report, err := r.Report(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(report)
	if err != nil || !strings.Contains(string(out), `"incidents":[]`) || len(report.Budgets) != 1 {
		t.Errorf("%s, %v", out, err)
	}
}

// What a daemon has counted and stored is found again, although the database is
// read only and holds what came later, too.
func TestFindsInTheStoreWhatTheDaemonFound(t *testing.T) {
	set := rules()
	r, err := replay.FromCSV(t.Context(), strings.NewReader(recorded()), set)
	if err != nil {
		t.Fatal(err)
	}
	live, err := r.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	set.SLOs = append(set.SLOs, ratio("unknown"))
	period := count.Span{From: start.Add(30 * time.Minute), To: start.Add(2 * time.Hour)}
	again, leftOut, err := replay.Stored(t.Context(), readOnly{live.Store}, set, r.Timing, period)
	if err != nil || len(leftOut) != 1 || leftOut[0] != "unknown" {
		t.Fatalf("left out %q, %v", leftOut, err)
	}
	found, err := again.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(live.Episodes) != 2 || len(found.Episodes) != 2 {
		t.Fatalf("the daemon found %d incidents, the replay %d; want 2", len(live.Episodes), len(found.Episodes))
	}
	for i, want := range live.Episodes {
		got := found.Episodes[i]
		if got.Rule != want.Rule || !got.OpenedAt.Equal(want.OpenedAt) || !got.ResolvedAt.Equal(want.ResolvedAt) ||
			got.Since.Count != want.Since.Count {
			t.Errorf("incident %d\nlive   %+v\nreplay %+v", i, *want, *got)
		}
	}
	// The negative control: a replay that ends before finds neither.
	again, _, err = replay.Stored(t.Context(), live.Store, set, r.Timing, count.Span{From: start, To: start.Add(40 * time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	if found, err = again.Run(t.Context()); err != nil || len(found.Episodes) != 0 {
		t.Errorf("before anything failed it finds %d incidents, %v", len(found.Episodes), err)
	}
}

// readOnly is a store that refuses writes.
type readOnly struct{ count.Store }

var errWrite = errors.New("a replay must not write")

func (readOnly) Save(context.Context, lease.Term, count.Batch) error { return errWrite }

func (readOnly) Prune(context.Context, lease.Term, time.Time, time.Time) error { return errWrite }

func TestNamesTheLineOfARecordThatCannotBeRead(t *testing.T) {
	const header = "time,rule,subject,region,good,bad\n"
	for text, want := range map[string]string{
		"":                            "the first line does not name the columns time,rule",
		"a,b\n":                       "the first line does not name the columns time,rule",
		header + "10:00,booking,,,1,": "line 2: the time \"10:00\" is not RFC 3339",
		header + "2026-11-03T10:00:00Z,booking,,,-1,":                                        `line 2: good is "-1"`,
		header + "2026-11-03T10:00:00Z,booking,,,1,x":                                        `line 2: bad is "x"`,
		header + "2026-11-03T10:00:00Z,booking,,1":                                           "wrong number of fields",
		header + "2026-11-03T10:00:00Z,bocking,,,1,":                                         `there is no rule "bocking"`,
		header + "2026-11-03T10:00:00Z,silent,baker,,1,":                                     "there is no rule silent (baker)",
		header + "2026-11-03T10:00:00Z,booking,,,1,\n2026-11-03T10:00:00Z,booking,,eu,y,0\n": `line 3: good is "y"`,
	} {
		if _, err := replay.FromCSV(t.Context(), strings.NewReader(text), rules()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nlacks %q, of\n%s", err, want, text)
		}
	}
}

func TestRefusesEventsThatWouldCountTwice(t *testing.T) {
	set := rules()
	same := ratio("booking")
	same.Name = "booking-too"
	set.SLOs = append(set.SLOs, same)
	const both = "time,rule,subject,region,good,bad\n2026-11-03T10:00:00Z,booking,,,1,\n2026-11-03T10:00:00Z,booking-too,,,1,\n"
	_, err := replay.FromCSV(t.Context(), strings.NewReader(both), set)
	if err == nil || !strings.Contains(err.Error(), "count the same events") {
		t.Errorf("the error is %v", err)
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s: %v\ngot\n%s\nwant\n%s", path, err, got, want)
	}
}
