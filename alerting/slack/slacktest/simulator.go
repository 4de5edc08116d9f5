package slacktest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"jari.example/internal/secret"
	"jari.example/telemetry/names/realpart"
)

// Simulator is the Slack workspace of the local system, a server that was written from
// Slack's reference and not beside the notifier.
type Simulator struct {
	URL   string // without a slash at its end
	Token secret.String
	t     testing.TB
}

// NewSimulator returns the workspace; without one the test is skipped.
func NewSimulator(t testing.TB) *Simulator {
	s := &Simulator{URL: strings.TrimRight(realpart.Need(t, realpart.Slack), "/"), t: t}
	token, err := os.ReadFile(realpart.Need(t, realpart.SlackToken))
	if err != nil {
		t.Fatal(err)
	}
	s.Token = secret.New(strings.TrimSpace(string(token)))
	return s
}

// Fail injects a fault of a method until the test ends.
func (s *Simulator) Fail(method string, fault map[string]any) {
	s.t.Helper()
	s.t.Cleanup(func() { s.inject(map[string]any{"method": method}) })
	all := map[string]any{"method": method}
	for name, value := range fault {
		all[name] = value
	}
	s.inject(all)
}

func (s *Simulator) inject(fault map[string]any) {
	s.t.Helper()
	body, err := json.Marshal(fault)
	if err != nil {
		s.t.Fatal(err)
	}
	r, err := http.Post(s.URL+"/control/faults", "application/json", bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	_ = r.Body.Close()
	if r.StatusCode != http.StatusOK {
		s.t.Fatalf("faults: %s", r.Status)
	}
}

// MessagesOf lists the messages of one incident in the channel for pages, oldest first.
func (s *Simulator) MessagesOf(id string) (found []Message) {
	s.t.Helper()
	r, err := http.Get(s.URL + "/control/messages?channel=" + strings.TrimPrefix(Channel, "#"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	var all struct {
		Messages []struct {
			Message
			Blocks    json.RawMessage
			Revisions int
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&all); err != nil {
		s.t.Fatal(err)
	}
	for _, m := range all.Messages {
		if m.Metadata.EventPayload["incident_id"] == id {
			m.Message.Blocks, m.Edits = string(m.Blocks), m.Revisions
			found = append(found, m.Message)
		}
	}
	return found
}
