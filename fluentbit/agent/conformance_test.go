package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"jari.example/fluentbit/record"
	"jari.example/telemetry/names"
)

// Each request of ../testdata/otlp goes through the Collector's conversion, and the
// chunks that Fluent Bit 5.1.1 made of the same request go through the plugin's
// decoder.
func TestBothAgentsMakeTheSameDocuments(t *testing.T) {
	for _, c := range conformanceCases {
		t.Run(c.chunk, func(t *testing.T) {
			request, err := os.ReadFile("../testdata/otlp/" + c.request() + ".json")
			if err != nil {
				t.Fatal(err)
			}
			chunk, err := os.ReadFile("../testdata/otlp/" + c.chunk + ".msgpack")
			if err != nil {
				t.Fatal(err)
			}
			records, _ := record.Decode(chunk) // unreadable parts become documents, too
			collector := byHandle(identifiedDocuments(collectorRecords(t, request, arrivalTime(records))))
			compare(t, collector, byHandle(identifiedDocuments(records)), c.known)
		})
	}
}

// arrivalTime returns when the agent received the request, if the chunk says so; few do.
func arrivalTime(records []record.Record) time.Time {
	if records[0].Signal == record.Span && !records[0].Received.IsZero() {
		return records[0].Received
	}
	return time.Unix(1795343925, 0).UTC() // just after the times in the requests
}

// collectorRecords returns the records that the Collector's exporter makes of a request.
func collectorRecords(t *testing.T, request []byte, received time.Time) []record.Record {
	t.Helper()
	switch {
	case strings.Contains(string(request[:20]), "resourceLogs"):
		ld, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(request)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range ld.ResourceLogs().All() {
			setReceived(r.Resource(), received)
		}
		return logRecords(ld)
	case strings.Contains(string(request[:20]), "resourceSpans"):
		td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(request)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range td.ResourceSpans().All() {
			setReceived(r.Resource(), received)
		}
		return spanRecords(td)
	}
	md, err := (&pmetric.JSONUnmarshaler{}).UnmarshalMetrics(request)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range md.ResourceMetrics().All() {
		setReceived(r.Resource(), received)
	}
	return metricRecords(md)
}

func identifiedDocuments(records []record.Record) []record.Document {
	record.Identify(records)
	return record.Documents(records)
}

// document holds every field of a document by its path, including its index and id.
type document map[string]string

// byHandle returns the fields of documents by a readable handle, since the id is one of
// the fields to compare.
func byHandle(docs []record.Document) map[string]document {
	all := map[string]document{}
	for _, d := range docs {
		var body map[string]any
		dec := json.NewDecoder(strings.NewReader(string(d.Body)))
		dec.UseNumber()
		if err := dec.Decode(&body); err != nil {
			panic(fmt.Sprintf("%v: %s", err, d.Body))
		}
		name, doc := handle(d.Index, body), flatten(d.Index, d.ID, body)
		for all[name] != nil && !maps.Equal(all[name], doc) { // equal lines, by their order
			name += " again"
		}
		all[name] = doc
	}
	return all
}

func flatten(index, id string, body map[string]any) document {
	out := document{"_index": index, "_id": id}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		if m, ok := v.(map[string]any); ok && len(m) > 0 {
			for k, v := range m {
				walk(path+"/"+k, v)
			}
			return
		}
		text, _ := json.Marshal(v) // a decoded value always marshals
		out[strings.TrimPrefix(path, "/")] = string(text)
	}
	walk("", body)
	return out
}

func handle(index string, body map[string]any) string {
	field := func(name string) string { s, _ := body[name].(string); return s }
	switch {
	case strings.Contains(index, names.SpanIndex):
		return "span " + field(names.DocSpanID)
	case strings.Contains(index, names.ServiceMapIndex):
		return "edge " + fmt.Sprint(body[names.DocServiceName], body[names.DocKind], body[names.DocTarget], body[names.DocDestination])
	case strings.Contains(index, names.MetricIndex):
		_, nanoseconds, _ := strings.Cut(field(names.DocTime), ".233774") // the date before it may be moved to today
		return "point " + field(names.DocMetricName) + " " + nanoseconds
	case strings.Contains(index, names.DeadLetterIndex):
		return "dead letter " + field(names.DocRefusedReason)
	case field(names.DocSpanID) != "":
		return "log of span " + field(names.DocSpanID)
	}
	return "log " + field(names.Body)
}

