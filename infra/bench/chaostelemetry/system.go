package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"jari.example/infra/bench/sandbox"
	"jari.example/infra/local/artifact"
	"jari.example/infra/local/launch"
	"jari.example/infra/local/parts"
)

// The parts by name.
const (
	agent      = "agent"
	openSearch = "opensearch"
)

// The agents, as parts call them.
const (
	collector = "collector"
	fluentBit = "fluent-bit"
)

// system is what the campaign plays with:
//
//	emitters ─► files, OTLP ─► agent ─► proxy ─► OpenSearch
type system struct {
	*sandbox.Sandbox
	proxy *proxy
	host  string // which agent
	store *store

	otlp   string
	panics string // file that makes exports panic while it is there
	deaths map[string]int
}

// start brings everything up. What has been started must be stopped, whether
// or not it failed.
func start(ctx context.Context) (sys *system, err error) {
	sys = &system{deaths: map[string]int{}}
	if sys.Sandbox, err = sandbox.New("chaos-telemetry"); err != nil {
		return sys, err
	}
	// The agent and the plugin are built with the fault in them that makes
	// exports panic.
	if err := os.Setenv("GOFLAGS", strings.TrimSpace(os.Getenv("GOFLAGS")+" -tags=chaos")); err != nil {
		return sys, err
	}
	server, err := sys.System(environWith(map[string]string{"JARI_OPENSEARCH_URL": "", "JARI_OPENSEARCH_HEAP": "512m"}))
	if err != nil {
		return sys, err
	}
	if sys.proxy, err = newProxy(server.OpenSearchURL()); err != nil {
		return sys, err
	}
	sys.OnStop(sys.proxy.close)
	sys.store = &store{url: server.OpenSearchURL()}
	sys.panics = filepath.Join(sys.Dir, "panic")
	shipping, err := sys.System(environWith(map[string]string{"JARI_OPENSEARCH_URL": sys.proxy.url()}))
	if err != nil {
		return sys, err
	}
	sys.host, sys.otlp = shipping.AgentKind(), sys.Ports.URL("agent")
	if err := sys.writeSettings("", ""); err != nil {
		return sys, err
	}
	list, err := sys.list(server, shipping)
	if err != nil {
		return sys, err
	}
	return sys, sys.Up(ctx, list)
}

// environWith is the environment with some variables changed.
func environWith(changes map[string]string) func(string) string {
	return func(key string) string {
		if v, ok := changes[key]; ok {
			return v
		}
		return os.Getenv(key)
	}
}

func (sys *system) list(server, shipping *parts.System) ([]launch.Part, error) {
	list, err := launch.Select(server.Parts(), []string{openSearch})
	if err != nil {
		return nil, err
	}
	shipping.WithPlugin = true
	ships, err := launch.Select(shipping.Parts(), []string{agent, plugin})
	if err != nil {
		return nil, err
	}
	list = append(list, ships...)
	for i := range list {
		list[i].BackoffReset = sandbox.BackoffReset
		switch list[i].Name {
		case agent:
			list[i].Command = sys.withChaosSettings(list[i].Command)
		case openSearch:
			list[i].StopSignal = syscall.SIGKILL // half a minute sooner; nobody wants its data
		}
	}
	build := func(ctx context.Context, _ launch.Progress) error { // what emits
		cmd := exec.Command("go", "build", "-buildvcs=false", "-o", sys.bin("telemetryemit"), "./telemetry/cmd/telemetryemit")
		cmd.Dir = sys.Root
		return artifact.Run(ctx, cmd, nil)
	}
	return append(list, launch.Part{Name: "emitter", Prepare: build}, launch.Part{Name: "harness", Prepare: sys.buildHarness}), nil
}

func (sys *system) bin(name string) string { return filepath.Join(sys.Dir, "bin", name) }
func (sys *system) log(name string) string { return filepath.Join(sys.Dir, "log", name) }

// withChaosSettings runs the agent so that a row can change its settings, and prove by
// its log what has happened to it.
func (sys *system) withChaosSettings(plain func(context.Context) (launch.Command, error)) func(context.Context) (launch.Command, error) {
	return func(ctx context.Context) (launch.Command, error) {
		c, err := plain(ctx)
		c.Env = append(c.Env, "JARI_CHAOS_PANIC_FILE="+sys.panics)
		switch at := slices.Index(c.Args, "-c"); {
		case sys.host == collector:
			c.Args = append(c.Args, "--config", "file:"+sys.settings())
		case at >= 0:
			c.Args[at+1] = sys.settings()
		}
		return c, err
	}
}

func (sys *system) settings() string { return filepath.Join(sys.Dir, "settings.yaml") }

// writeSettings changes settings of the agent, which count from its next start or reload:
// those of the Collector lie over its own, those of Fluent Bit are lines of its
// output.
func (sys *system) writeSettings(ofCollector, ofFluentBit string) error {
	if sys.host == collector {
		// All of its complaints: by itself it leaves out those that repeat.
		const all = "service: {telemetry: {logs: {sampling: {enabled: false}}}}\n"
		return os.WriteFile(sys.settings(), []byte(all+ofCollector), 0o644)
	}
	text, err := os.ReadFile(filepath.Join(sys.Root, "fluentbit", "conf", "local.yaml"))
	if err != nil {
		return err
	}
	const output = "    - name: jari\n"
	if !strings.Contains(string(text), output) {
		return errors.New("local.yaml has no output to set something of")
	}
	own := string(text)
	if key, _, ok := strings.Cut(ofFluentBit, ":"); ok { // it would be there twice
		own = strings.Replace(own, key+":", "      #", 1)
	}
	return os.WriteFile(sys.settings(), []byte(strings.Replace(own, output, output+ofFluentBit, 1)), 0o644)
}

// killPart sends a part a signal that it dies of. It comes back by itself.
func (sys *system) killPart(part string, sig syscall.Signal) error {
	if err := sys.Signal(part, sig); err != nil {
		return fmt.Errorf("%s: %w", part, err)
	}
	sys.deaths[part]++
	return nil
}

// awaitRecovery waits until a part has come back from all its deaths.
func (sys *system) awaitRecovery(ctx context.Context, part string) error {
	return sys.AwaitRecovery(ctx, part, sys.deaths[part])
}

// countInLog counts how often the agent has said so, after the mark.
func (sys *system) countInLog(since map[string]int64, words string) (n int, err error) {
	for _, file := range []string{agent + ".log", agent + ".err"} {
		text, err := os.ReadFile(sys.log(file))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return 0, err
		}
		n += strings.Count(string(text[min(since[file], int64(len(text))):]), words)
	}
	return n, nil
}

// logSizes is where the agent's logs end now.
func (sys *system) logSizes() map[string]int64 {
	m := map[string]int64{}
	for _, file := range []string{agent + ".log", agent + ".err"} {
		if st, err := os.Stat(sys.log(file)); err == nil {
			m[file] = st.Size()
		}
	}
	return m
}
