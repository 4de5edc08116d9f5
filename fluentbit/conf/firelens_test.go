package conf

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"jari.example/telemetry/names/realpart"
)

// task is the part of an ECS task definition that the snippet in firelens.md sets.
type task struct {
	Volumes    []struct{ Name string }
	Containers []container `json:"containerDefinitions"`
}

type container struct {
	Name        string
	Essential   bool
	FireLens    struct{ Type string } `json:"firelensConfiguration"`
	Command     []string
	Environment []struct{ Name, Value string }
	Secrets     []struct{ Name, ValueFrom string }
	Mounts      []struct {
		Volume   string `json:"sourceVolume"`
		Path     string `json:"containerPath"`
		ReadOnly bool   `json:"readOnly"`
	} `json:"mountPoints"`
	Log struct {
		Driver  string `json:"logDriver"`
		Options map[string]string
	} `json:"logConfiguration"`
	DependsOn   []struct{ ContainerName, Condition string }
	HealthCheck struct{ Command []string }
	StopTimeout int
}

// environment returns the value of a variable, which is empty if it is a secret.
func (c container) environment(name string) (value string, ok bool) {
	for _, e := range c.Environment {
		if e.Name == name {
			return e.Value, true
		}
	}
	for _, s := range c.Secrets {
		if s.Name == name {
			return "", true
		}
	}
	return "", false
}

var snippet = regexp.MustCompile("(?s)```json\n(.*?)```")

// taskProblems returns what is wrong with the task in page, whose router runs with the
// configuration text.
func taskProblems(page, text []byte) (out []string) {
	var t task
	var conf configuration
	match := snippet.FindSubmatch(page)
	if match == nil {
		return []string{"no snippet"}
	}
	if err := json.Unmarshal(match[1], &t); err != nil {
		return []string{err.Error()}
	}
	if err := yaml.Unmarshal(text, &conf); err != nil {
		return []string{err.Error()}
	}
	expect := func(ok bool, what string, args ...any) {
		if !ok {
			out = append(out, fmt.Sprintf(what, args...))
		}
	}
	volumes := map[string]bool{}
	for _, v := range t.Volumes {
		volumes[v.Name] = true
	}
	routers := 0
	for _, c := range t.Containers {
		if c.FireLens.Type != "" {
			routers++
			out = append(out, routerProblems(c, conf, text, volumes)...)
			continue
		}
		expect(c.Log.Driver == "awsfirelens", "%s does not log through the router", c.Name)
		expect(len(c.Log.Options) == 0, "%s has log options, from which ECS makes another output", c.Name)
		first := len(c.DependsOn) == 1 && c.DependsOn[0].ContainerName == "log_router" && c.DependsOn[0].Condition == "HEALTHY"
		expect(first, "%s may start before the router and stop after it", c.Name)
		otlp := ""
		for _, in := range conf.Pipeline.Inputs {
			if in["name"] == "opentelemetry" {
				otlp = fmt.Sprintf("http://%v:%v", in["listen"], in["port"])
			}
		}
		sends := false
		for _, e := range c.Environment {
			sends = sends || strings.HasSuffix(e.Name, "_OTLP_ENDPOINT") && e.Value == otlp
		}
		expect(sends, "%s does not send its spans to %s", c.Name, otlp)
	}
	expect(routers == 1, "%d routers", routers)
	return out
}

func routerProblems(c container, conf configuration, text []byte, volumes map[string]bool) (out []string) {
	expect := func(ok bool, what string, args ...any) {
		if !ok {
			out = append(out, fmt.Sprintf(what, args...))
		}
	}
	command := strings.Join(c.Command, " ")
	expect(c.FireLens.Type == "fluentbit", "the router is not Fluent Bit")
	expect(c.Essential, "the task continues without its router")
	expect(strings.Contains(command, "-e /jari/out_jari.so"), "the plugin is not loaded")
	expect(strings.Contains(command, "-c /jari/fluent-bit.yaml"), "the configuration that ECS generates is used")
	for _, v := range regexp.MustCompile(`\$\{(\w+)\}`).FindAllStringSubmatch(string(text), -1) {
		_, ok := c.environment(v[1])
		expect(ok, "the configuration reads %s, which is not set", v[1])
	}
	url, _ := c.environment("JARI_OPENSEARCH_URL")
	expect(url == "", "the URL, which holds a password, is not a secret")
	persistent := false
	dir, _ := c.environment("JARI_AGENT_DIR")
	for _, m := range c.Mounts {
		persistent = persistent || m.Path == dir && volumes[m.Volume] && !m.ReadOnly
	}
	expect(persistent, "the buffer is not on a volume and is lost with the container")
	health := fmt.Sprintf("http://127.0.0.1:%v/api/v1/health", conf.Service["http_port"])
	expect(strings.Contains(strings.Join(c.HealthCheck.Command, " "), health), "the health check does not request %s", health)
	grace, _ := conf.Service["grace"].(int)
	expect(grace > 0 && c.StopTimeout > grace, "the router is killed before its grace of %d s ends", grace)
	forward := false
	for _, in := range conf.Pipeline.Inputs {
		forward = forward || in["name"] == "forward" && in["unix_path"] == "/var/run/fluent.sock"
	}
	expect(forward, "no forward input at the socket to which the driver writes")
	return out
}

