package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"jari.example/infra/local/launch"
	"jari.example/infra/local/parts"
	"jari.example/telemetry/names/realpart"
)

// printEnv prints only the variables of parts that run, so that a test of another
// part is skipped, or fails where real parts are required.
func printEnv(ctx context.Context, e env, args []string) error {
	fs, dirFlag := e.systemFlags("env", "[flags]; use it as: eval \"$(jari env)\"")
	asJSON := fs.Bool("json", false, "print one JSON object")
	if err := fs.Parse(args); err != nil {
		return err
	}
	sys, _, err := e.running(*dirFlag)
	if err != nil {
		return err
	}
	st, err := launch.Dial(launch.SocketPath(sys.Dir)).Status(ctx)
	if err != nil {
		return err
	}
	vars := variables(sys, st)
	if *asJSON {
		enc := json.NewEncoder(e.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(vars)
	}
	keys := make([]string, 0, len(vars))
	for key := range vars {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		fmt.Fprintf(e.stdout, "export %s='%s'\n", key, strings.ReplaceAll(vars[key], "'", `'\''`))
	}
	return nil
}

// variables are the addresses of the parts that run: the JARI_TEST_… variables
// that tests read, JARI_ADDR_<PART> for every part that listens, and the JARICTL_…
// variables of jarictl.
func variables(sys *parts.System, st launch.Status) map[string]string {
	vars := map[string]string{}
	special := map[string]struct{ key, value string }{
		"postgres":   {realpart.Postgres, "postgres://app@" + sys.Ports.Addr("postgres") + "/postgres"},
		"redis":      {realpart.Redis, sys.RedisURL()},
		"opensearch": {realpart.OpenSearch, sys.OpenSearchURL()},
		"aws":        {realpart.AWS, sys.AWSURL()},
		"edge":       {realpart.Edge, sys.Ports.URL("edge")},
		"slack":      {realpart.Slack, sys.Ports.URL("slack")},
	}
	for _, p := range st.Parts {
		addr := "JARI_ADDR_" + strings.ToUpper(strings.ReplaceAll(p.Name, "-", "_"))
		if s, ok := special[p.Name]; ok {
			vars[s.key], vars[addr] = s.value, s.value
			continue
		}
		for _, port := range p.Ports {
			switch {
			case port == sys.Ops(p.Name):
				vars[addr+"_OPS"] = fmt.Sprintf("http://127.0.0.1:%d", port)
			case vars[addr] == "":
				vars[addr] = fmt.Sprintf("http://127.0.0.1:%d", port)
			}
		}
	}
	operatorVariables(vars, sys, st)
	vars["JARI_DIR"] = sys.Dir // for --dir
	if vars[realpart.Slack] != "" {
		vars[realpart.SlackToken] = sys.SlackTokenFile()
	}
	// The file alone proves nothing: an earlier system may have built it from older code.
	if slices.ContainsFunc(st.Parts, func(p launch.PartStatus) bool { return p.Name == "plugin" && p.State == launch.Done }) {
		vars[realpart.Plugin] = sys.PluginPath()
	}
	return vars
}

// operatorVariables adds the addresses that jarictl needs. Their names do not begin with
// JARI_, because JARI_OPENSEARCH_URL makes the launcher use another server.
func operatorVariables(vars map[string]string, sys *parts.System, st launch.Status) {
	var gateways, ops []string
	for _, p := range st.Parts {
		switch region, isGateway := strings.CutPrefix(p.Name, "gateway-"); {
		case p.Name == "agent": // its health page is no ops port
			vars["JARICTL_AGENT_URL"] = vars["JARI_ADDR_AGENT_OPS"]
			continue
		case p.Name == "opensearch":
			vars["JARICTL_OPENSEARCH_URL"] = sys.OpenSearchURL()
		case p.Name == "postgres":
			vars["JARICTL_DATABASE_URL"] = sys.DatabaseURL("postgres")
		case p.Name == "reservation-"+parts.Regions[0]: // jarictl asks one region's at a time
			vars["JARICTL_RESERVATION_DATABASE_URL"] = sys.DatabaseURL(parts.ReservationDatabase(parts.Regions[0]))
		case p.Name == "edge":
			vars["JARICTL_EDGE_URL"] = sys.Ports.URL("edge")
		case p.Name == "aws":
			vars["JARICTL_MAIL_URL"] = sys.AWSURL() + "/moto-api"
		case isGateway:
			gateways = append(gateways, region+"="+sys.Ports.URL(p.Name))
		}
		if port := sys.Ops(p.Name); port != 0 {
			ops = append(ops, fmt.Sprintf("%s=http://127.0.0.1:%d", p.Name, port))
		}
	}
	for name, list := range map[string][]string{"JARICTL_GATEWAY_URLS": gateways, "JARICTL_OPS_URLS": ops} {
		if len(list) > 0 {
			slices.Sort(list)
			vars[name] = strings.Join(list, ",")
		}
	}
}
