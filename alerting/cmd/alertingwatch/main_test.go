package main

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/alerting/deadman"
	"jari.example/alerting/lease"
	"jari.example/alerting/postgres"
	"jari.example/internal/awsconf/awstest"
	"jari.example/internal/awsconf/lambdatest"
	"jari.example/internal/postgres/postgrestest"
	"jari.example/internal/serve/servetest"
	"jari.example/internal/ses/sestest"
	"jari.example/telemetry/names/realpart"
)

var update = flag.Bool("update", false, "rewrite golden files")

func TestHelp(t *testing.T) { servetest.Help(t, run, *update) }

func TestRefusesFlagsWithWhichItCouldNotMail(t *testing.T) {
	good := map[string]string{"database-url": "postgres://x/y", "state-file": "s", "mail-to": "a@jari.example", "aws-endpoint-url": "aws"}
	args := func(name, value string) (all []string) {
		for flag, v := range good {
			if flag == name {
				v = value
			}
			all = append(all, "--"+flag, v)
		}
		return all
	}
	env := func(string) string { return "" }
	if _, err := parse(args("", ""), env, &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"database-url": "", "state-file": "", "state-parameter": "also", "mail-to": "everybody", "aws-endpoint-url": "", "mail-from": "nobody",
	} {
		all := args(name, value)
		if name == "mail-from" || name == "state-parameter" {
			all = append(all, "--"+name, value)
		}
		if _, err := parse(all, env, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "-"+name) {
			t.Errorf("-%s %q: %v", name, value, err)
		}
	}
}

// alerting is a database into which ticks are recorded, and a watcher of it.
type alerting struct {
	database, from, to string
	store              *postgres.Store
	term               lease.Term
	args               []string
}

func start(t *testing.T) *alerting {
	t.Helper()
	awstest.Config(t) // sets the credentials
	a := &alerting{database: postgrestest.Database(t), from: sestest.Verified(t), to: sestest.Address()}
	a.open(t)
	var err error
	if a.term, _, err = a.store.Acquire(t.Context(), "me", time.Hour); err != nil {
		t.Fatal(err)
	}
	a.args = []string{"--database-url", a.database, "--state-file", filepath.Join(t.TempDir(), "state.json"),
		"--aws-endpoint-url", realpart.Need(t, realpart.AWS), "--mail-from", a.from, "--mail-to", a.to}
	return a
}

// open connects. A pool does not notice within a second that the server has ended its
// connections.
func (a *alerting) open(t *testing.T) {
	t.Helper()
	var err error
	if a.store, err = postgres.Open(t.Context(), a.database, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.store.Close)
}

// inLambda are the flags of the function, which has no disk.
func (a *alerting) inLambda() []string {
	i := slices.Index(a.args, "--state-file")
	return slices.Concat(a.args[:i], []string{"--state-parameter", "/jari/test/" + uuid.NewString()}, a.args[i+2:])
}

func (a *alerting) tick(t *testing.T, at time.Time) {
	t.Helper()
	if err := a.store.TickSucceeded(t.Context(), a.term, at); err != nil {
		t.Fatal(err)
	}
}

func (a *alerting) subjects(t *testing.T) (all []string) {
	for _, raw := range sestest.SentTo(t, a.to) {
		for _, subject := range []string{"does_not_work", "still_does_not_work", "works_again"} {
			if head, _, _ := strings.Cut(raw, "\r\n\r\n"); strings.Contains(head, "Alerting_"+subject) {
				all = append(all, subject)
			}
		}
	}
	return all
}

// The ticks stop, and later the database refuses connections. The clock is the test's;
// PostgreSQL and the mails are real.
func TestMailsWhenTicksStop(t *testing.T) {
	for name, args := range map[string]func(*alerting) []string{
		"remembered in a file":      func(a *alerting) []string { return a.args },
		"remembered in a parameter": func(a *alerting) []string { return a.inLambda() },
	} {
		t.Run(name, func(t *testing.T) {
			a := start(t)
			mailsWhenTicksStop(t, a, args(a))
		})
	}
}

func mailsWhenTicksStop(t *testing.T, a *alerting, args []string) {
	f, err := parse(args, func(string) string { return "" }, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	check := func(d time.Duration, wantErr bool) (events []deadman.Event) {
		for end := now.Add(d); now.Before(end); now = now.Add(time.Minute) {
			s, err := newSwitch(t.Context(), f) // nothing is remembered but by the file or the parameter
			if err != nil {
				t.Fatal(err)
			}
			event, err := s.Check(t.Context(), now)
			if (err != nil) != wantErr {
				t.Fatalf("at %s: %v", now, err)
			}
			if event != deadman.Nothing {
				events = append(events, event)
			}
		}
		return events
	}
	a.tick(t, now)
	if got := check(3*time.Minute, false); len(got) > 0 {
		t.Errorf("mailed %q while a tick was three minutes old", got)
	}
	accept := postgrestest.Refuse(t, a.database)
	if got := check(5*time.Minute, true); !slices.Equal(got, []deadman.Event{deadman.Began}) {
		t.Errorf("mailed %q while there was no database", got)
	}
	accept()
	a.open(t)
	if got := check(time.Hour, false); !slices.Equal(got, []deadman.Event{deadman.Lasts}) {
		t.Errorf("mailed %q while the ticks had stopped", got)
	}
	a.tick(t, now)
	if got := check(2*time.Minute, false); !slices.Equal(got, []deadman.Event{deadman.Ended}) {
		t.Errorf("mailed %q after a tick", got)
	}
	if got := a.subjects(t); !slices.Equal(got, []string{"does_not_work", "still_does_not_work", "works_again"}) {
		t.Errorf("the mails are %q", got)
	}
}

func TestInLambdaEachInvocationIsACheck(t *testing.T) {
	a := start(t)
	program := filepath.Join(t.TempDir(), "bootstrap")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%s", out)
	}
	f := lambdatest.New(t, 20*time.Second, func() *exec.Cmd {
		cmd := exec.Command(program, a.inLambda()...)
		cmd.Env = os.Environ()
		return cmd
	})
	for range 2 {
		a.tick(t, time.Now())
		if _, err := f.Invoke(t.Context(), []byte("{}")); err != nil {
			t.Fatal(err)
		}
	}
	postgrestest.Refuse(t, a.database)
	if _, err := f.Invoke(t.Context(), []byte("{}")); err == nil || !strings.Contains(err.Error(), "read when a tick last succeeded") {
		t.Errorf("without a database the invocation ends with %v", err)
	}
	if got := a.subjects(t); len(got) > 0 || f.Starts() != 1 {
		t.Errorf("it mailed %q and was started %d times", got, f.Starts())
	}
}

func TestTheProgramIsReadyOnceItHasChecked(t *testing.T) {
	a := start(t)
	a.tick(t, time.Now())
	d := servetest.StartWorker(t, run, a.args...)
	if err := d.Stop(); err != nil {
		t.Error(err)
	}
	if got := a.subjects(t); len(got) > 0 {
		t.Errorf("it mailed %q", got)
	}
}

func TestIsReadyByItsLastCheck(t *testing.T) {
	for name, c := range map[string]struct {
		failure func(*watcher)
		want    string
	}{
		"before the first check":   {func(*watcher) {}, "no check has ended"},
		"after a check that fails": {func(w *watcher) { err := error(flag.ErrHelp); w.failure.Store(&err) }, flag.ErrHelp.Error()},
		"after one that succeeds":  {func(w *watcher) { var err error; w.failure.Store(&err) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var w watcher
			c.failure(&w)
			if err := w.ready(t.Context()); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}