func TestTaskDefinitionHasTheRequiredSettings(t *testing.T) {
	page, text := read(t, "firelens.md"), read(t, "fluent-bit.yaml")
	for _, f := range taskProblems(page, text) {
		t.Error(f)
	}
	// The negative control: each required setting that is changed is detected.
	for _, undo := range [][2]string{
		{`"essential": true`, `"essential": false`}, {`"type": "fluentbit"`, `"type": "fluentd"`}, {`"firelensConfiguration"`, `"x"`},
		{`"-e", `, ``}, {`"-c", `, ``}, {"JARI_AGENT_DIR", "X"}, {"JARI_OPENSEARCH_URL", "X"},
		{`"secrets": [{ "name": "JARI_OPENSEARCH_URL", "valueFrom": "…" }]`, `"x": 1`},
		{`"environment": [{`, `"environment": [{ "name": "JARI_OPENSEARCH_URL", "value": "https://user:password@x" }, {`},
		{`"containerPath": "/agent"`, `"containerPath": "/else"`}, {`"volumes": [{ "name": "agent" }]`, `"volumes": []`},
		{`"containerPath"`, `"readOnly": true, "containerPath"`},
		{":2020/", ":2021/"}, {`"stopTimeout": 60`, `"stopTimeout": 20`}, {`"logDriver": "awsfirelens"`, `"logDriver": "awslogs"`},
		{`"logDriver": "awsfirelens"`, `"logDriver": "awsfirelens", "options": { "Name": "cloudwatch" }`},
		{"HEALTHY", "START"}, {":4318", ":4317"}, {"```json", "```"}, {`"volumes"`, `volumes`},
	} {
		changed := strings.Replace(string(page), undo[0], undo[1], 1)
		if changed == string(page) || len(taskProblems([]byte(changed), text)) == 0 {
			t.Errorf("replacing %q by %q is not detected", undo[0], undo[1])
		}
	}
	noForward := strings.Replace(string(text), "name: forward", "name: tail", 1)
	if len(taskProblems(page, []byte(noForward))) == 0 {
		t.Error("a configuration without a forward input is not detected")
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// The real Fluent Bit reads the configurations: the tests above ignore a misspelt
// setting.
func TestFluentBitAcceptsTheConfigurations(t *testing.T) {
	program := realpart.FluentBit(t)
	plugin := os.Getenv(realpart.Plugin)
	if plugin == "" {
		plugin = filepath.Join(t.TempDir(), "out_jari.so")
		build := exec.CommandContext(t.Context(), "go", "build", "-buildmode=c-shared", "-o", plugin, "..")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("build the plugin: %v\n%s", err, out)
		}
	}
	dryRun := func(file string) (string, error) {
		cmd := exec.CommandContext(t.Context(), program, "-e", plugin, "-c", file, "--dry-run")
		cmd.Env = append(os.Environ(), "JARI_AGENT_DIR="+t.TempDir(), "JARI_OPENSEARCH_URL=http://127.0.0.1:1", "JARI_LOG_GLOB=*.log",
			"JARI_AGENT_BUFFER=2147483648", "JARI_OTLP_HOST=127.0.0.1", "JARI_OTLP_PORT=4318",
			"JARI_AGENT_HEALTH_HOST=127.0.0.1", "JARI_AGENT_HEALTH_PORT=2020")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	for _, file := range []string{"fluent-bit.yaml", "local.yaml"} {
		if out, err := dryRun(file); err != nil {
			t.Errorf("%s: %v\n%s", file, err, out)
		}
		misspelt := filepath.Join(t.TempDir(), file) // the control
		text := strings.Replace(string(read(t, file)), "raw_traces:", "raw_trace:", 1)
		if err := os.WriteFile(misspelt, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := dryRun(misspelt); err == nil {
			t.Errorf("%s: a misspelt setting is accepted:\n%s", file, out)
		}
	}
}
