package starter_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jari.example/alerting/spec"
	"jari.example/alerting/starter"
)

func TestTheExamplesHaveNoMistakes(t *testing.T) {
	for _, logs := range starter.Logs {
		t.Run(logs, func(t *testing.T) {
			dir := t.TempDir()
			if _, err := starter.Write(dir, logs); err != nil {
				t.Fatal(err)
			}
			set, err := spec.Load(os.DirFS(dir))
			if err != nil || len(set.SLOs) != 2 {
				t.Errorf("%d objectives, %v", len(set.SLOs), err)
			}
		})
	}
}

func TestTheAlertInTheCommentsHasNoMistakes(t *testing.T) {
	for _, logs := range starter.Logs {
		t.Run(logs, func(t *testing.T) {
			dir := t.TempDir()
			if _, err := starter.Write(dir, logs); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(dir, "objectives.yaml")
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			before, comments, found := strings.Cut(string(text), "\n# ---\n")
			if !found {
				t.Fatal("no document in comments")
			}
			without := "\n" + strings.ReplaceAll("\n"+comments, "\n# ", "\n")
			if err := os.WriteFile(file, []byte(before+"\n---"+without), 0o644); err != nil {
				t.Fatal(err)
			}
			if set, err := spec.Load(os.DirFS(dir)); err != nil || len(set.Alerts) != 1 || !set.Alerts[0].Freezes {
				t.Errorf("%+v, %v", set.Alerts, err)
			}
		})
	}
}

func TestOverwritesNothing(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "policies.yaml")
	if err := os.WriteFile(file, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := starter.Write(dir, "nginx"); err == nil || !strings.Contains(err.Error(), "exists already") {
		t.Errorf("the error is %v", err)
	}
	if all, err := os.ReadDir(dir); err != nil || len(all) != 1 {
		t.Errorf("it has written %v, %v", all, err)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "mine" {
		t.Errorf("it has %q, %v", text, err)
	}
	if _, err := starter.Write(t.TempDir(), "apache"); err == nil || !strings.Contains(err.Error(), "nginx, alb") {
		t.Errorf("for unknown logs: %v", err)
	}
}
