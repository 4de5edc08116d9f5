package flags

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

type value struct{ Percent int }

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func on(percent string) string {
	return `{"flags": {"errors": {"state": "ENABLED", "defaultVariant": "on", "variants": {"on": {"percent": ` + percent + `}}}}}`
}

func TestAFlagIsWhatItsFileSays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flags.json")
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	expect := func(what, variant string, percent int) {
		t.Helper()
		if _, err := f.Load(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		var v value
		got, err := f.Evaluate(t.Context(), "errors", &v)
		if err != nil || got != variant || v.Percent != percent {
			t.Errorf("%s: variant %q with %+v, %v; want %q with %d", what, got, v, err, variant, percent)
		}
	}
	expect("without a file", "", 0)
	write(t, path, on("30"))
	expect("on", "on", 30)
	write(t, path, on("40"))
	expect("with another value", "on", 40)
	write(t, path, strings.Replace(on("40"), "ENABLED", "DISABLED", 1))
	expect("disabled", "", 0)
	write(t, path, `{}`)
	expect("with no flag", "", 0)
	write(t, path, on("50"))
	expect("on again", "on", 50)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	expect("removed", "", 0)
}

func TestAFileThatCannotBeUsedLeavesTheFlagsAsTheyWere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flags.json")
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		`{"flags": {"errors": {"state": "ON", "defaultVariant": "on", "variants": {"on": {}}}}}`:             "must be ENABLED or DISABLED",
		`{"flags": {"errors": {"state": "ENABLED", "defaultVariant": "off", "variants": {"on": {}}}}}`:       `defaultVariant is "off"`,
		`{"flags": {"errors": {"targeting": {}, "state": "ENABLED", "defaultVariant": "", "variants": {}}}}`: "targeting",
		`{"flags": `: "unexpected EOF",
	} {
		write(t, path, on("30"))
		if _, err := f.Load(); err != nil {
			t.Fatal(err)
		}
		write(t, path, text)
		if changed, err := f.Load(); changed || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: changed %t, %v; want %q", text, changed, err, want)
		}
		if changed, err := f.Load(); changed || err != nil {
			t.Errorf("%s: the second time: changed %t, %v", text, changed, err)
		}
		var v value
		if variant, err := f.Evaluate(t.Context(), "errors", &v); variant != "on" || err != nil || v.Percent != 30 {
			t.Errorf("%s: %q, %+v, %v", text, variant, v, err)
		}
	}
	write(t, path, `{"flags": {"errors": {"state": "ENABLED", "defaultVariant": "on", "variants": {"on": {"procent": 3}}}}}`)
	if _, err := f.Load(); err != nil {
		t.Fatal(err)
	}
	if variant, err := f.Evaluate(t.Context(), "errors", new(value)); err == nil || variant != "" || !strings.Contains(err.Error(), "procent") {
		t.Errorf("a misspelt member: %q, %v", variant, err)
	}
}

func TestAChangeIsSeenWhileTheProcessRuns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flags.json")
	f, err := Open(path) // outside of the bubble: OpenFeature listens for events as long as the process runs
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		changes, refusals := 0, 0
		done := make(chan struct{})
		go func() { f.Watch(ctx, func() { changes++ }, func(error) { refusals++ }); close(done) }()
		time.Sleep(Poll / 2) // no write at the time of a read
		for i, text := range []string{"", on("1"), on("1"), "{", "{", on("2")} {
			if i > 0 {
				write(t, path, text)
			}
			time.Sleep(3 * Poll)
		}
		cancel()
		<-done
		if changes != 3 || refusals != 1 {
			t.Errorf("%d changes and %d refusals, want 3 and 1", changes, refusals)
		}
	})
}
