package telemetry

import (
	"runtime/debug"
	"testing"
)

func TestBuildVersionIsTheCommit(t *testing.T) {
	commit := debug.BuildSetting{Key: "vcs.revision", Value: "0123456789abcdef0123456789abcdef01234567"}
	for want, settings := range map[string][]debug.BuildSetting{
		"unknown":            nil,
		"0123456789ab":       {commit, {Key: "vcs.modified", Value: "false"}},
		"0123456789ab-dirty": {commit, {Key: "vcs.modified", Value: "true"}},
	} {
		if got := revision(&debug.BuildInfo{Settings: settings}); got != want {
			t.Errorf("%v: %q, want %s", settings, got, want)
		}
	}
	if got := revision(nil); got != "unknown" {
		t.Errorf("without build information: %q", got)
	}
	version = "set-by-the-linker"
	defer func() { version = "" }()
	if got := buildVersion(); got != version {
		t.Errorf("with a version of the linker: %q", got)
	}
}
