package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jari.example/infra/local/launch"
	"jari.example/telemetry/names/realpart"
)

func TestUpRejectsSettingsThatTheRunningSystemLacks(t *testing.T) {
	dir := t.TempDir()
	running := state{Offset: 2000, TimeScale: 60}
	if err := running.save(dir); err != nil {
		t.Fatal(err)
	}
	st := launch.Status{Parts: []launch.PartStatus{{Name: "redis"}}}
	given := func(names ...string) map[string]bool {
		m := map[string]bool{}
		for _, n := range names {
			m[n] = true
		}
		return m
	}
	for _, tc := range []struct {
		flags startFlags
		given map[string]bool
		want  string
	}{
		{startFlags{offset: "0", scale: 60}, given(), ""},
		{startFlags{offset: "2000", scale: 60}, given("port-offset", "alert-time-scale"), ""},
		{startFlags{offset: "auto", scale: 60}, given("port-offset"), ""},
		{startFlags{offset: "0", scale: 60}, given("port-offset"), "--port-offset 2000 and not 0"},
		{startFlags{offset: "0", scale: 1}, given(), ""},
		{startFlags{offset: "0", scale: 1}, given("alert-time-scale"), "--alert-time-scale 60 and not 1"},
		{startFlags{offset: "0", scale: 60, only: "redis"}, given(), ""},
		{startFlags{offset: "0", scale: 60, only: "slack"}, given(), "without slack"},
		{startFlags{offset: "0", scale: 60, plugin: true}, given(), "without plugin"},
	} {
		err := checkSettings(dir, st, tc.flags, tc.given)
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%+v, given %v: %v, want %q", tc.flags, tc.given, err, tc.want)
		}
	}
}

func TestUpChecksFlagsAndVariablesThatAreGiven(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "jari")
	t.Cleanup(func() {
		var out bytes.Buffer
		_ = run(context.Background(), []string{"clean", "--dir", dir}, os.Getenv, &out, &out)
	})
	t.Setenv("JARI_PORT_OFFSET", "")
	must(t, dir, "up", "--port-offset", "auto", "--only", "redis")
	must(t, dir, "up") // without settings, any system will do
	_, err := jari(t, dir, "up", "--alert-time-scale", "1")
	if err == nil || !strings.Contains(err.Error(), "--alert-time-scale 60 and not 1") {
		t.Errorf("another time scale: %v", err)
	}
	t.Setenv("JARI_PORT_OFFSET", "1")
	if _, err := jari(t, dir, "up"); err == nil || !strings.Contains(err.Error(), "and not 1;") {
		t.Errorf("another offset from the environment: %v", err)
	}
}

func TestThePluginVariableIsSetOnlyIfThisSystemBuiltIt(t *testing.T) {
	e := env{getenv: func(key string) string {
		return map[string]string{"JARI_AGENT": "collector", "HOME": "/nonexistent"}[key]
	}}
	dir := t.TempDir()
	for _, plugin := range []bool{false, true} {
		sys, err := e.system(dir, state{Plugin: plugin})
		if err != nil {
			t.Fatal(err)
		}
		chosen, err := launch.Select(sys.Parts(), nil)
		if err != nil {
			t.Fatal(err)
		}
		var st launch.Status
		for _, p := range chosen {
			st.Parts = append(st.Parts, launch.PartStatus{Name: p.Name, State: launch.Done})
		}
		// the file of an earlier system
		if err := os.MkdirAll(filepath.Dir(sys.PluginPath()), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(sys.PluginPath(), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		want := ""
		if plugin {
			want = sys.PluginPath()
		}
		if got := variables(sys, st)[realpart.Plugin]; got != want {
			t.Errorf("if the part exists: %t, %s is %q, want %q", plugin, realpart.Plugin, got, want)
		}
	}
}

func TestWithPassesTheBrowserThatToolsFound(t *testing.T) {
	bin := t.TempDir()
	browser := filepath.Join(bin, "chromium")
	if err := os.WriteFile(browser, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
	t.Setenv("CHROMIUM", "")
	dir := filepath.Join(t.TempDir(), "jari")
	out := must(t, dir, "with", "--port-offset", "auto", "--only", "redis", "--",
		"sh", "-c", `echo "it is $CHROMIUM at $JARI_TEST_REDIS_URL"`)
	if !strings.Contains(out, "it is "+browser+" at redis://127.0.0.1:") {
		t.Errorf("with prints\n%s", out)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("it left %s (%v)", dir, err)
	}
}