// difference is a field that the agents write differently, and the reason why that
// cannot be changed. An empty field means the whole document; document may end in *.
type difference struct{ document, field, why string }

func (d difference) covers(document, field string) bool {
	start, any := strings.CutSuffix(d.document, "*")
	return d.field == field && (document == d.document || any && strings.HasPrefix(document, start))
}

// compare reports every difference that is not known, and every known one that no
// longer exists.
func compare(t *testing.T, collector, fluentBit map[string]document, known []difference) {
	t.Helper()
	for _, d := range differences(collector, fluentBit, known) {
		t.Error(d)
	}
}

func differences(collector, fluentBit map[string]document, known []difference) (out []string) {
	found := map[[2]string]string{}
	for doc, a := range collector {
		b, ok := fluentBit[doc]
		if !ok {
			found[[2]string{doc, ""}] = "only the Collector has it"
			continue
		}
		all := maps.Clone(a)
		maps.Copy(all, b)
		for field := range all {
			if a[field] != b[field] {
				found[[2]string{doc, field}] = fmt.Sprintf("%.120s by the Collector, %.120s by Fluent Bit", a[field], b[field])
			}
		}
	}
	for doc := range fluentBit {
		if collector[doc] == nil {
			found[[2]string{doc, ""}] = "only Fluent Bit has it"
		}
	}
	for _, k := range known {
		covers := func(at [2]string) bool { return k.covers(at[0], at[1]) }
		if !slices.ContainsFunc(slices.Collect(maps.Keys(found)), covers) {
			out = append(out, fmt.Sprintf("%s: %q is no longer different: remove it from the known differences (%s)", k.document, k.field, k.why))
		}
	}
	for at, how := range found {
		if !slices.ContainsFunc(known, func(k difference) bool { return k.covers(at[0], at[1]) }) {
			out = append(out, fmt.Sprintf("%s: %q: %s", at[0], at[1], how))
		}
	}
	slices.Sort(out)
	return out
}

// The negative control: a changed field, a missing document and a known difference that
// no longer exists are each reported.
func TestCompareReportsDifferences(t *testing.T) {
	for name, c := range map[string]struct {
		change func(map[string]document)
		known  []difference
		want   int
	}{
		"no change":          {func(map[string]document) {}, nil, 0},
		"a changed value":    {func(all map[string]document) { all["span 01"]["name"] = `"x"` }, nil, 1},
		"a changed id":       {func(all map[string]document) { all["span 01"]["_id"] = "x" }, nil, 1},
		"a surplus field":    {func(all map[string]document) { all["span 01"]["attributes/x"] = "1" }, nil, 1},
		"a missing field":    {func(all map[string]document) { delete(all["span 01"], "name") }, nil, 1},
		"a missing document": {func(all map[string]document) { delete(all, "span 01") }, nil, 1},
		"a surplus document": {func(all map[string]document) { all["span 02"] = document{} }, nil, 1},
		"a known difference": {
			func(all map[string]document) { all["span 01"]["name"] = `"x"` }, []difference{{"span 01", "name", "known"}}, 0,
		},
		"a known difference that no longer exists": {func(map[string]document) {}, []difference{{"span 01", "name", "known"}}, 1},
	} {
		all := func() map[string]document {
			return map[string]document{"span 01": flatten("i", "d", map[string]any{"name": "op", "attributes": map[string]any{"n": 1}})}
		}
		changed := all()
		c.change(changed)
		if got := differences(all(), changed, c.known); len(got) != c.want {
			t.Errorf("%s: %d differences, want %d: %q", name, len(got), c.want, got)
		}
	}
}
