package main

import (
	"bytes"
	"context"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"jari.example/alerting/slo"
	"jari.example/telemetry/names"
)

// goodFiles are the objectives with which package spec is tested.
func goodFiles(t *testing.T) fstest.MapFS {
	t.Helper()
	return filesIn(t, "../../spec/testdata/good")
}

func filesIn(t *testing.T, dir string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	paths, err := filepath.Glob(dir + "/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files in %s: %v", dir, err)
	}
	for _, p := range paths {
		body, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(p)] = &fstest.MapFile{Data: body}
	}
	return files
}

// edit replaces a text in one of the files.
func edit(t *testing.T, files fstest.MapFS, file, old, new string) {
	t.Helper()
	before := string(files[file].Data)
	after := strings.Replace(before, old, new, 1)
	if before == after {
		t.Fatalf("%q is not in %s", old, file)
	}
	files[file] = &fstest.MapFile{Data: []byte(after)}
}

// watchedSet is a set that is being watched, in a bubble of synctest.
type watchedSet struct {
	*watched[slo.Set]
	hangup  chan os.Signal
	reports []string // "loaded", or the error
}

func watch(t *testing.T, files fs.FS) *watchedSet {
	t.Helper()
	o, err := newObjectives(files, func(s slo.Set) slo.Set { return s })
	if err != nil {
		t.Fatal(err)
	}
	w := &watchedSet{watched: o, hangup: make(chan os.Signal)}
	go o.watch(t.Context(), w.hangup, func(_ context.Context, _ slo.Set, err error) {
		if err != nil {
			w.reports = append(w.reports, err.Error())
			return
		}
		w.reports = append(w.reports, "loaded")
	})
	synctest.Wait()
	return w
}

// looks lets n looks at the files pass.
func looks(n int) {
	time.Sleep(time.Duration(n)*checkInterval + time.Millisecond)
	synctest.Wait()
}

// Of the same length, so that only the content differs.
const title, newTitle = "displayName: Bookings are failing", "displayName: Bookings are missing"

func TestAChangedFileIsInUseAfterTwoLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files := goodFiles(t)
		w := watch(t, files)
		looks(3)
		if len(w.reports) > 0 {
			t.Fatalf("unchanged files were loaded again: %q", w.reports)
		}
		edit(t, files, "booking.yaml", title, newTitle)
		looks(1)
		if got := w.Current().SLOs[0].Title; got != "Bookings are failing" {
			t.Fatalf("files that may still be written are in use: %q", got)
		}
		looks(1)
		if got := w.Current().SLOs[0].Title; got != "Bookings are missing" || strings.Join(w.reports, "\n") != "loaded" {
			t.Errorf("the title is %q after the reports %q", got, w.reports)
		}
		looks(3)
		if len(w.reports) != 1 {
			t.Errorf("it was loaded again: %q", w.reports)
		}
	})
}

func TestABadSetIsRefusedOnceAndTheOldOneStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files := goodFiles(t)
		w := watch(t, files)
		edit(t, files, "booking.yaml", "target: 0.999", "target: 99.9")
		edit(t, files, "search.yaml", "slo: search", "slo: serach")
		looks(5)
		if len(w.reports) != 1 {
			t.Fatalf("got the reports %q, want one", w.reports)
		}
		for _, reason := range []string{"booking.yaml:42: ", "did you mean search?"} {
			if !strings.Contains(w.reports[0], reason) {
				t.Errorf("the report %q lacks %q", w.reports[0], reason)
			}
		}
		if s := w.Current(); len(s.SLOs) != 2 || s.SLOs[0].Objective.Target != 0.999 {
			t.Errorf("the old set is gone: %+v", s)
		}
		files["booking.yaml"], files["search.yaml"] = goodFiles(t)["booking.yaml"], goodFiles(t)["search.yaml"]
		looks(2)
		if len(w.reports) != 2 || w.reports[1] != "loaded" {
			t.Errorf("got the reports %q after the mistake was corrected", w.reports)
		}
	})
}

func TestAFileThatBecomesUnreadableIsRefusedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files := goodFiles(t)
		w := watch(t, files)
		files["booking.yaml"] = &fstest.MapFile{Mode: fs.ModeDir}
		looks(5)
		if len(w.reports) != 1 || !strings.Contains(w.reports[0], "booking.yaml") || len(w.Current().SLOs) != 2 {
			t.Errorf("got the reports %q and %d SLOs", w.reports, len(w.Current().SLOs))
		}
	})
}

func TestARemovedFileIsAChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files := goodFiles(t)
		edit(t, files, "booking.yaml", "service-silent, search", "search")
		w := watch(t, files)
		delete(files, "alerts.yaml")
		looks(2)
		if n := len(w.Current().Alerts); n != 0 {
			t.Errorf("%d alerts are left", n)
		}
	})
}

func TestSIGHUPReloadsAtOnceAndAlwaysReports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files := goodFiles(t)
		w := watch(t, files)
		w.hangup <- syscall.SIGHUP
		synctest.Wait()
		edit(t, files, "booking.yaml", title, newTitle)
		w.hangup <- syscall.SIGHUP
		synctest.Wait()
		if got := w.Current().SLOs[0].Title; got != "Bookings are missing" || len(w.reports) != 2 {
			t.Errorf("the title is %q after the reports %q", got, w.reports)
		}
		for name := range files {
			delete(files, name)
		}
		w.hangup <- syscall.SIGHUP
		synctest.Wait()
		if len(w.reports) != 3 || !strings.Contains(w.reports[2], "no SLO") || len(w.Current().SLOs) != 2 {
			t.Errorf("got the reports %q and %d SLOs", w.reports, len(w.Current().SLOs))
		}
	})
}

// The whole daemon, with a directory on disk.
func TestTheDaemonRefusesABadDirectoryAndLoadsTheCorrectedOne(t *testing.T) {
	dir := t.TempDir()
	save := func(files fstest.MapFS) {
		for name, file := range files {
			if err := os.WriteFile(filepath.Join(dir, name), file.Data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	files := goodFiles(t)
	save(files)
	log := &buffer{}
	startLogged(t, log, "--slo-dir", dir)
	edit(t, files, "booking.yaml", "target: 0.999", "target: 99.9")
	save(files)
	logged := func(event string) func() bool {
		return func() bool {
			hangUp(t) // again, because the daemon may not have listened yet
			return strings.Contains(log.String(), event)
		}
	}
	waitFor(t, 10*time.Second, "the refusal", logged(names.EventObjectivesRefused))
	if reason := "booking.yaml:42: spec.objectives[0].target: "; !strings.Contains(log.String(), reason) {
		t.Errorf("the log lacks %q:\n%s", reason, log.String())
	}
	save(goodFiles(t))
	waitFor(t, 10*time.Second, "the reload", logged(names.EventObjectivesLoaded))
}

// hangUp sends SIGHUP to the process, as kill -HUP does. Every daemon that runs in
// it looks at its files.
func hangUp(t *testing.T) {
	t.Helper()
	// The signal ends the process unless somebody receives it. This receiver
	// stays, because a signal may arrive after the end of the test.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
}

func TestLogsWhyObjectivesWereRefused(t *testing.T) {
	var log bytes.Buffer
	r := reporter{log: slog.New(slog.NewJSONHandler(&log, nil))}
	set := slo.Set{SLOs: make([]slo.SLO, 2), Alerts: make([]slo.Alert, 3)}
	r.objectives(t.Context(), set, os.ErrInvalid)
	r.objectives(t.Context(), set, nil)
	lines := strings.Split(log.String(), "\n")
	for i, want := range []string{names.EventObjectivesRefused, names.EventObjectivesLoaded} {
		if !strings.Contains(lines[i], want) || !strings.Contains(lines[i], `:5`) {
			t.Errorf("line %d lacks %s or the number of rules: %s", i, want, lines[i])
		}
	}
	if !strings.Contains(lines[0], os.ErrInvalid.Error()) {
		t.Errorf("the reason is missing: %s", lines[0])
	}
}

func TestThePatternOfIndicesAndTheTimeScaleAreAppliedToEverySet(t *testing.T) {
	o, err := newObjectives(goodFiles(t), prepared("mine-*", 60))
	if err != nil {
		t.Fatal(err)
	}
	for width, i := range o.Current().Indicators(time.Second) {
		if i.Source.Index != "mine-*" {
			t.Errorf("%s counts in %s", width, i.Source.Index)
		}
	}
	if long := o.Current().SLOs[0].Policy.Pairs[0].Long; long != time.Minute {
		t.Errorf("an hour became %s", long)
	}
	o, err = newObjectives(goodFiles(t), prepared("", 1))
	if err != nil || o.Current().SLOs[0].Indicator.Source.Index != "access-*" {
		t.Errorf("%v: without a pattern the data source's own is used", err)
	}
}
