// Package conf tests the Fluent Bit configurations: each of the settings here
// looks harmless to remove, and loses records (or opens the agent) when it is.
package conf

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// settings is one section or plugin instance.
type settings map[string]any

func (s settings) is(key string, want ...string) bool {
	return slices.Contains(want, fmt.Sprint(s[key]))
}

type configuration struct {
	Service  settings `yaml:"service"`
	Pipeline struct {
		Inputs  []settings `yaml:"inputs"`
		Outputs []settings `yaml:"outputs"`
	} `yaml:"pipeline"`
}

// faults is what is wrong with a configuration.
func faults(text []byte) []string {
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
	expect(c.Service.is("storage.checksum", "off", "false"), "after a kill the chunk in use fails its checksum and is thrown away")
	expect(c.Service.is("storage.keep.rejected", on...), "a chunk that is given up leaves no trace")
	expect(c.Service.is("storage.metrics", on...), "nobody can see a growing backlog")
	expect(c.Service["scheduler.cap"] != nil, "no scheduler.cap: retries sleep for up to 2,000 s")
	expect(c.Service.is("health_check", on...), "no health check")
	expect(c.Service.is("http_listen", "127.0.0.1", "${JARI_AGENT_HEALTH_HOST}"), "the network reaches the port that reloads the configuration")
	expect(len(c.Pipeline.Inputs) > 0 && len(c.Pipeline.Outputs) > 0, "no inputs or no outputs")
	for _, in := range c.Pipeline.Inputs {
		name := in["name"]
		expect(in.is("storage.type", "filesystem"), "input %v buffers in memory", name)
		expect(name != "tail" || in["db"] != nil, "input tail forgets its positions")
		expect(name != "tail" || in["path_key"] == "log.file.path" && in["offset_key"] == "log.file.record_offset",
			"input tail does not tell the place of a line by which its id is made")
		expect(name != "opentelemetry" || in.is("raw_traces", on...), "input opentelemetry makes trace chunks, which a restart loses")
		expect(name != "opentelemetry" || in.is("http_server.idle_timeout", "120s"), "input opentelemetry hangs up on clients that are about to send")
	}
	for _, o := range c.Pipeline.Outputs {
		workers, _ := o["workers"].(int)
		expect(workers >= 2, "output %v has fewer than two workers: without any a slow flush blocks every input, with one every other", o["name"])
		expect(o["retry_limit"] == "no_limits", "output %v gives chunks up", o["name"])
		expect(o["storage.total_limit_size"] == nil, "output %v drops the oldest chunks uncounted", o["name"])
	}
	return out
}

func TestConfigurationsLoseNothing(t *testing.T) {
	for _, file := range []string{"fluent-bit.yaml", "local.yaml"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range faults(text) {
			t.Errorf("%s: %s", file, f)
		}
	}
}

// The negative control: undoing any one of the settings is noticed.
func TestEachUndoneSettingIsNoticed(t *testing.T) {
	text, err := os.ReadFile("local.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, undo := range [][2]string{
		{"storage.path:", "x:"}, {"storage.checksum: off", "storage.checksum: on"}, {"storage.keep.rejected: on", "storage.keep.rejected: off"}, {"storage.metrics: on", "storage.metrics: off"},
		{"scheduler.cap:", "x:"}, {"health_check: on", "x: on"}, {"http_listen: ${JARI_AGENT_HEALTH_HOST}", "http_listen: 0.0.0.0"}, {"http_listen:", "x:"},
		{"storage.type: filesystem", "storage.type: memory"}, {"db:", "x:"}, {"offset_key:", "x:"}, {"raw_traces: on", "raw_traces: off"}, {"http_server.idle_timeout:", "x:"},
		{"workers: 2", "workers: 1"}, {"workers: 2", "x: 2"}, {"retry_limit: no_limits", "retry_limit: 5"}, {"retry_limit: no_limits", "x: y"},
		{"workers: 2", "workers: 2\n      storage.total_limit_size: 1G"}, {"service:", "service: ["},
	} {
		changed := strings.Replace(string(text), undo[0], undo[1], 1)
		if changed == string(text) || len(faults([]byte(changed))) == 0 {
			t.Errorf("replacing %q by %q goes unnoticed", undo[0], undo[1])
		}
	}
}
