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

	"jari.example/infra/bench/opensearch"
	"jari.example/infra/bench/sandbox"
	"jari.example/infra/local/artifact"
	"jari.example/infra/local/launch"
	"jari.example/infra/local/parts"
)

// The names of parts.
const (
	agent      = "agent"
	openSearch = "opensearch"
)

// The kinds of agents (parts.System.AgentKind).
const (
	collector = "collector"
	fluentBit = "fluent-bit"
)

// system is the system under test:
//
//	emitters ─► files, OTLP ─► agent ─► proxy ─► OpenSearch
type system struct {
	*sandbox.Sandbox
	proxy *proxy
	host  string // the kind of agent
	store *store

	otlp     string         // URL of the agent's OTLP receiver
	panics   string         // exports panic while this file exists
	restarts map[string]int // part → restarts that were caused on purpose
}

// start starts everything. Stop must be called even after an error.
func start(ctx context.Context) (sys *system, err error) {
	sys = &system{restarts: map[string]int{}}
	if sys.Sandbox, err = sandbox.New("chaos-telemetry"); err != nil {
		return sys, err
	}
	// The build tag adds the code to the agent and the plugin that makes exports
	// panic.
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
	sys.store = &store{opensearch.Client{URL: server.OpenSearchURL()}}
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
	shippers, err := launch.Select(shipping.Parts(), []string{agent, plugin})
	if err != nil {
		return nil, err
	}
	list = append(list, shippers...)
	for i := range list {
		list[i].BackoffReset = sandbox.BackoffReset
		switch list[i].Name {
		case agent:
			list[i].Command = sys.withChaosSettings(list[i].Command)
		case openSearch:
			list[i].StopSignal = syscall.SIGKILL // saves half a minute; its data is deleted anyway
		}
	}
	build := func(ctx context.Context, _ launch.Progress) error {
		cmd := exec.Command("go", "build", "-buildvcs=false", "-o", sys.bin("telemetryemit"), "./telemetry/cmd/telemetryemit")
		cmd.Dir = sys.Root
		return artifact.Run(ctx, cmd, nil)
	}
	return append(list,
		launch.Part{Name: "emitter", Prepare: build}, launch.Part{Name: "harness", Prepare: sys.buildHarness}), nil
}

func (sys *system) bin(name string) string { return filepath.Join(sys.Dir, "bin", name) }
func (sys *system) log(name string) string { return filepath.Join(sys.Dir, "log", name) }

// partCommand is the type of launch.Part.Command.
type partCommand = func(context.Context) (launch.Command, error)

// withChaosSettings changes the command of the agent so that it reads the
// settings that a scenario writes, and panics while the file exists.
func (sys *system) withChaosSettings(normal partCommand) partCommand {
	return func(ctx context.Context) (launch.Command, error) {
		c, err := normal(ctx)
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

// writeSettings changes the settings that the agent has from its next start or
// reload on. Those for the Collector are merged into its own; those for Fluent
// Bit are lines of its output.
func (sys *system) writeSettings(ofCollector, ofFluentBit string) error {
	if sys.host == collector {
		// Without this the Collector does not log repeated messages.
		const all = "service: {telemetry: {logs: {sampling: {enabled: false}}}}\n"
		return os.WriteFile(sys.settings(), []byte(all+ofCollector), 0o644)
	}
	text, err := os.ReadFile(filepath.Join(sys.Root, "fluentbit", "conf", "local.yaml"))
	if err != nil {
		return err
	}
	const output = "    - name: jari\n"
	if !strings.Contains(string(text), output) {
		return errors.New("local.yaml has no output jari to change")
	}
	own := string(text)
	if key, _, ok := strings.Cut(ofFluentBit, ":"); ok { // a key must not occur twice
		own = strings.Replace(own, key+":", "      #", 1)
	}
	return os.WriteFile(sys.settings(), []byte(strings.Replace(own, output, output+ofFluentBit, 1)), 0o644)
}

// killPart ends a part with a signal. The launcher restarts it.
func (sys *system) killPart(part string, sig syscall.Signal) error {
	if err := sys.Signal(part, sig); err != nil {
		return fmt.Errorf("%s: %w", part, err)
	}
	sys.restarts[part]++
	return nil
}

// awaitRecovery waits until a part is healthy after all its kills.
func (sys *system) awaitRecovery(ctx context.Context, part string) error {
	return sys.AwaitRecovery(ctx, part, sys.restarts[part])
}

// countInLog counts how often the agent has logged a message after the sizes.
func (sys *system) countInLog(since map[string]int64, message string) (n int, err error) {
	for _, file := range []string{agent + ".log", agent + ".err"} {
		text, err := os.ReadFile(sys.log(file))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return 0, err
		}
		n += strings.Count(string(text[min(since[file], int64(len(text))):]), message)
	}
	return n, nil
}

// logSizes is the present sizes of the agent's logs.
func (sys *system) logSizes() map[string]int64 {
	m := map[string]int64{}
	for _, file := range []string{agent + ".log", agent + ".err"} {
		if st, err := os.Stat(sys.log(file)); err == nil {
			m[file] = st.Size()
		}
	}
	return m
}
