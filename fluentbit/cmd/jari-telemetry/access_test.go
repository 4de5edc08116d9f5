package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// The roles themselves are tested with a real security plugin in infra/aws/proof.
func TestAccessNeedsRolesAndTheURLOfEachUser(t *testing.T) {
	const roles = `{"search": {"cluster_permissions": ["cluster:monitor/main"]}}`
	for name, test := range map[string]struct{ roles, user, want string }{
		"no roles":             {"", "", "JARI_OPENSEARCH_ROLES is no JSON object"},
		"roles without a role": {"{}", "", "JARI_OPENSEARCH_ROLES is no JSON object"},
		"a misspelt field":     {`{"search": {"permissions": []}}`, "", "JARI_OPENSEARCH_ROLES is no JSON object"},
		"no URL of the user":   {roles, "", "JARI_OPENSEARCH_USER_SEARCH is not a URL with the user search"},
		"another user":         {roles, "http://indexer:secret@127.0.0.1", "is not a URL with the user search"},
		"no password":          {roles, "http://search@127.0.0.1", "and a password"},
		"no URL at all":        {roles, "http://search:secret@127.0.0.1:x", "JARI_OPENSEARCH_USER_SEARCH is no URL"},
	} {
		env := map[string]string{"JARI_OPENSEARCH_URL": "http://127.0.0.1:1", "JARI_OPENSEARCH_ROLES": test.roles, "JARI_OPENSEARCH_USER_SEARCH": test.user}
		var out bytes.Buffer
		got := exitCode(run(t.Context(), []string{"access"}, func(key string) string { return env[key] }, &out, &out), &out)
		if got != 2 || !strings.Contains(out.String(), test.want) {
			t.Errorf("%s: exit code %d, want 2 and %q in the output\n%s", name, got, test.want, out.String())
		}
		if strings.Contains(out.String(), "secret") {
			t.Errorf("%s: the output has a password: %s", name, out.String())
		}
	}
}

func TestAccessWritesRoleUserAndMappingAsTheAdministrator(t *testing.T) {
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // a test sees what is missing
		user, password, _ := r.BasicAuth()
		got = append(got, strings.Join([]string{user + ":" + password, r.Method, r.URL.Path, string(body)}, " "))
		_ = json.NewEncoder(w).Encode(map[string]string{"status": "CREATED"})
	}))
	defer server.Close()
	at := strings.TrimPrefix(server.URL, "http://")
	env := map[string]string{
		"JARI_OPENSEARCH_URL": "http://admin@" + at, "JARI_OPENSEARCH_PASSWORD": "secret", "JARI_OPENSEARCH_USER_LOG_ROUTER": "http://log-router:other@" + at,
		"JARI_OPENSEARCH_ROLES": `{"log-router": {"index_permissions": [{"index_patterns": ["a-*"], "allowed_actions": ["write"]}]}}`,
	}
	var out bytes.Buffer
	if code := exitCode(run(t.Context(), []string{"access"}, func(key string) string { return env[key] }, &out, &out), &out); code != 0 {
		t.Fatalf("exit code %d: %s", code, out.String())
	}
	want := []string{
		`admin:secret PUT /_plugins/_security/api/roles/log-router {"index_permissions":[{"index_patterns":["a-*"],"allowed_actions":["write"]}]}`,
		`admin:secret PUT /_plugins/_security/api/internalusers/log-router {"password":"other"}`,
		`admin:secret PUT /_plugins/_security/api/rolesmapping/log-router {"users":["log-router"]}`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("sent\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
