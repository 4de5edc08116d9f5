// Package realpart is how a test finds the real part it needs: `make test`
// starts them and sets these variables. Without them the test is skipped with
// a message that names the variable, so plain `go test` passes on a fresh
// clone; under JARI_TEST_REQUIRED=1 the same lack is a failure.
package realpart

import (
	"fmt"
	"os"
	"os/exec"
)

// The variables `make test` sets.
const (
	Postgres   = "JARI_TEST_POSTGRES_URL"   // postgres://…/postgres, may create databases
	Redis      = "JARI_TEST_REDIS_URL"      // redis://host:port
	OpenSearch = "JARI_TEST_OPENSEARCH_URL" // http://host:port
	AWS        = "JARI_TEST_AWS_URL"        // moto: DynamoDB with streams, SES, SSM
	Edge       = "JARI_TEST_EDGE_URL"       // the whole system, through its front door
	Slack      = "JARI_TEST_SLACK_URL"      // the Slack simulator
	SlackToken = "JARI_TEST_SLACK_TOKEN"    // path of the file with the token it accepts
	Plugin     = "JARI_TEST_PLUGIN"         // path of the built Fluent Bit plugin (.so)
	Required   = "JARI_TEST_REQUIRED"
)

// TB is the part of testing.TB that Need uses; it keeps package testing out
// of this one.
type TB interface {
	Helper()
	Skipf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Need returns the value of the variable key, or skips the test (fails it
// where real parts are required).
func Need(t TB, key string) string {
	t.Helper()
	v := os.Getenv(key)
	if v != "" {
		return v
	}
	if os.Getenv(Required) != "" {
		t.Fatalf("%s is not set, but %s is: start the real parts with `make test`", key, Required)
	}
	t.Skipf("needs a real part: %s is not set; `make test` starts it and sets it", key)
	return ""
}

// Program returns the path of the first of these programs that is on PATH, or
// skips the test (fails it where real parts are required).
func Program(t TB, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv(Required) != "" {
		t.Fatalf("none of %v is installed, but %s is set: `jari tools` installs it or says how", names, Required)
	}
	t.Skipf("needs a program: none of %v is installed", names)
	return ""
}

// FluentBit returns the path of a Fluent Bit ≥ 4.2, which before that does not
// hand traces to plugins as logs, or skips the test. It is in no registry that
// the launcher could ask, so its lack is a failure nowhere.
func FluentBit(t TB) string {
	t.Helper()
	path, err := exec.LookPath("fluent-bit")
	if err != nil {
		t.Skipf("needs fluent-bit ≥ 4.2 on PATH; no registry has it, so %s does not ask for it", Required)
		return ""
	}
	out, _ := exec.Command(path, "--version").Output()
	var major, minor int
	if _, err := fmt.Sscanf(string(out), "Fluent Bit v%d.%d", &major, &minor); err != nil || major < 4 || major == 4 && minor < 2 {
		t.Skipf("needs fluent-bit ≥ 4.2; %s is %.40q", path, out)
		return ""
	}
	return path
}
