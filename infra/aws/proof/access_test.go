package proof

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const rolesFile = "../opensearch-roles.json"

// telemetryCommand builds jari-telemetry, and returns how to run it with some variables.
func telemetryCommand(t *testing.T) func(env []string, args ...string) (string, error) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "jari-telemetry")
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", program, "./cmd/jari-telemetry")
	build.Dir = "../../../fluentbit"
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return func(env []string, args ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), program, args...)
		cmd.Env = env
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
}

// roleNames are the roles of the file, each with its user's password.
func roleNames(t *testing.T, text []byte) map[string]*url.Userinfo {
	t.Helper()
	var roles map[string]json.RawMessage
	if err := json.Unmarshal(text, &roles); err != nil || len(roles) < 5 {
		t.Fatalf("%s has %d roles, %v", rolesFile, len(roles), err)
	}
	if strings.Contains(string(text), `"*"`) {
		t.Error("a role for all indices would include those of the security plugin")
	}
	users := map[string]*url.Userinfo{}
	for name := range roles {
		users[name] = url.UserPassword(name, fmt.Sprintf("%x-A", sha256.Sum256([]byte(name)))[24:])
	}
	return users
}

// variables are those of the job opensearch-access.
func variables(at *url.URL, roles []byte, users map[string]*url.Userinfo, password string) []string {
	env := []string{
		"JARI_OPENSEARCH_URL=http://" + securedAdmin.Username() + "@" + at.Host, "JARI_OPENSEARCH_PASSWORD=" + password,
		"JARI_OPENSEARCH_ROLES=" + string(roles),
	}
	for name, user := range users {
		variable := "JARI_OPENSEARCH_USER_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
		env = append(env, fmt.Sprintf("%s=http://%s@%s", variable, user, at.Host))
	}
	return env
}

// requests are what the programs send, and what they must not. They follow each other.
var requests = []struct {
	user, method, path, body string
	want                     int
}{
	{"indexer", http.MethodPut, "/jari-indexer-checkpoint", "{}", 200},
	{"indexer", http.MethodHead, "/jari-catalogue-kr-v2", "", 404},
	{"indexer", http.MethodPut, "/jari-catalogue-kr-v2", `{"mappings": {"properties": {"name": {"type": "text"}, "id": {"type": "keyword"}}}}`, 200},
	{"indexer", http.MethodPut, "/jari-catalogue-kr-v2/_alias/jari-catalogue-kr-v2-writer", "", 200},
	{"indexer", http.MethodGet, "/jari-indexer-checkpoint/_doc/jari-catalogue-kr-v2", "", 404},
	{"indexer", http.MethodPost, "/jari-catalogue-kr-v2-writer/_bulk?require_alias=true", lines(
		`{"index": {"_id": "a", "version": 1, "version_type": "external_gte"}}`, `{"id": "a", "name": "A"}`), 200},
	{"indexer", http.MethodPut, "/jari-indexer-checkpoint/_doc/jari-catalogue-kr-v2", `{"position": {}}`, 201},
	{"indexer", http.MethodDelete, "/jari-indexer-checkpoint/_doc/jari-catalogue-kr-v2", "", 200},
	{"indexer", http.MethodPost, "/jari-catalogue-kr-v2/_refresh", "", 200},
	{"indexer", http.MethodPost, "/jari-catalogue-kr-v2/_search", `{"version": true, "sort": [{"id": {"order": "asc"}}]}`, 200},
	{"indexer", http.MethodPut, "/jari-catalogue-kr-v1", "{}", 200},
	{"indexer", http.MethodGet, "/jari-catalogue-kr-v*/_alias/jari-catalogue-kr", "", 404},
	{"indexer", http.MethodPost, "/_aliases",
		`{"actions": [{"add": {"index": "jari-catalogue-kr-v2", "alias": "jari-catalogue-kr"}}, {"remove_index": {"index": "jari-catalogue-kr-v1"}}]}`, 200},
	{"indexer", http.MethodGet, "/jari-catalogue-kr-v*/_alias/jari-catalogue-kr", "", 200},
	{"indexer", http.MethodPost, "/ss4o_logs-jari-2026.12.01/_search", `{}`, 403},
	{"search", http.MethodPost, "/jari-catalogue-kr/_search", `{"query": {"match": {"name": "A"}}}`, 200},
	{"search", http.MethodPut, "/jari-catalogue-kr/_doc/b", `{"name": "B"}`, 403},
	{"search", http.MethodDelete, "/jari-catalogue-kr-v2", "", 403},
	{"log-router", http.MethodPut, "/_index_template/jari-try", `{"index_patterns": ["ss4o_logs-jari-*"], "template": {}}`, 200},
	{"log-router", http.MethodPost, "/_index_template/_simulate_index/ss4o_logs-jari-2026.12.01", "", 200},
	{"log-router", http.MethodPost, "/_bulk", lines(
		`{"create": {"_index": "ss4o_logs-jari-2026.12.01", "_id": "1"}}`, `{"body": "a line", "@timestamp": "2026-12-01T00:00:00Z"}`), 200},
	{"log-router", http.MethodDelete, "/ss4o_logs-jari-2026.12.01", "", 403},
	{"log-router", http.MethodPost, "/jari-catalogue-kr/_search", `{}`, 403},
	{"alerting", http.MethodPost, "/ss4o_logs-jari-*,otel-v1-apm-*/_search?ignore_unavailable=true", `{"query": {"match": {"body": "line"}}}`, 200},
	{"alerting", http.MethodPost, "/ss4o_logs-jari-*/_field_caps?fields=body&ignore_unavailable=true", "", 200},
	{"alerting", http.MethodPut, "/ss4o_logs-jari-2026.12.01/_doc/2", `{"body": "made up"}`, 403},
	{"alerting", http.MethodGet, "/_plugins/_security/api/internalusers", "", 403},
	{"telemetry", http.MethodPost, "/jari-catalogue-kr/_search", `{}`, 403},
}

