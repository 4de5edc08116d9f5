package realpart

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// outcome records how a test would have ended.
type outcome struct{ how string }

func (*outcome) Helper()                        {}
func (o *outcome) Skipf(f string, args ...any)  { o.end("skip", f, args) }
func (o *outcome) Fatalf(f string, args ...any) { o.end("fail", f, args) }

func (o *outcome) end(how, f string, args []any) {
	if _ = fmt.Sprintf(f, args...); o.how == "" { // in a real test the first call ends it
		o.how = how
	}
}

func TestSkipsForMissingPartsUnlessTheyAreRequired(t *testing.T) {
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	there := filepath.Join(bin, "there")
	if err := os.WriteFile(there, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv(Redis, "redis://there")
	t.Setenv(Postgres, "")
	for required, missing := range map[string]string{"": "skip", "1": "fail"} {
		t.Setenv(Required, required)
		for name, tc := range map[string]struct {
			need           func(TB) string
			value, outcome string
		}{
			"a variable that is set":    {func(t TB) string { return Need(t, Redis) }, "redis://there", ""},
			"a variable that is not":    {func(t TB) string { return Need(t, Postgres) }, "", missing},
			"a program by another name": {func(t TB) string { return Program(t, "missing", "there") }, there, ""},
			"a program that is missing": {func(t TB) string { return Program(t, "missing") }, "", missing},
		} {
			var o outcome
			if got := tc.need(&o); got != tc.value || o.how != tc.outcome {
				t.Errorf("%s, required %q: %q and %q, want %q and %q", name, required, got, o.how, tc.value, tc.outcome)
			}
		}
	}
}

func TestSkipsForAMissingOrOldFluentBitEvenIfPartsAreRequired(t *testing.T) {
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	t.Setenv(Required, "1")
	program := filepath.Join(bin, "fluent-bit")
	for version, want := range map[string]struct{ value, outcome string }{
		"":       {"", "skip"},
		"v4.1.9": {"", "skip"},
		"v3.9":   {"", "skip"},
		"none":   {"", "skip"},
		"v4.2.0": {program, ""},
		"v5.1.1": {program, ""},
	} {
		_ = os.Remove(program)
		if version != "" {
			if err := os.WriteFile(program, []byte("#!/bin/sh\necho Fluent Bit "+version+"\n"), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		var o outcome
		if got := FluentBit(&o); got != want.value || o.how != want.outcome {
			t.Errorf("%q: %q and %q, want %q and %q", version, got, o.how, want.value, want.outcome)
		}
	}
}
