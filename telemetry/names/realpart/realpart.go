// Package realpart finds the real dependencies that a test needs, such as a
// database: `make test` starts them and sets these environment variables. Without
// its variable a test is skipped with a message that names it, so plain `go test`
// passes on a fresh clone; with JARI_TEST_REQUIRED=1 it fails instead.
package realpart

import (
	"fmt"
	"os"
	"os/exec"
)

// The variables that `make test` sets.
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

// TB is the part of testing.TB that this package uses, so that it does not import
// testing.
type TB interface {
	Helper()
	Skipf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Need returns the value of the variable key. Without one it skips the test, or
// fails it where real parts are required.
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

// Program returns the path of the first of these programs that is on PATH. Without
// any it skips the test, or fails it where real parts are required.
func Program(t TB, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv(Required) != "" {
		t.Fatalf("none of %v is installed, but %s is set: `jari tools` installs it or prints how to", names, Required)
	}
	t.Skipf("needs a program: none of %v is installed", names)
	return ""
}

// FluentBit returns the path of a Fluent Bit ≥ 4.2, or skips the test. Earlier
// versions do not pass traces to plugins as logs. The launcher cannot install it
// from a registry, so the test is skipped even where real parts are required.
func FluentBit(t TB) string {
	t.Helper()
	path, err := exec.LookPath("fluent-bit")
	if err != nil {
		t.Skipf("needs fluent-bit ≥ 4.2 on PATH; no registry has it, so %s does not require it", Required)
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
