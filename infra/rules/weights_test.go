package rules

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"jari.example/telemetry/names"
)

// complete are the services of which every request has an access log line of its own.
// Of the others a line may stand for several (jari.weight), so counting their lines
// does not count their requests.
var complete = []string{names.ServiceGateway, names.ServiceEdge}

func TestObjectivesAndDashboardsCountOnlyCompleteAccessLogs(t *testing.T) {
	checked := map[string]int{}
	eachFile(t, ".yaml", func(file string, text []byte) {
		dir := filepath.Dir(file)
		if dir != "kibana/dashboards" && dir != "alerting/slos" {
			return
		}
		checked[dir]++
		if n := incompleteCounts(t, string(text)); n > 0 {
			t.Errorf("%s selects access log lines in %d places without {field: service.name, is: gateway} or edge: "+
				"those of other services do not count their requests, add up jari.weight", file, n)
		}
	})
	if len(checked) != 2 {
		t.Errorf("checked %v: the test looks in the wrong place", checked)
	}
}

func TestDetectsCountsOfIncompleteAccessLogs(t *testing.T) {
	const access = "{field: event.name, is: http.access}"
	for text, wrong := range map[string]bool{
		`where: [` + access + `]`: true,
		`where: [` + access + `, {field: service.name, is: reservation}]`:         true,
		`where: [` + access + `, {field: service.name, isNot: gateway}]`:          true,
		`where: [` + access + `, any: [{field: service.name, is: gateway}]]`:      true,
		"a: 1\n---\nwhere: [" + access + `]`:                                      true,
		"where: &x [" + access + "]\ntotal: [{field: service.name, is: gateway}]": true,
		`where: [` + access + `, {field: service.name, is: gateway}]`:             false,
		`where: [` + access + `, {field: service.name, is: edge}]`:                false,
		`where: [{field: event.name, is: process.heartbeat}]`:                     false,
		`where: [all: [` + access + `, {field: service.name, is: gateway}]]`:      false,
	} {
		if n := incompleteCounts(t, text); wrong != (n > 0) {
			t.Errorf("%s: found %d", text, n)
		}
	}
}

// incompleteCounts is the number of lists of conditions in YAML documents that select
// access log lines, but not those of a complete service.
func incompleteCounts(t *testing.T, text string) (n int) {
	t.Helper()
	documents := yaml.NewDecoder(strings.NewReader(text))
	for {
		var document any
		if documents.Decode(&document) != nil {
			return n
		}
		n += countIncomplete(document)
	}
}

func countIncomplete(v any) (n int) {
	switch v := v.(type) {
	case map[string]any:
		for _, member := range v {
			n += countIncomplete(member)
		}
	case []any:
		is := func(field string, values ...string) bool {
			return slices.ContainsFunc(v, func(c any) bool {
				condition, _ := c.(map[string]any)
				value, _ := condition["is"].(string)
				return condition["field"] == field && slices.Contains(values, value)
			})
		}
		if is(names.EventName, names.EventAccess) && !is(names.ServiceName, complete...) {
			n++
		}
		for _, member := range v {
			n += countIncomplete(member)
		}
	}
	return n
}
