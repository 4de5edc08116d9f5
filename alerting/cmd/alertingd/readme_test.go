package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"jari.example/telemetry/names"
	"jari.example/telemetry/names/realpart"
)

// The commands of the README lead from recorded access lines of nginx, in a real
// OpenSearch, to a first alert. They run as they are written there.
func TestTheCommandsOfTheReadmeLeadToAFirstAlert(t *testing.T) {
	t.Parallel()
	server := realpart.Need(t, realpart.OpenSearch)
	commands := readmeCommands(t)
	if len(commands) != 5 {
		t.Fatalf("the README has %d commands: %q", len(commands), commands)
	}
	index := "nginx-readme-" + strings.ToLower(rand.Text())
	t.Cleanup(func() { send(t, http.MethodDelete, server+"/"+index, nil) })
	send(t, http.MethodPost, server+"/"+index+"/_bulk?refresh=true", recordedUntil(t, time.Now()))

	home := t.TempDir()
	command := func(text string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), "bash", "-euc", "exec "+text)
		cmd.Dir = "../../.." // the top of the clone
		cmd.Env = append(os.Environ(), "HOME="+home, "OPENSEARCH_URL="+server, "ALERTING_OPS_ADDR=127.0.0.1:0",
			"ALERTING_HTTP_ADDR=127.0.0.1:0")
		for _, name := range []string{"GOCACHE", "GOPATH", "GOMODCACHE"} { // they are in the home by default
			out, err := exec.Command("go", "env", name).Output()
			if err != nil {
				t.Fatal(err)
			}
			cmd.Env = append(cmd.Env, name+"="+strings.TrimSpace(string(out)))
		}
		return cmd
	}
	for _, text := range commands[:4] {
		if out, err := command(text).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", text, err, out)
		}
	}
	daemon, log := command(commands[4]), &buffer{}
	daemon.Stdout, daemon.Stderr = log, log
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- daemon.Wait() }()
	defer func() { _ = daemon.Process.Kill() }()
	const alert = "incident opened: Requests are failing: "
	waitFor(t, time.Minute, "the first alert", func() bool { return strings.Contains(log.String(), alert) })
	if err := daemon.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("the daemon ended with %v", err)
	}
	if n := strings.Count(log.String(), names.EventIncidentOpened); n != 1 {
		t.Errorf("%d incidents were opened, want only the one of the availability:\n%s", n, log)
	}
}

// readmeCommands are the lines of the first block of commands of the README.
func readmeCommands(t *testing.T) []string {
	t.Helper()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "\n## On its own")
	_, block, _ := strings.Cut(section, "```sh\n")
	block, _, found := strings.Cut(block, "\n```")
	if !found {
		t.Fatal("the README has no commands")
	}
	return strings.Split(block, "\n")
}

var timestamp = regexp.MustCompile(`"@timestamp":"([^"]+)"`)

// recordedUntil is a bulk request with the recorded lines, moved in time so that the
// last one was logged at end.
func recordedUntil(t *testing.T, end time.Time) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../starter/testdata", "nginx.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	loggedAt := func(line []byte) time.Time {
		at, err := time.Parse(time.RFC3339, string(timestamp.FindSubmatch(line)[1]))
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	shift := end.Sub(loggedAt(lines[len(lines)-1]))
	var bulk bytes.Buffer
	for _, line := range lines {
		moved := `"@timestamp":"` + loggedAt(line).Add(shift).UTC().Format("2006-01-02T15:04:05.000Z07:00") + `"`
		bulk.WriteString("{\"create\":{}}\n")
		bulk.Write(timestamp.ReplaceAll(line, []byte(moved)))
		bulk.WriteByte('\n')
	}
	return bulk.Bytes()
}

func send(t *testing.T, method, url string, body []byte) {
	t.Helper()
	r, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-ndjson")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	var result struct{ Errors bool }
	if err != nil || response.StatusCode >= 300 || json.Unmarshal(text, &result) != nil || result.Errors {
		t.Fatalf("%s %s: %s %v\n%.500s", method, url, response.Status, err, text)
	}
}