func lines(all ...string) string { return strings.Join(all, "\n") + "\n" }

// The roles are written by the program that does it on AWS, twice, as each deployment does. Then each
// user sends what its program sends.
func TestTheUsersOfOpenSearchMayDoWhatTheirProgramsDoAndNoMore(t *testing.T) {
	t.Parallel()
	takeProcessor(t)
	roles, err := os.ReadFile(rolesFile)
	if err != nil {
		t.Fatal(err)
	}
	users, command, at := roleNames(t, roles), telemetryCommand(t), secured(t)
	password, _ := securedAdmin.Password()
	out, err := command(variables(at, roles, users, "wrong"), "access")
	if err == nil || !strings.Contains(out, "the administrator's name or password is wrong") {
		t.Errorf("with a wrong password: %v, %s", err, out)
	}
	for range 2 {
		if out, err := command(variables(at, roles, users, password), "access"); err != nil || strings.Count(out, "wrote role") != len(users) {
			t.Fatalf("%v: %s", err, out)
		}
	}
	for name, user := range users {
		if status, text, err := ask(t, at, user, http.MethodGet, "/", ""); err != nil || status != http.StatusOK {
			t.Errorf("%s cannot log in: %d, %v, %s", name, status, err, text)
		}
	}
	for _, r := range requests {
		status, text, err := ask(t, at, users[r.user], r.method, r.path, r.body)
		if err != nil || status != r.want || strings.Contains(text, `"errors":true`) {
			t.Errorf("%s: %s %s: %d, want %d, %v, %s", r.user, r.method, r.path, status, r.want, err, text)
		}
	}
	env := []string{fmt.Sprintf("JARI_OPENSEARCH_URL=http://%s@%s", users["telemetry"], at.Host)}
	if out, err := command(env, "setup"); err != nil {
		t.Errorf("jari-telemetry setup: %v: %s", err, out)
	}
	// A dead letter as the log router writes it, and an index that is too old.
	status, text, err := ask(t, at, users["log-router"], http.MethodPost, "/_bulk?refresh=true", lines(
		`{"create": {"_index": "jari-deadletter-2026.12.01", "_id": "dead"}}`,
		`{"@timestamp": "2026-12-01T00:00:00Z", "refused.index": "ss4o_logs-jari-2026.12.01", "refused.id": "again", "refused.status": 400,`+
			` "refused.type": "mapper_parsing_exception", "refused.reason": "try", "refused.document": "{\"body\": \"refused\", \"@timestamp\": \"2026-12-01T00:00:00Z\"}"}`,
		`{"create": {"_index": "ss4o_logs-jari-2020.01.01", "_id": "old"}}`, `{"body": "old", "@timestamp": "2020-01-01T00:00:00Z"}`))
	if err != nil || status != http.StatusOK || strings.Contains(text, `"errors":true`) {
		t.Fatalf("%d, %v: %s", status, err, text)
	}
	for _, c := range []struct{ args, want string }{
		{"deadletter list --since 240000h", "mapper_parsing_exception"}, {"deadletter show dead", "refused"},
		{"deadletter replay --all", "1"}, {"prune", "ss4o_logs-jari-2020.01.01"},
	} {
		if out, err := command(env, strings.Fields(c.args)...); err != nil || !strings.Contains(out, c.want) {
			t.Errorf("jari-telemetry %s: %v: %s", c.args, err, out)
		}
	}
	if status, text, err := ask(t, at, users["alerting"], http.MethodGet, "/ss4o_logs-jari-2026.12.01/_doc/again", ""); err != nil || status != http.StatusOK {
		t.Errorf("the document that was replayed: %d, %v: %s", status, err, text)
	}
}
