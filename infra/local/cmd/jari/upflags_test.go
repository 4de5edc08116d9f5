package main

import (
	"strings"
	"testing"
)

// The Makefile passes the same FLAGS to every target.
func TestEveryCommandTakesTheFlagsOfUp(t *testing.T) {
	flags := []string{"--port-offset", "1000", "--alert-time-scale", "60"}
	for _, command := range []string{"down", "clean", "status", "logs", "fault status", "env", "seed", "demo"} {
		dir := t.TempDir()
		args := append(strings.Fields(command), flags...)
		if out, err := jari(t, dir, args...); err != nil && strings.Contains(err.Error()+out, "flag provided but not defined") {
			t.Errorf("jari %s: %v", strings.Join(args, " "), err)
		}
		args[len(args)-3] = "wrong"
		if _, err := jari(t, dir, args...); err == nil || !strings.Contains(err.Error(), `--port-offset is "wrong"`) {
			t.Errorf("jari %s: %v", strings.Join(args, " "), err)
		}
	}
	if out, err := jari(t, t.TempDir(), append([]string{"down"}, flags...)...); err != nil || !strings.Contains(out, "not running") {
		t.Errorf("down: %v\n%s", err, out)
	}
}

func TestACommandRefusesFlagsThatDoNotFitTheRunningSystem(t *testing.T) {
	dir := t.TempDir()
	if err := (state{Offset: 2000, TimeScale: 10}).save(dir); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		"down --port-offset 1000":      "--port-offset 2000 and not 1000: leave the flag out",
		"status --alert-time-scale 60": "--alert-time-scale 10 and not 60",
		"demo --port-offset 0":         "--port-offset 2000 and not 0",
		"down --only redis":            "no meaning here: only commands that start a system take it",
		"env --plugin":                 "no meaning here",
		"tools --port-offset 1000":     "no meaning here",
		"down --port-ofset 1000":       "not defined",
	} {
		if out, err := jari(t, dir, strings.Fields(args)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("jari %s: %v\n%s", args, err, out)
		}
	}
	for _, args := range []string{"down --port-offset 2000 --alert-time-scale 10", "down --port-offset auto", "down"} {
		if out, err := jari(t, dir, strings.Fields(args)...); err != nil {
			t.Errorf("jari %s: %v\n%s", args, err, out)
		}
	}
}
