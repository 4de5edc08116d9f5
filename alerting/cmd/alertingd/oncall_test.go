package main

import (
	"bytes"
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"jari.example/alerting/oncall"
	"jari.example/alerting/slo"
	"jari.example/alerting/spec"
	"jari.example/internal/serve/servetest"
	"jari.example/telemetry/names"
)

// onCallDir has the rota and the windows with which package spec is tested.
const onCallDir = "../../spec/testdata/on-call"

func TestPrintsWhoIsOnCall(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		file string
	}{
		"with an override, a gap and a window": {[]string{onCallDir, "-at", "2026-11-30T09:00:00+09:00", "-weeks", "5"}, "on-call.txt"},
		"without a rota":                       {[]string{windowsOnly(t), "-at", "2026-11-30T00:00:00Z"}, "on-call-windows.txt"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if code, _ := dispatch(t.Context(), append([]string{"on-call"}, c.args...), &stdout, &stderr); code != exitOK {
				t.Fatalf("exit code %d: %s%s", code, stdout.String(), stderr.String())
			}
			servetest.Golden(t, c.file, stdout.Bytes(), *update)
		})
	}
}

// windowsOnly is a directory without a rota.
func windowsOnly(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(onCallDir)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "rota.yaml")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// faulty is a directory whose rota has an unknown zone.
func faulty(t *testing.T) string {
	t.Helper()
	files := filesIn(t, onCallDir)
	edit(t, files, "rota.yaml", "Asia/Seoul", "Asia/Soul")
	dir := t.TempDir()
	if err := os.CopyFS(dir, files); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestReportsMistakesOfTheCallOfOnCall(t *testing.T) {
	bad := faulty(t)
	for name, c := range map[string]struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		"without a directory":              {nil, exitUsage, "", "needs one directory, got 0 (see alertingd on-call -help)"},
		"with two":                         {[]string{onCallDir, onCallDir}, exitUsage, "", "needs one directory, got 2"},
		"with a directory that is missing": {[]string{"does/not/exist"}, exitUsage, "", "does/not/exist"},
		"with a file":                      {[]string{onCallDir + "/rota.yaml"}, exitUsage, "", "is not a directory"},
		"with an empty directory":          {[]string{t.TempDir()}, exitFound, "", "no OnCallRota and no MaintenanceWindow found"},
		"at no time":                       {[]string{onCallDir, "-at", "noon"}, exitUsage, "", `-at is "noon"; write a time such as`},
		"for no week":                      {[]string{onCallDir, "-weeks", "0"}, exitUsage, "", "-weeks is 0; write 1 to 520"},
		"for 521 weeks":                    {[]string{onCallDir, "-weeks", "521"}, exitUsage, "", "-weeks is 521"},
		"with problems": {
			[]string{bad}, exitFound, filepath.Join(bad, "rota.yaml") + `:6: spec.zone: "Asia/Soul": `, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code, _ := dispatch(t.Context(), append([]string{"on-call"}, c.args...), &stdout, &stderr)
			if code != c.code || !strings.Contains(stdout.String(), c.stdout) || !strings.Contains(stderr.String(), c.stderr) {
				t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout.String(), stderr.String())
			}
			if c.stderr == "" && stderr.Len() > 0 || c.stdout == "" && stdout.Len() > 0 {
				t.Errorf("unexpected output: stdout %q, stderr %q", stdout.String(), stderr.String())
			}
		})
	}
}

func TestLintsWhoIsOnCallWithTheObjectives(t *testing.T) {
	const good = "../../spec/testdata/good"
	lint := func(args ...string) (int, string) {
		var out bytes.Buffer
		code, _ := dispatch(t.Context(), append([]string{"lint"}, args...), &out, &out)
		return code, out.String()
	}
	for name, c := range map[string]struct {
		args []string
		code int
		want []string
	}{
		"without a problem": {[]string{good, "-on-call", onCallDir}, exitOK, []string{
			"no problems: 2 SLOs, 3 alerts\n", "no problems: a rota of 3 people, 2 maintenance windows\non call:\n  from ",
		}},
		"with problems of who is on call": {[]string{good, "-on-call", faulty(t)}, exitFound, []string{"2 SLOs", "rota.yaml:6", "problems: 1\n"}},
		"with names of other objectives": {[]string{"../../slos", "-on-call", onCallDir}, exitFound, []string{
			`windows.yaml:9: spec.covers.rules[0]: there is no SLO or DirectAlert "service-silent", ` +
				`so nothing is muted; did you mean service-silent-kr?`,
		}},
		"with a directory that is missing": {[]string{good, "-on-call", "does/not/exist"}, exitUsage, []string{"does/not/exist"}},
		"without a rota":                   {[]string{good, "-on-call", windowsOnly(t)}, exitOK, []string{"no rota, 2 maintenance windows\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			code, out := lint(c.args...)
			if code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			for _, want := range c.want {
				if !strings.Contains(out, want) {
					t.Errorf("%q is not in:\n%s", want, out)
				}
			}
		})
	}
}

// A mistake in an objective hides neither the mistakes in the other directory, nor
// becomes one of them.
func TestLintChecksWhoIsOnCallBesideFaultyObjectives(t *testing.T) {
	dir := t.TempDir()
	files := goodFiles(t)
	edit(t, files, "booking.yaml", "target: 0.999", "target: 2")
	if err := os.CopyFS(dir, files); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	code, _ := dispatch(t.Context(), []string{"lint", dir, "-on-call", onCallDir}, &out, &out)
	if code != exitFound || strings.Count(out.String(), "problems: 1\n") != 1 || !strings.Contains(out.String(), "a rota of 3 people") {
		t.Errorf("exit code %d:\n%s", code, out.String())
	}
}

