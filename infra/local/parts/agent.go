package parts

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"jari.example/infra/local/launch"
)

// Fluent Bit before 4.2 does not pass traces to plugins as logs.
var oldestFluentBit = [2]int{4, 2}

// AgentKind is JARI_AGENT if that is set, else fluent-bit where Fluent Bit is
// installed, else collector.
func (s *System) AgentKind() string {
	if kind := s.Getenv("JARI_AGENT"); kind != "" {
		return kind
	}
	if _, err := findFluentBit(context.Background()); err == nil {
		return "fluent-bit"
	}
	return "collector"
}

func (s *System) agent() launch.Part {
	var data string
	part := launch.Part{
		Name:        "agent",
		Feeds:       []string{"opensearch"},
		Ports:       []int{s.Ports.Of("agent"), s.Ports.Of("agent/health")},
		Healthy:     respondsTo(s.Ports.URL("agent/health") + "/"),
		StopTimeout: 20 * time.Second,
	}
	switch kind := s.AgentKind(); kind {
	case "fluent-bit":
		part.Needs = s.withProxies([]string{"plugin"})
		part.Hint = "read its log, or set JARI_AGENT=collector to use the other agent"
		var program string
		part.Prepare = func(ctx context.Context, _ launch.Progress) (err error) {
			if program, err = findFluentBit(ctx); err == nil {
				data, err = s.data("agent")
			}
			return err
		}
		part.Command = func(context.Context) (launch.Command, error) {
			conf := filepath.Join(s.Root, "fluentbit", "conf", "local.yaml")
			args := []string{"-e", s.PluginPath(), "-c", conf}
			return launch.Command{Path: program, Args: args, Env: environment(s.agentEnv(data)...), Dir: data}, nil
		}
		part.Notes = func() string { return "Fluent Bit in " + program + " with Jari's plugin" }
	case "collector":
		part.Needs = s.withProxies(nil)
		part.Hint = "read its log; the first build downloads about 180 Go modules and takes minutes"
		part.Prepare = func(ctx context.Context, report launch.Progress) (err error) {
			report("building the Collector (the first build takes minutes)")
			dir := filepath.Join(s.Root, "fluentbit", "agent")
			if err := s.goBuild(ctx, report, dir, []string{"-o", s.Bin("jari-agent"), "."}, "GOWORK=off"); err != nil {
				return err
			}
			data, err = s.data("agent")
			return err
		}
		part.Command = func(context.Context) (launch.Command, error) {
			conf := "file:" + filepath.Join(s.Root, "fluentbit", "agent", "agent.yaml")
			args := []string{"--config", conf}
			return launch.Command{Path: s.Bin("jari-agent"), Args: args, Env: environment(s.agentEnv(data)...), Dir: data}, nil
		}
		part.Notes = func() string { return "OpenTelemetry Collector with Jari's exporter" }
	default:
		part.Hint = "set JARI_AGENT to fluent-bit or collector, or unset it"
		part.Prepare = func(context.Context, launch.Progress) error { return fmt.Errorf("JARI_AGENT is %q", kind) }
	}
	return part
}

// agentEnv has the variables that both agents' configurations read. Fluent Bit
// needs hosts and ports separately.
func (s *System) agentEnv(data string) []string {
	otlp, health := s.Ports.Addr("agent"), s.Ports.Addr("agent/health")
	_, otlpPort, _ := net.SplitHostPort(otlp)
	_, healthPort, _ := net.SplitHostPort(health)
	buffer := 1 << 30 // for each signal
	if s.AgentKind() == "fluent-bit" {
		buffer = 2 << 30 // for all; the disk is shared with other work
	}
	return []string{
		"JARI_OTLP_ADDR=" + otlp, "JARI_OTLP_HOST=127.0.0.1", "JARI_OTLP_PORT=" + otlpPort,
		"JARI_AGENT_HEALTH_ADDR=" + health, "JARI_AGENT_HEALTH_HOST=127.0.0.1", "JARI_AGENT_HEALTH_PORT=" + healthPort,
		"JARI_AGENT_DIR=" + data, "JARI_AGENT_BUFFER=" + strconv.Itoa(buffer), "JARI_LOG_GLOB=" + s.LogGlob(),
		"JARI_OPENSEARCH_URL=" + s.via("opensearch", "agent", s.OpenSearchURL()),
	}
}

// AgentDir is the agent's own folder.
func (s *System) AgentDir() string { return filepath.Join(s.Dir, "data", "agent") }

var fluentBitVersion = regexp.MustCompile(`v(\d+)\.(\d+)`)

func findFluentBit(ctx context.Context) (string, error) {
	path, err := exec.LookPath("fluent-bit")
	if err != nil {
		return "", errors.New("fluent-bit is not on PATH")
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	m := fluentBitVersion.FindSubmatch(out)
	if err != nil || m == nil {
		return "", fmt.Errorf("%s --version prints no version", path)
	}
	major, _ := strconv.Atoi(string(m[1]))
	minor, _ := strconv.Atoi(string(m[2]))
	if major < oldestFluentBit[0] || major == oldestFluentBit[0] && minor < oldestFluentBit[1] {
		return "", fmt.Errorf("%s is Fluent Bit %d.%d; %d.%d or later is needed",
			path, major, minor, oldestFluentBit[0], oldestFluentBit[1])
	}
	return path, nil
}
