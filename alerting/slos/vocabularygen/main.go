// Command vocabularygen writes the vocabularies of the built-in objectives: the
// fields of log lines and metric points from telemetry/names, with the routes of
// docs/openapi.yaml as values of http.route. Run it with go generate in the module.
package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"jari.example/telemetry/names"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: vocabularygen OPENAPI FOLDER")
		os.Exit(2)
	}
	if err := write(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "vocabularygen:", err)
		os.Exit(1)
	}
}

// write writes the files to folder, given the file of an OpenAPI description.
func write(openapi, folder string) error {
	description, err := os.ReadFile(openapi)
	if err != nil {
		return err
	}
	routes, err := routesOf(description)
	if err != nil {
		return fmt.Errorf("%s: %w", openapi, err)
	}
	for file, text := range documents(routes) {
		if err := os.WriteFile(filepath.Join(folder, file), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// routesOf returns the paths of an OpenAPI description.
func routesOf(description []byte) ([]string, error) {
	var api struct {
		Paths map[string]any `yaml:"paths"`
	}
	if err := yaml.Unmarshal(description, &api); err != nil {
		return nil, err
	}
	if len(api.Paths) == 0 {
		return nil, fmt.Errorf("it has no paths")
	}
	return slices.Sorted(maps.Keys(api.Paths)), nil
}

// entry is a field of the vocabulary. Numbers without limits have an empty unit.
type entry struct {
	name, field string
	kind        names.Kind
	limits      string // unit, min and max as members in YAML
	values      []string
	shown       bool
}

// limits are the units and the possible values of numbers, so that milliseconds
// instead of seconds are noticed. No request lasts a minute: the gateway ends it.
var limits = map[string]string{
	names.HTTPStatus:         "min: 100, max: 599",
	names.HTTPDuration:       "unit: s, min: 0, max: 60",
	names.DBPoolWait:         "unit: s, min: 0, max: 60",
	names.MailDelay:          "unit: s, min: 0, max: 86400",
	names.OfferDelay:         "unit: s, min: 0, max: 86400",
	names.AgentDiskFreeShare: "min: 0, max: 1",
	names.Uptime:             "unit: s, min: 0",
}

// documents returns the vocabularies by file.
func documents(routes []string) map[string]string {
	values := map[string][]string{
		names.EventName:    eventNames(),
		names.ServiceName:  names.Services,
		names.CloudRegion:  slices.Sorted(maps.Values(names.Regions)),
		names.HTTPRoute:    append([]string{names.EdgeRouteAPI, names.EdgeRoutePage}, routes...),
		names.HTTPMethod:   {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE", "_OTHER"},
		names.SeverityText: {"DEBUG", "INFO", "WARN", "ERROR", "FATAL"},
	}
	var shared []entry
	for _, f := range names.Fields {
		shared = append(shared, entry{f.Name, f.Doc, f.Kind, limits[f.Name], values[f.Name], names.Shown(f.Name)})
	}
	logs := slices.Clone(shared)
	for _, f := range names.Unmapped {
		logs = append(logs, attribute(f.Name, nil))
	}
	metrics := append(slices.Clone(shared),
		entry{name: names.DocMetricName, field: names.DocMetricName, kind: names.Keyword, values: metricNames()},
		entry{name: names.DocMetricType, field: names.DocMetricType, kind: names.Keyword, values: []string{"counter", "gauge"}},
		entry{name: names.DocMetricUnit, field: names.DocMetricUnit, kind: names.Keyword},
		entry{name: names.DocMetricValue, field: names.DocMetricValue, kind: names.Double},
	)
	for _, label := range names.Labels {
		var values []string
		if label == names.Queue {
			values = names.Queues
		}
		metrics = append(metrics, attribute(label, values))
	}
	return map[string]string{
		"vocabulary.yaml":         document("logs", "log lines", logs),
		"vocabulary-metrics.yaml": document("metrics", "metric points", metrics),
	}
}

// attribute is a field without a mapping of its own: a path within a flat_object,
// whose values are all keywords.
func attribute(name string, values []string) entry {
	return entry{name: name, field: names.Attributes + "." + name, kind: names.Keyword, values: values}
}

func eventNames() (all []string) {
	for _, e := range names.Events {
		all = append(all, e.Name)
	}
	return all
}

// metricNames are the names of the documents of metric points: a histogram is
// stored as two counters.
func metricNames() (all []string) {
	for _, m := range names.Metrics {
		if strings.HasPrefix(m.Brief, "Histogram") {
			all = append(all, m.Name+".count", m.Name+".sum")
		} else {
			all = append(all, m.Name)
		}
	}
	return all
}

// types are the vocabulary's types of OpenSearch's field types.
var types = map[names.Kind]string{
	names.Keyword: "keyword", names.Text: "text", names.DateNanos: "date", names.Boolean: "boolean",
	names.Integer: "integer", names.Long: "integer", names.Double: "double",
}

func document(name, of string, entries []entry) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Generated from telemetry/names and docs/openapi.yaml by go generate; change those, not this.\n"+
		"# The fields of %s.\napiVersion: jari.example/v1\nkind: Vocabulary\nmetadata: {name: %s}\nspec:\n  fields:\n", of, name)
	for _, e := range entries {
		fmt.Fprintf(&b, "    - name: %s\n      field: %s\n      type: %s\n", quoted(e.name), quoted(e.field), types[e.kind])
		for limit := range strings.SplitSeq(e.limits, ", ") {
			if limit != "" {
				fmt.Fprintf(&b, "      %s\n", limit)
			}
		}
		if e.shown {
			fmt.Fprintln(&b, "      show: true")
		}
		if len(e.values) > 0 {
			fmt.Fprintln(&b, "      values:")
		}
		for _, v := range e.values {
			fmt.Fprintf(&b, "        - %s\n", quoted(v))
		}
	}
	return b.String()
}

// quoted is s as YAML, in quotes where it begins with a sign of YAML's.
func quoted(s string) string {
	if strings.ContainsAny(s[:1], "@{[*&!|>%`") {
		return fmt.Sprintf("%q", s)
	}
	return s
}
