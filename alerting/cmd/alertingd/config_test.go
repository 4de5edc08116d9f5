package main

import (
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite golden files")

func none(string) string { return "" }

func TestHelpIsGolden(t *testing.T) {
	var out strings.Builder
	if _, err := configure([]string{"-h"}, none, &out); !errors.Is(err, flag.ErrHelp) {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", "help.txt")
	if *update {
		if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if out.String() != string(want) {
		t.Errorf("%s differs (run with -update if that is right):\n%s", file, out.String())
	}
}

func TestEveryMistakeIsReportedAtOnce(t *testing.T) {
	_, err := configure([]string{"--ops-addr", "8230", "--time-scale", "7", "--slack-url", "http://slack.example/",
		"--runbook-url", "http://x.example/", "--database-url", "hunter2", "--slo-dir", t.TempDir(), "more"}, none, io.Discard)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"-ops-addr: ", "-time-scale: 7 is not a divisor", "-slack-url: does not end in /api/", "{slo}",
		"-database-url: is not an absolute URL", "-slo-dir: no SLO found", "unexpected arguments: more"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Error("the message repeats what may be a password")
	}
}

func TestFlagsBeatTheEnvironmentWhichBeatsDefaults(t *testing.T) {
	env := func(k string) string {
		return map[string]string{"ALERTING_TIME_SCALE": "60", "ALERTING_CLOUD_REGION": "us-east-1"}[k]
	}
	c, err := configure([]string{"--cloud-region", "eu-west-1"}, env, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if c.region != "eu-west-1" || c.pace.Bucket != time.Second || c.opsAddr != "127.0.0.1:8230" {
		t.Errorf("%+v", c)
	}
	if long := c.slos[0].Policy.Pairs[0].Long; long != time.Minute {
		t.Errorf("windows were not shortened: %s", long)
	}
}
