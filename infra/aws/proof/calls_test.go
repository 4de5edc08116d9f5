package proof

import (
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jari.example/infra/local/parts"
	"jari.example/infra/local/ports"
)

// call is a line of calls.json.
type call struct {
	From     string `json:"from"`
	To       string `json:"to"`
	Database string `json:"database"`
}

// onlyOnAWS are callers and parts that the local system does not have, or has in another form.
var onlyOnAWS = []string{
	"internet", "cloudfront", "load-balancer", "bastion", "log-router", "opensearch-access", "telemetry-setup", "telemetry-prune",
	"index-rebuild", "migrate-alerting", "migrate-notification", "migrate-reservation", "migrate-user",
}

// localCalls are the calls for which the launcher wires the processes of a region, and of
// alerting: the addresses in their flags.
func localCalls(t *testing.T) (all []call) {
	t.Helper()
	s, err := parts.New(parts.System{Root: "/clone", Dir: filepath.Join(t.TempDir(), ".jari"), AlertTimeScale: 60, Getenv: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	callers := map[string]string{"alerting": "alerting", "alerting-watch": "alertingwatch"}
	for _, service := range []string{"gateway", "user", "reservation", "search", "notification", "indexer"} {
		callers[service+"-kr"] = service
	}
	for _, p := range s.Parts() {
		from, ok := callers[p.Name]
		if !ok {
			continue
		}
		command, err := p.Command(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for i, value := range command.Args {
			if c, ok := localCall(from, command.Args, i, value); ok && !slices.Contains(all, c) {
				all = append(all, c)
			}
		}
	}
	return all
}

// localCall is the call that an argument stands for.
func localCall(from string, args []string, i int, value string) (c call, ok bool) {
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || i == 0 {
		return c, false
	}
	var offset ports.Offset
	c.From = from
	switch flag := args[i-1]; {
	case flag == "--otlp-endpoint", strings.HasPrefix(flag, "--") && slices.Contains([]string{
		"--runbook-url", "--dashboard-url", "--trace-url", "--status-url", "--issuer",
	}, flag):
		return c, false // the log router beside it; links that people follow; a name
	case flag == "--aws-endpoint-url" && slices.Contains(args, "--mail-from"):
		c.To = "ses"
	case flag == "--aws-endpoint-url" && from == "indexer":
		c.To = "dynamodb-stream"
	case flag == "--aws-endpoint-url":
		c.To = "dynamodb"
	case flag == "--database-url":
		c.To = "postgres"
		c.Database = strings.TrimSuffix(strings.TrimPrefix(strings.Trim(u.Path, "/"), "jari_"), "_kr")
	default:
		for _, name := range ports.Names() {
			if u.Host == offset.Addr(name) {
				c.To = strings.TrimSuffix(name, "-kr")
			}
		}
	}
	return c, true
}

func TestTheLauncherWiresTheCallsOfTheTable(t *testing.T) {
	table := slices.DeleteFunc(table(t), func(c call) bool { return slices.Contains(onlyOnAWS, c.From) })
	local := localCalls(t)
	for _, c := range local {
		if !slices.Contains(table, c) {
			t.Errorf("the launcher lets %s call %s %s, which calls.json does not have", c.From, c.To, c.Database)
		}
	}
	for _, c := range table {
		if !slices.Contains(local, c) {
			t.Errorf("calls.json lets %s call %s %s, for which the launcher gives it no address", c.From, c.To, c.Database)
		}
	}
	if len(local) < 15 {
		t.Errorf("the launcher's calls are %v: the test reads the wrong arguments", local)
	}
}
