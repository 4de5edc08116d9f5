// Package conf tests the Fluent Bit configurations. Each setting that it checks looks
// harmless to remove, but without it records are lost, or the agent is open to the
// network.
package conf

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// settings are those of one section or plugin instance.
type settings map[string]any

func (s settings) is(key string, want ...string) bool {
	return slices.Contains(want, fmt.Sprint(s[key]))
}

func (s settings) between(key string, least, most int) bool {
	n, ok := s[key].(int)
	return ok && n >= least && n <= most
}

type configuration struct {
	Service  settings `yaml:"service"`
	Pipeline struct {
		Inputs  []settings `yaml:"inputs"`
		Outputs []settings `yaml:"outputs"`
	} `yaml:"pipeline"`
}

// configProblems returns what is wrong with a configuration.
func configProblems(text []byte) []string {
	var c configuration
	if err := yaml.Unmarshal(text, &c); err != nil {
		return []string{err.Error()}
	}
	var out []string
	expect := func(ok bool, what string, args ...any) {
		if !ok {
			out = append(out, fmt.Sprintf(what, args...))
		}
	}
	on := []string{"on", "true"}
	expect(c.Service["storage.path"] != nil, "no storage.path: filesystem buffering is off")
	expect(c.Service.is("storage.checksum", "off", "false"), "after a kill the chunk in use fails its checksum and is discarded")
	expect(c.Service.is("storage.keep.rejected", on...), "a rejected chunk leaves no trace")
	expect(c.Service.is("storage.metrics", on...), "a growing backlog is not visible")
	expect(c.Service.between("scheduler.cap", 1, 10),
		"scheduler.cap is over 10 s: retries wait long after the recovery, by default up to 2,000 s")
	expect(c.Service.is("http_server", on...) && c.Service.is("health_check", on...), "no health check")
	expect(c.Service.is("hot_reload", on...), "a new configuration needs a restart")
	expect(c.Service.is("http_listen", "127.0.0.1", "${JARI_AGENT_HEALTH_HOST}"),
		"the port that can reload the configuration is open to the network")
	expect(len(c.Pipeline.Inputs) > 0 && len(c.Pipeline.Outputs) > 0, "no inputs or no outputs")
	for _, in := range c.Pipeline.Inputs {
		name := in["name"]
		expect(in.is("storage.type", "filesystem"), "input %v buffers in memory", name)
		expect(name != "tail" || in["db"] != nil, "input tail loses its positions at a restart")
		expect(name != "tail" || in.is("truncate_long_lines", on...), "input tail stops reading a file with too long a line")
		expect(name != "tail" || in["path_key"] == "log.file.path" && in["offset_key"] == "log.file.record_offset",
			"input tail does not add the path and offset, from which the id of a line is made")
		expect(name != "opentelemetry" || in.is("raw_traces", on...), "input opentelemetry makes trace chunks, which a restart loses")
		expect(name != "opentelemetry" || in.is("http_server.idle_timeout", "120s"),
			"input opentelemetry closes connections just before clients send")
	}
	for _, o := range c.Pipeline.Outputs {
		expect(o.between("workers", 2, 16),
			"output %v has fewer than two workers: with none a slow flush blocks every input, with one every other flush", o["name"])
		expect(o["retry_limit"] == "no_limits", "output %v drops chunks after some retries", o["name"])
		counted := o["agent_metrics"] != nil && c.Service.is("http_server", on...)
		expect(counted, "output %v does not report the agent's evictions", o["name"])
		expect(o["buffer_dir"] == "${JARI_AGENT_DIR}", "output %v does not report the free space of its volume", o["name"])
		expect(o["storage.total_limit_size"] != nil, "output %v fills its volume, and then records are lost and not counted", o["name"])
	}
	return out
}

func TestConfigurationsHaveTheRequiredSettings(t *testing.T) {
	for _, file := range []string{"fluent-bit.yaml", "local.yaml"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range configProblems(text) {
			t.Errorf("%s: %s", file, f)
		}
	}
}

// The negative control: each required setting that is changed is detected.
func TestDetectsEachChangedSetting(t *testing.T) {
	local, production := string(read(t, "local.yaml")), string(read(t, "fluent-bit.yaml"))
	for _, undo := range [][2]string{
		{"storage.path:", "x:"}, {"storage.checksum: off", "storage.checksum: on"},
		{"storage.keep.rejected: on", "storage.keep.rejected: off"}, {"storage.metrics: on", "storage.metrics: off"},
		{"scheduler.cap:", "x:"}, {"scheduler.cap: 10", "scheduler.cap: 2000"}, {"health_check: on", "x: on"},
		{"hot_reload: on", "hot_reload: off"}, {"http_server: on", "http_server: off"},
		{"http_listen: ${JARI_AGENT_HEALTH_HOST}", "http_listen: 0.0.0.0"}, {"http_listen:", "x:"},
		{"storage.type: filesystem", "storage.type: memory"}, {"db:", "x:"}, {"truncate_long_lines: on", "skip_long_lines: on"},
		{"offset_key:", "x:"}, {"raw_traces: on", "raw_traces: off"}, {"http_server.idle_timeout:", "x:"},
		{"workers: 2", "workers: 1"}, {"workers: 2", "x: 2"},
		{"retry_limit: no_limits", "retry_limit: 5"}, {"retry_limit: no_limits", "x: y"},
		{"agent_metrics:", "x:"}, {"buffer_dir:", "x:"}, {"storage.total_limit_size:", "x:"}, {"service:", "service: ["},
	} {
		changed := strings.Replace(local, undo[0], undo[1], 1)
		if changed == local || len(configProblems([]byte(changed))) == 0 {
			t.Errorf("local.yaml: replacing %q by %q is not detected", undo[0], undo[1])
		}
		changed = strings.Replace(production, undo[0], undo[1], 1) // which has no tail input
		if changed != production && len(configProblems([]byte(changed))) == 0 {
			t.Errorf("fluent-bit.yaml: replacing %q by %q is not detected", undo[0], undo[1])
		}
	}
	// The input that only production has, and its fixed address.
	for _, undo := range [][2]string{
		{"http_listen: 127.0.0.1", "http_listen: 0.0.0.0"},
		{"16M # the driver sends its backlog in one message\n      storage.type: filesystem", "16M"},
	} {
		changed := strings.Replace(production, undo[0], undo[1], 1)
		if changed == production || len(configProblems([]byte(changed))) == 0 {
			t.Errorf("fluent-bit.yaml: replacing %q by %q is not detected", undo[0], undo[1])
		}
	}
	// Each choice of production has its reason in a comment.
	for _, want := range []string{
		"flush", "grace", "http_server", "health_check", "hot_reload", "storage.path", "storage.sync", "storage.checksum",
		"storage.metrics", "storage.max_chunks_up", "storage.keep.rejected", "scheduler.cap", "raw_traces", "workers",
		"retry_limit", "storage.total_limit_size", "http_port", "log_level", "scheduler.base", "tag_from_uri",
		"successful_response_code", "buffer_max_size", "region", "buffer_dir", "storage.rejected.path", "hc_retry_failure_count", "hc_period",
	} {
		line := regexp.MustCompile(`(?m)^ *` + regexp.QuoteMeta(want) + `: \S+ # .{10,}$`)
		set := regexp.MustCompile(`(?m)^ *` + regexp.QuoteMeta(want) + `:`)
		if n := len(line.FindAllString(production, -1)); n == 0 || n != len(set.FindAllString(production, -1)) {
			t.Errorf("fluent-bit.yaml: %s has no comment with its reason", want)
		}
	}
}