func TestGapsOfTheNextEightWeeksAreWarningsOfLint(t *testing.T) {
	set, err := spec.Load(goodFiles(t))
	if err != nil {
		t.Fatal(err)
	}
	const gap = "warning: gap from Mon 2026-12-28 10:00 KST to Mon 2027-01-04 00:00 KST: 소라 is away (holiday) while on call; " +
		"write an override\n"
	for at, want := range map[string]bool{"2026-11-09T10:00:00+09:00": true, "2026-11-02T10:00:00+09:00": false} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := lintOnCall(&out, onCallDir, set, now); err != nil || strings.Contains(out.String(), gap) != want {
			t.Errorf("at %s: %v, and the gap is not as wanted (%t) in:\n%s", at, err, want, out.String())
		}
	}
}

func TestTheDaemonLoadsWhoIsOnCall(t *testing.T) {
	s, err := parse([]string{"--slo-dir", "../../spec/testdata/good", "--on-call-dir", onCallDir}, noEnv, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	if plan := s.onCall.Current(); plan.Rota == nil || len(plan.Maintenance) != 2 {
		t.Errorf("got %+v", plan)
	}
	s, err = parse(nil, noEnv, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	if plan := s.onCall.Current(); plan.Rota != nil || plan.Maintenance != nil {
		t.Errorf("without a directory: %+v", plan)
	}
}

func TestTheDaemonRefusesAnUnknownRuleAtItsStart(t *testing.T) {
	_, err := parse([]string{"--on-call-dir", onCallDir}, noEnv, &bytes.Buffer{}) // with the built-in objectives
	if err == nil || !strings.Contains(err.Error(), "-on-call-dir: windows.yaml:9: ") {
		t.Errorf("got %v", err)
	}
}

func TestAChangedRotaIsInUseUnlessItHasAProblem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files := filesIn(t, onCallDir)
		w, err := newWatched(files, func(files fs.FS) (oncall.Plan, error) { return spec.LoadOnCall(files, slo.Set{}) })
		if err != nil {
			t.Fatal(err)
		}
		hangup := make(chan os.Signal)
		var reports []error
		go w.watch(t.Context(), hangup, func(_ context.Context, _ oncall.Plan, err error) { reports = append(reports, err) })
		edit(t, files, "rota.yaml", "name: Mina,", "name: Hana,")
		looks(3)
		if len(reports) != 1 || reports[0] == nil || w.Current().Rota.People[0].Name != "Mina" {
			t.Fatalf("reports %v, people %v: an override names Mina", reports, w.Current().Rota.People)
		}
		edit(t, files, "rota.yaml", "person: Mina", "person: Hana")
		hangup <- syscall.SIGHUP
		synctest.Wait()
		if len(reports) != 2 || reports[1] != nil || w.Current().Rota.People[0].Name != "Hana" {
			t.Errorf("reports %v, people %v", reports, w.Current().Rota.People)
		}
	})
}

func TestWithoutADirectoryNothingIsWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, err := newOnCall("", nil)
		if err != nil {
			t.Fatal(err)
		}
		ended := false
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			_ = w.Watch(ctx, func(context.Context, oncall.Plan, error) { t.Error("something was loaded") })
			ended = true
		}()
		looks(3)
		if ended {
			t.Error("the worker has ended, which would end the daemon")
		}
		cancel()
		synctest.Wait()
		if !ended {
			t.Error("the worker does not end with the daemon")
		}
	})
}

func TestLogsReloadsAndGapsWithoutNames(t *testing.T) {
	plan, err := spec.LoadOnCall(os.DirFS(onCallDir), slo.Set{})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	r := reporter{log: slog.New(slog.NewJSONHandler(&log, nil))}
	r.onCall(t.Context(), plan, os.ErrInvalid)
	r.onCall(t.Context(), oncall.Plan{}, nil)
	r.gaps(t.Context(), plan, time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	want := []string{names.EventOnCallRefused, names.EventOnCallLoaded, names.EventOnCallGap}
	if len(lines) < len(want) {
		t.Fatalf("logged %q", lines)
	}
	for i, event := range want {
		if !strings.Contains(lines[i], event) {
			t.Errorf("line %d is not of %s: %s", i, event, lines[i])
		}
	}
	log.Reset()
	files := filesIn(t, onCallDir)
	edit(t, files, "rota.yaml", "name: Mina,", "name: Hana,")
	edit(t, files, "rota.yaml", "email: jun.kim+on-call@", "email: jun..kim@")
	_, err = spec.LoadOnCall(files, slo.Set{})
	if err == nil || !strings.Contains(err.Error(), "Mina") || !strings.Contains(err.Error(), "jun..kim") {
		t.Fatalf("the problems are %v", err)
	}
	r.onCall(t.Context(), plan, err)
	for _, person := range []string{"Mina", "Hana", "jun..kim", "example.com"} {
		if strings.Contains(log.String(), person) {
			t.Errorf("the log has %s: %s", person, log.String())
		}
	}
	if !strings.Contains(log.String(), "rota.yaml:14: spec.people[1].email") {
		t.Errorf("the log does not say where the problem is: %s", log.String())
	}
	if !strings.Contains(lines[0], os.ErrInvalid.Error()) {
		t.Errorf("the reason is missing: %s", lines[0])
	}
	if gap := lines[len(lines)-1]; !strings.Contains(gap, "from Mon 2026-12-28 10:00 KST") || strings.Contains(gap, "소라") {
		t.Errorf("the gap is logged as %s", gap)
	}
}
