package main

import (
	"flag"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"jari.example/internal/serve/servetest"
)

var update = flag.Bool("update", false, "rewrite golden files")

func noEnv(string) string { return "" }

func TestHelp(t *testing.T) { servetest.Help(t, run, *update) }

func TestReportsAllMistakesTogether(t *testing.T) {
	for name, c := range map[string]struct {
		args, want []string
	}{
		"of single flags": {
			[]string{"--ops-addr", "8230", "--time-scale", "often", "--database-url", "hunter2", "--slack-token-file", "/does/not/exist", "more"},
			[]string{"-ops-addr: ", "-time-scale: ", "-database-url: is not an absolute URL", "-slack-token-file: ", "unexpected arguments: more"},
		},
		"of what the flags mean": {
			[]string{"--time-scale", "7", "--lookback", "2h", "--slack-url", "http://slack.example/", "--runbook-url", "http://x.example/",
				"--slo-dir", t.TempDir(), "--on-call-dir", t.TempDir(),
				"--status-user", "local", "--status-user-header", "X-User"},
			[]string{
				"-time-scale: 7 is not a divisor", "-slack-url does not end in /api/", "-slack-url needs a token", "{slo}",
				"-status-user-header and -status-user exclude each other",
				"-on-call-dir: no OnCallRota and no MaintenanceWindow found",
				"-slo-dir: no SLO and no DirectAlert found", "-lookback: 2h0m0s is not between 1m and 1h",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse(c.args, noEnv, io.Discard)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in:\n%v", want, err)
				}
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Error("the error repeats what may be a password")
			}
		})
	}
}

func TestARegionLeavesOutWhatItsTelemetryDoesNotShow(t *testing.T) {
	s, err := parse([]string{"--without", "indexer,service-silent-us,service-silent-eu"}, noEnv, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.unknown, []string{"service-silent-eu"}) { // of a version before or after: no reason not to start
		t.Errorf("unknown are %q", s.unknown)
	}
	found := false
	for _, a := range s.objectives.Current().Alerts {
		found = found || a.Name == "service-silent-kr"
		for _, subject := range a.Subjects {
			if a.Name == "service-silent-us" || subject.Name == "indexer" {
				t.Errorf("%s still has %q", a.Name, subject.Name)
			}
		}
	}
	if !found {
		t.Error("service-silent-kr is gone, too")
	}
}

func TestFlagsOverrideTheEnvironmentAndItTheDefaults(t *testing.T) {
	env := func(k string) string {
		return map[string]string{"ALERTING_TIME_SCALE": "60", "ALERTING_CLOUD_REGION": "us-east-1"}[k]
	}
	s, err := parse([]string{"--cloud-region", "eu-west-1", "--lookback", "15m"}, env, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if *s.Region != "eu-west-1" || s.timing.Bucket != time.Second || s.timing.Lookback != 15*time.Second || *s.OpsAddr != "127.0.0.1:8230" {
		t.Errorf("%+v", s)
	}
	if long := s.objectives.Current().SLOs[0].Policy.Pairs[0].Long; long != time.Minute {
		t.Errorf("the time scale was not applied to the windows: %s", long)
	}
}

func TestReadsTheSlackSettings(t *testing.T) {
	s, err := parse([]string{"--slack-url", "https://slack.com/api/", "--slack-token-file", tokenFile(t, "xoxb-1")}, noEnv, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	c := s.slack.config(s.links)
	if c.URL != "https://slack.com/api/" || c.Token.Reveal() != "xoxb-1" || c.Channels["pages"] != "#incidents" ||
		c.Channels["tickets"] != "#tickets" {
		t.Errorf("url %s, token %q, channels %v", c.URL, c.Token.Reveal(), c.Channels)
	}
}
