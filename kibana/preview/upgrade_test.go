package preview_test

import (
	"crypto/rand"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"jari.example/kibana/board"
	"jari.example/kibana/preview"
	"jari.example/telemetry/names"
	"jari.example/telemetry/names/realpart"
)

// The documents of the previous version: after an upgrade, today's dashboards,
// objectives and searches must still find them. Three bookings at the gateway
// (201, 409 slot_full, 503), with an error line, a heartbeat, spans and metric
// points, as the shippers wrote them. testdata/previous-version/README.md says
// when to replace them.
const previousVersion = "testdata/previous-version/documents.ndjson"

// Their day and the trace of the 201.
var (
	previousDay   = time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
	previousTrace = "b4eb1e99789c53864635ac87c95e9d9c"
)

// previous is the documents of the previous version, indexed with today's
// templates under a prefix.
type previous struct {
	*preview.Source
	url, prefix string
}

func indexPrevious(t *testing.T, change func(documents string) string) previous {
	t.Helper()
	url, prefix := realpart.Need(t, realpart.OpenSearch), "t"+strings.ToLower(rand.Text()[:10])+"-"
	for template, family := range map[string]string{
		"logs": names.LogIndex, "spans": names.SpanIndex, "metrics": names.MetricIndex,
	} {
		index := url + "/" + prefix + names.Daily(family, previousDay)
		call(t, "PUT", index, todaysTemplate(t, template))
		t.Cleanup(func() { call(t, "DELETE", index, nil) })
	}
	documents, err := os.ReadFile(previousVersion)
	if err != nil {
		t.Fatal(err)
	}
	bulk := strings.ReplaceAll(change(string(documents)), `{"create":{"_index":"`, `{"create":{"_index":"`+prefix)
	if response := call(t, "POST", url+"/_bulk?refresh=true", []byte(bulk)); !strings.Contains(response, `"errors":false`) {
		t.Fatalf("bulk: %s", response)
	}
	source, err := preview.Open(url, prefix)
	if err != nil {
		t.Fatal(err)
	}
	return previous{source, url, prefix}
}

// todaysTemplate is the settings and mappings of an index template that the
// shippers install.
func todaysTemplate(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("../../fluentbit/ship/templates/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var index struct{ Template json.RawMessage }
	if err := json.Unmarshal(text, &index); err != nil {
		t.Fatal(err)
	}
	return index.Template
}

func unchanged(documents string) string { return documents }

// count is how many documents of an index family have the value in the field.
func (p previous) count(t *testing.T, family, field, value string) int {
	t.Helper()
	query, err := json.Marshal(map[string]any{"query": map[string]any{"term": map[string]any{field: value}}})
	if err != nil {
		t.Fatal(err)
	}
	var result struct{ Count int }
	if err := json.Unmarshal([]byte(call(t, "POST", p.url+"/"+p.prefix+family+"*/_count", query)), &result); err != nil {
		t.Fatal(err)
	}
	return result.Count
}

// objective is a panel that counts as an objective of alerting does: total, and in
// place of good the bad ones.
func objective(t *testing.T, name string) *board.Panel {
	t.Helper()
	type source struct {
		MetricSource struct {
			Spec struct {
				Where []board.Condition `yaml:"where"`
			} `yaml:"spec"`
		} `yaml:"metricSource"`
	}
	var slo struct {
		Spec struct {
			Indicator struct {
				Spec struct {
					RatioMetric struct {
						Total source `yaml:"total"`
						Bad   source `yaml:"bad"`
					} `yaml:"ratioMetric"`
				} `yaml:"spec"`
			} `yaml:"indicator"`
		} `yaml:"spec"`
	}
	text, err := os.ReadFile("../../alerting/slos/" + name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &slo); err != nil { // the first document of the file
		t.Fatal(err)
	}
	ratio := slo.Spec.Indicator.Spec.RatioMetric
	return &board.Panel{
		ID: name, Type: board.Ratio, Index: board.Logs,
		Total: ratio.Total.MetricSource.Spec.Where, Good: ratio.Bad.MetricSource.Spec.Where,
	}
}

func TestDashboardsFindTheDocumentsOfThePreviousVersion(t *testing.T) {
	s := indexPrevious(t, unchanged)
	for _, p := range bookings(t).Panels {
		if err := checkPanel(t.Context(), s.Source, p, previousDay, previousDay.AddDate(0, 0, 1)); err != nil {
			t.Error(err)
		}
	}
}

// The documents are bookings, so only the objectives of bookings count them.
func TestObjectivesCountTheDocumentsOfThePreviousVersion(t *testing.T) {
	s := indexPrevious(t, unchanged)
	for name, want := range map[string][2]float64{ // bad, total
		"booking-availability": {1, 3},
		"booking-latency":      {0, 2}, // without the 503
	} {
		got, err := s.Run(t.Context(), objective(t, name), previousDay, previousDay.AddDate(0, 0, 1))
		if err != nil || len(got.Rows) != 1 || got.Rows[0][0] != want[0] || got.Rows[0][1] != want[1] {
			t.Errorf("%s: got %v, %v; want %v bad of %v", name, got.Rows, err, want[0], want[1])
		}
	}
}

func TestSearchesFindTheDocumentsOfThePreviousVersion(t *testing.T) {
	s := indexPrevious(t, unchanged)
	trace, err := s.Trace(t.Context(), previousTrace)
	if err != nil || len(trace.Spans) != 2 || len(trace.Lines) != 1 || trace.Spans[1].Depth != 1 || trace.Spans[1].Target == "" {
		t.Errorf("the trace is %+v, %v", trace, err)
	}
	for _, c := range []struct {
		family, field, value string
		want                 int
	}{
		{names.LogIndex, names.EventName, names.EventHeartbeat, 1},
		{names.SpanIndex, names.DocSpanName, "POST /v1/reservations", 3},
		{names.MetricIndex, names.DocMetricName, names.MetricHTTPServer + ".count", 1},
	} {
		if got := s.count(t, c.family, c.field, c.value); got != c.want {
			t.Errorf("%s: %s = %s finds %d documents, want %d", c.family, c.field, c.value, got, c.want)
		}
	}
}

// Negative control: if the previous version had written any one of the fields
// under another name, a panel would not find it.
func TestAFieldThatWasRenamedIsDetected(t *testing.T) {
	used := map[string]bool{}
	for _, p := range bookings(t).Panels {
		for _, name := range fields(p) {
			field, ok := p.Index.Resolve(name)
			if !ok {
				t.Fatalf("panel %s: there is no field %s", p.ID, name)
			}
			used[field.Doc] = true
		}
	}
	for name := range used {
		t.Run(name, func(t *testing.T) {
			s := indexPrevious(t, func(documents string) string {
				return strings.ReplaceAll(documents, `"`+name+`":`, `"previous.`+name+`":`)
			})
			for _, p := range bookings(t).Panels {
				if checkPanel(t.Context(), s.Source, p, previousDay, previousDay.AddDate(0, 0, 1)) != nil {
					return
				}
			}
			t.Error("every panel passes")
		})
	}
}
