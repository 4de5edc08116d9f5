package main

import (
	"slices"
	"strings"
	"testing"

	"jari.example/infra/local/launch"
	"jari.example/infra/local/parts"
)

// operator returns the JARICTL_… variables of a system in which these parts run; without
// any, all parts.
func operator(t *testing.T, only ...string) (vars map[string]string, sys *parts.System) {
	t.Helper()
	e := env{getenv: func(key string) string {
		return map[string]string{"JARI_AGENT": "collector", "HOME": "/nonexistent"}[key]
	}}
	sys, err := e.system(t.TempDir(), state{})
	if err != nil {
		t.Fatal(err)
	}
	var st launch.Status
	for _, p := range sys.Parts() {
		if len(only) == 0 || slices.Contains(only, p.Name) {
			st.Parts = append(st.Parts, launch.PartStatus{Name: p.Name, State: launch.Healthy, Ports: p.Ports})
		}
	}
	vars = variables(sys, st)
	for name := range vars {
		if !strings.HasPrefix(name, "JARICTL_") {
			delete(vars, name)
		}
	}
	return vars, sys
}

func TestEnvHasEveryAddressOfJarictl(t *testing.T) {
	vars, sys := operator(t)
	for name, want := range map[string]string{
		"JARICTL_OPENSEARCH_URL":           sys.Ports.URL("opensearch"),
		"JARICTL_EDGE_URL":                 sys.Ports.URL("edge"),
		"JARICTL_DATABASE_URL":             sys.DatabaseURL("postgres"),
		"JARICTL_RESERVATION_DATABASE_URL": sys.DatabaseURL("jari_reservation_kr"),
		"JARICTL_MAIL_URL":                 sys.Ports.URL("aws") + "/moto-api",
		"JARICTL_AGENT_URL":                sys.Ports.URL("agent/health"),
		"JARICTL_GATEWAY_URLS":             "kr=" + sys.Ports.URL("gateway-kr") + ",us=" + sys.Ports.URL("gateway-us"),
	} {
		if vars[name] != want {
			t.Errorf("%s is %q, want %q", name, vars[name], want)
		}
	}
	ops := strings.Split(vars["JARICTL_OPS_URLS"], ",")
	for _, part := range []string{"gateway-kr", "indexer-us", "notification-kr", "alerting"} {
		if !slices.Contains(ops, part+"="+sys.Ports.URL(part+"/ops")) {
			t.Errorf("%s is not in %q", part, ops)
		}
	}
	if strings.Contains(vars["JARICTL_OPS_URLS"], "agent") {
		t.Errorf("the agent has no ops port that says whether it is ready: %q", ops)
	}
}

func TestEnvLeavesOutWhatDoesNotRun(t *testing.T) {
	if vars, _ := operator(t, "redis", "postgres"); len(vars) != 1 || vars["JARICTL_DATABASE_URL"] == "" {
		t.Errorf("got %v", vars)
	}
}
