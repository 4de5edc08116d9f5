package deadman_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jari.example/alerting/deadman"
	"jari.example/alerting/inmem"
	"jari.example/alerting/lease"
)

// fixture is what a Switch meets. Each error is returned while it is set.
type fixture struct {
	tick                          time.Time
	readErr, sendErr, load, saved error
	deadman.File
	mails []deadman.Mail
}

func (w *fixture) Load(ctx context.Context) (deadman.State, error) {
	if w.load != nil {
		return deadman.State{}, w.load
	}
	return w.File.Load(ctx)
}

func (w *fixture) Save(ctx context.Context, s deadman.State) error {
	if w.saved != nil {
		return w.saved
	}
	return w.File.Save(ctx, s)
}

func newWorld(t *testing.T) *fixture {
	return &fixture{tick: origin, File: deadman.File(filepath.Join(t.TempDir(), "state.json"))}
}

// start returns a Switch, as a new process has it.
func (w *fixture) start() *deadman.Switch {
	return &deadman.Switch{
		LastTick: func(context.Context) (time.Time, error) { return w.tick, w.readErr },
		States:   w,
		Send: func(_ context.Context, m deadman.Mail) error {
			if w.sendErr == nil {
				w.mails = append(w.mails, m)
			}
			return w.sendErr
		},
	}
}

// check checks every 15 s and fails the test by an error that is not wanted.
func check(t *testing.T, of func() *deadman.Switch, from, to time.Duration, want error) {
	t.Helper()
	for d := from; d <= to; d += 15 * s {
		if _, err := of().Check(t.Context(), at(d)); !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("after %s: %v, want %v", d, err, want)
		}
	}
}

func (w *fixture) subjects() (all []string) {
	for _, m := range w.mails {
		all = append(all, m.Subject)
	}
	return all
}

var (
	began = "🔴 Alerting does not work: no tick has succeeded since 10:00:00 UTC"
	lasts = "🔴 Alerting still does not work: no tick has succeeded since 10:00:00 UTC"
	ended = "✅ Alerting works again after 1.5 h"
)

func TestMailsOnceEveryHourAndWhenItIsOver(t *testing.T) {
	w := newWorld(t)
	check(t, w.start, 0, 90*m, nil) // each check is of a new process, such as a Lambda
	w.tick = at(90 * m)
	check(t, w.start, 90*m+15*s, 92*m, nil)
	if got := w.subjects(); !slices.Equal(got, []string{began, lasts, ended}) {
		t.Errorf("mailed %q", got)
	}
	ids := map[string]bool{}
	for _, mail := range w.mails {
		ids[mail.ID] = true
		if mail.Thread != w.mails[0].Thread || mail.Thread == "" || mail.At.IsZero() {
			t.Errorf("%+v is not in the thread %s", mail, w.mails[0].Thread)
		}
	}
	if len(ids) != 3 {
		t.Errorf("the mails have the ids %v", ids)
	}
	for _, want := range []string{"No tick of alertingd has succeeded for 3 min, since 10:00:00 UTC.", "no incident is detected"} {
		if !strings.Contains(w.mails[0].Text, want) {
			t.Errorf("the mail lacks %q:\n%s", want, w.mails[0].Text)
		}
	}
	want := "Ticks succeed again, the last one at 11:30:00 UTC. Before, none had succeeded since 10:00:00 UTC."
	if !strings.Contains(w.mails[2].Text, want) {
		t.Errorf("the last mail lacks %q:\n%s", want, w.mails[2].Text)
	}
}

func TestADatabaseThatCannotBeReadIsAnOutage(t *testing.T) {
	w := newWorld(t)
	check(t, w.start, 0, m, nil)
	w.tick, w.readErr = time.Time{}, errors.New("connection\nrefused")
	check(t, w.start, m+15*s, 10*m, w.readErr)
	if got := w.subjects(); !slices.Equal(got, []string{began}) {
		t.Fatalf("mailed %q", got)
	}
	if text := w.mails[0].Text; !strings.Contains(text, "cannot read the database: read when a tick last succeeded: connection refused\n") {
		t.Errorf("the mail does not say why:\n%s", text)
	}
}

func TestAMailThatWasNotSentIsTriedAgain(t *testing.T) {
	w := newWorld(t)
	check(t, w.start, 0, 3*m-15*s, nil)
	w.sendErr = errors.New("SES does not answer")
	check(t, w.start, 3*m, 5*m, w.sendErr)
	w.sendErr = nil
	check(t, w.start, 5*m+15*s, 10*m, nil)
	w.tick, w.sendErr = at(10*m), errors.New("again")
	check(t, w.start, 10*m+15*s, 11*m, w.sendErr)
	w.sendErr, w.tick = nil, at(11*m)
	check(t, w.start, 11*m+15*s, 12*m, nil)
	if got := w.subjects(); len(got) != 2 || got[0] != began || !strings.HasPrefix(got[1], "✅") {
		t.Errorf("mailed %q", got)
	}
}

func TestAProcessRemembersWhatItCannotStore(t *testing.T) {
	w := newWorld(t)
	one := w.start()
	process := func() *deadman.Switch { return one }
	check(t, process, 0, m, nil)
	w.saved = errors.New("the disk is full")
	w.load = w.saved
	check(t, process, m+15*s, 30*m, w.saved)
	if got := w.subjects(); !slices.Equal(got, []string{began}) {
		t.Errorf("mailed %q", got)
	}
}

func TestAFileThatCannotBeReadIsReplaced(t *testing.T) {
	w := newWorld(t)
	if err := os.WriteFile(string(w.File), []byte(`{"last_tick": `), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := w.start().Check(t.Context(), origin); err == nil || !strings.Contains(err.Error(), string(w.File)) {
		t.Errorf("got %v", err)
	}
	check(t, w.start, 15*s, 30*s, nil)
}

func TestATickIsRecordedEveryTenSeconds(t *testing.T) {
	store := inmem.New()
	term, _, err := store.Acquire(t.Context(), "me", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	r := deadman.Recorder{Ticks: store}
	var got []time.Duration
	for d := time.Duration(0); d < 25*s; d += s {
		if err := r.Record(t.Context(), term, at(d)); err != nil {
			t.Fatal(err)
		}
		last, err := store.LastTick(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if age := last.Sub(origin); !slices.Contains(got, age) {
			got = append(got, age)
		}
	}
	if !slices.Equal(got, []time.Duration{0, 10 * s, 20 * s}) {
		t.Errorf("recorded %v", got)
	}
	if err := r.Record(t.Context(), term+1, at(m)); !errors.Is(err, lease.ErrLost) {
		t.Errorf("of a term that has ended: %v", err)
	}
}

// A database that does not answer must leave time for the mail.
func TestADatabaseThatHangsDoesNotHoldTheMail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		one := w.start()
		one.LastTick = func(ctx context.Context) (time.Time, error) { <-ctx.Done(); return time.Time{}, ctx.Err() }
		send := one.Send
		one.Send = func(ctx context.Context, m deadman.Mail) error { return errors.Join(ctx.Err(), send(ctx, m)) }
		check(t, func() *deadman.Switch { return one }, 0, 4*m, context.DeadlineExceeded)
		if got := w.subjects(); len(got) != 1 {
			t.Errorf("mailed %q", got)
		}
	})
}
