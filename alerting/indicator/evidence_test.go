package indicator_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/opensearch-project/opensearch-go/v4"

	"jari.example/alerting/count"
	"jari.example/alerting/indicator/indicatortest"
	"jari.example/alerting/slo"
	"jari.example/telemetry/names"
)

// spanMapping is the mapping of our spans.
func spanMapping() map[string]any {
	properties := map[string]any{}
	for _, f := range names.Fields {
		properties[f.Doc] = map[string]any{"type": f.Kind}
	}
	for _, index := range names.Indices {
		for _, f := range index.Own {
			if index.Family == names.SpanIndex {
				properties[f.Doc] = map[string]any{"type": f.Kind}
			}
		}
	}
	return properties
}

// withSpans are the bookings of an index, with evidence from an index of spans.
func withSpans(index, spans string) slo.Indicator {
	i := bookings(index)
	i.Source.Evidence = &slo.EvidenceFields{
		Error: "error", Line: []string{"time", "path", "status", "error", "unknown"},
		Spans: &slo.Spans{
			Index: spans, TimeField: names.DocStartTime, Trace: names.DocTraceID, Span: names.DocSpanID, Parent: names.DocParentSpanID,
			Error: names.ErrorType, Peer: names.PeerService, LinkedTrace: "links.traceId", LinkedSpan: "links.spanId",
			Failed: where(names.DocStatusCode, slo.Is, int64(2)),
		},
	}
	return i
}

// shipped is a span as the agent ships it: the trace, its id and that of its parent, "" at
// a root, its peer and its error, "" when it has none.
func shipped(second int, trace, id, parent, peer, errorType string) map[string]any {
	code := 0
	if errorType != "" {
		code = 2
	}
	d := map[string]any{
		names.DocStartTime: ten.Add(time.Duration(second) * time.Second).Format(time.RFC3339Nano),
		names.DocTraceID:   trace, names.DocSpanID: trace + id, names.DocParentSpanID: parent, names.DocStatusCode: code,
	}
	if parent != "" {
		d[names.DocParentSpanID] = trace + parent
	}
	if errorType != "" {
		d[names.ErrorType] = errorType
	}
	if peer != "" {
		d[names.PeerService] = peer
	}
	return d
}

func linked(d map[string]any, trace, id string) map[string]any {
	d[names.DocLinks] = []map[string]any{{names.DocTraceID: trace, names.DocSpanID: trace + id}}
	return d
}

func failedIn(second int, trace string) map[string]any {
	return line(second, 503, map[string]any{"req": map[string]any{"trace": trace}, "error": "unavailable"})
}

func withError() map[string]any {
	m := map[string]any{"error": map[string]any{"type": "keyword"}, "user": map[string]any{"type": "keyword"}}
	for field, kind := range mapping {
		m[field] = kind
	}
	return m
}

// request are the spans of a request that fails, because a statement does.
func request(trace string) []map[string]any {
	return []map[string]any{
		shipped(1, trace, "gateway", "", "", "unavailable"),
		shipped(1, trace, "call", "gateway", "reservation", "503"),
		shipped(1, trace, "reservation", "call", "", "unavailable"),
		shipped(1, trace, "cache", "gateway", "redis", ""),
		shipped(2, trace, "insert", "reservation", "postgresql", "57P01"),
	}
}

// inTraces is the span with a prefix of its traces.
func inTraces(prefix string, d map[string]any) map[string]any {
	for _, id := range []string{names.DocTraceID, names.DocSpanID, names.DocParentSpanID} {
		if value, _ := d[id].(string); value != "" {
			d[id] = prefix + value
		}
	}
	if links, ok := d[names.DocLinks].([]map[string]any); ok {
		for _, link := range links {
			inTraces(prefix, link)
		}
	}
	return d
}

func TestTheDependencyIsThePeerOfTheDeepestFailingSpan(t *testing.T) {
	log, spans := indicatortest.NewIndex(t, withError()), indicatortest.NewIndex(t, spanMapping())
	second := 0
	for name, c := range map[string]struct {
		spans                 []map[string]any
		errorType, dependency string
	}{
		"a statement":           {request("a"), "57P01", "postgresql"},
		"no span":               {nil, "unavailable", ""},
		"no span has failed":    {[]map[string]any{shipped(1, "a", "gateway", "", "redis", "")}, "unavailable", ""},
		"a service that is off": {request("a")[:2], "503", "reservation"},
		"a service itself":      {request("a")[:3], "unavailable", "reservation"},
		"a call that succeeded in the end": {append(request("a"), shipped(1, "a", "first", "gateway", "user", "503")),
			"57P01", "postgresql"},
		"the earlier of two": {append(request("a"), shipped(1, "a", "search", "reservation", "search", "timeout")), "timeout", "search"},
		"a parent that was not stored": {[]map[string]any{request("a")[0], request("a")[1], request("a")[4]},
			"503", "reservation"},
		"a group commit in a trace of its own": {append(request("a")[:3],
			linked(shipped(1, "a", "wait", "reservation", "", ""), "batch", "commit"),
			linked(shipped(2, "batch", "commit", "", "", "x"), "a", "wait"),
			shipped(3, "batch", "insert", "commit", "postgresql", "57P01")), "57P01", "postgresql"},
		"the request that caused this one": {append(request("a")[:2],
			linked(shipped(2, "a", "mail", "gateway", "", ""), "before", "book"),
			shipped(1, "before", "book", "", "", "x"), shipped(1, "before", "deep", "book", "", "x"),
			shipped(1, "before", "deeper", "deep", "", "x"), shipped(1, "before", "deepest", "deeper", "", "x")), "503", "reservation"},
		"another trace": {append(request("a")[:2], request("b")...), "503", "reservation"},
		"spans of last week": {append(request("a")[:2], shipped(-7*24*3600, "a", "reservation", "call", "", "unavailable")),
			"503", "reservation"},
	} {
		t.Run(name, func(t *testing.T) {
			second++ // and traces of its own for each case
			log.Add(failedIn(second, name+"a"))
			for n := range c.spans {
				inTraces(name, c.spans[n])
			}
			spans.Add(c.spans...)
			period := count.Span{From: ten.Add(time.Duration(second) * time.Second), To: ten.Add(time.Duration(second+1) * time.Second)}
			got, err := source(t, log.Server).FindEvidence(t.Context(), withSpans(log.Index, spans.Index), period)
			if err != nil || got.ErrorType != c.errorType || got.Dependency != c.dependency {
				t.Errorf("got %q of %q, %v, want %q of %q", got.ErrorType, got.Dependency, err, c.errorType, c.dependency)
			}
		})
	}
}

func TestTheMostFrequentCauseOfTheTracesIsNamedAndItsTracesComeFirst(t *testing.T) {
	log, spans := indicatortest.NewIndex(t, withError()), indicatortest.NewIndex(t, spanMapping())
	for second, trace := range []string{"a", "b", "c", "d"} {
		log.Add(failedIn(second, trace))
		if trace == "b" || trace == "a" {
			spans.Add(request(trace)...)
		}
	}
	spans.Add(request("c")[:2]...) // d has none
	got, err := source(t, log.Server).FindEvidence(t.Context(), withSpans(log.Index, spans.Index), minutes(0, 1))
	if want := []string{"b", "a", "d"}; err != nil || got.Dependency != "postgresql" || !slices.Equal(got.Traces, want) {
		t.Errorf("got %+v, %v, want the traces %q", got, err, want)
	}
}

func TestTracesAreThreeDifferentOnesOfBadEventsLatestFirst(t *testing.T) {
	log := indicatortest.NewIndex(t, mapping)
	for second, trace := range []string{"a", "b", "b", "c", "", "d"} {
		log.Add(line(second, 503, map[string]any{"req": map[string]any{"trace": trace}}))
	}
	log.Add(line(6, 503, nil))
	log.Add(line(7, 201, map[string]any{"req": map[string]any{"trace": "good"}}))
	log.Add(line(60, 503, map[string]any{"req": map[string]any{"trace": "after"}}))
	got, err := source(t, log.Server).FindEvidence(t.Context(), bookings(log.Index), minutes(0, 1))
	if want := []string{"d", "c", "b"}; err != nil || !slices.Equal(got.Traces, want) {
		t.Errorf("got %+v, %v, want %q", got, err, want)
	}
	if got.LogLine != "" || got.ErrorType != "" {
		t.Errorf("shows what the data source does not name: %+v", got)
	}
}

// In a storm most bad events, and the latest ones nearly always, have a trace whose spans
// were not kept.
func TestTracesThatAreKeptComeBeforeLaterOnes(t *testing.T) {
	log := indicatortest.NewIndex(t, mapping)
	for second, kept := range []any{true, false, true, false, nil, false} {
		log.Add(line(second, 503, map[string]any{"req": map[string]any{"trace": string(rune('a' + second))}, "read": kept}))
	}
	i := bookings(log.Index)
	for field, want := range map[string][]string{"read": {"c", "a", "f"}, "": {"f", "e", "d"}, "unmapped": {"f", "e", "d"}} {
		i.Source.Evidence = &slo.EvidenceFields{Kept: field}
		got, err := source(t, log.Server).FindEvidence(t.Context(), i, minutes(0, 1))
		if err != nil || !slices.Equal(got.Traces, want) {
			t.Errorf("with %q got %+v, %v, want %q", field, got, err, want)
		}
	}
}

// What somebody has who runs alertingd alone: lines without traces and without spans.
func TestAForeignLogHasALineAndNothingElse(t *testing.T) {
	log := indicatortest.NewIndex(t, withError())
	i := bookings(log.Index)
	i.Source.TraceField, i.Source.Evidence = "", &slo.EvidenceFields{Line: []string{"path", "status"}}
	find := func() slo.Evidence {
		t.Helper()
		got, err := source(t, log.Server).FindEvidence(t.Context(), i, minutes(0, 1))
		if err != nil || got.ErrorType != "" || got.Dependency != "" || got.Traces != nil {
			t.Errorf("got %+v, %v", got, err)
		}
		return got
	}
	if got := find(); got.LogLine != "" {
		t.Errorf("a line of no event: %q", got.LogLine)
	}
	log.Add(line(1, 201, nil), line(2, 503, nil))
	if got := find(); got.LogLine != "path=/book status=503" {
		t.Errorf("got %q", got.LogLine)
	}
	i.Source.Index += "-x*"
	if got := find(); got.LogLine != "" {
		t.Errorf("a line of no index: %q", got.LogLine)
	}
	// Nothing to show: no search either.
	i.Source.Evidence = nil
	stopped := httptest.NewServer(nil)
	stopped.Close()
	if got, err := source(t, stopped.URL).FindEvidence(t.Context(), i, minutes(0, 1)); err != nil {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestTheLogLineHasTheMostFrequentErrorAndOnlyTheFieldsThatMayBeShown(t *testing.T) {
	log := indicatortest.NewIndex(t, withError())
	const hostile = "a \"b\"=\n<!channel> @here"
	add := func(second int, errorType string, change map[string]any) {
		change["error"], change["user"] = errorType, "kim@example.com"
		log.Add(line(second, 503, change))
	}
	add(1, "timeout", map[string]any{"place": hostile})
	add(2, "timeout", map[string]any{"place": hostile, "seconds": 0.25})
	add(3, "refused", map[string]any{})
	i := bookings(log.Index)
	i.Source.Evidence = &slo.EvidenceFields{Error: "error", Line: []string{"seconds", "place", "status", "read", "missing"}}
	got, err := source(t, log.Server).FindEvidence(t.Context(), i, minutes(0, 1))
	want := `seconds=0.25 place="a \"b\"=\n<!channel> @here" status=503 read=true`
	if err != nil || got.LogLine != want || got.ErrorType != "timeout" {
		t.Errorf("got %+v, %v, want %q", got, err, want)
	}
	i.Source.Evidence.Line = []string{"place"}
	for range 20 {
		i.Source.Evidence.Line = append(i.Source.Evidence.Line, "place")
	}
	add(4, "timeout", map[string]any{"place": strings.Repeat("예약", 100)})
	got, err = source(t, log.Server).FindEvidence(t.Context(), i, minutes(0, 1))
	if first, _, _ := strings.Cut(got.LogLine, " "); err != nil || utf8.RuneCountInString(got.LogLine) != 400 ||
		utf8.RuneCountInString(first) != len("place=")+80 || !strings.HasSuffix(first, "…") {
		t.Errorf("got %q, %v", got.LogLine, err)
	}
}

// PostgreSQL cannot store NUL, so an incident with it could be neither opened nor updated.
func TestEvidenceWithNULCanBeStored(t *testing.T) {
	log, spans := indicatortest.NewIndex(t, withError()), indicatortest.NewIndex(t, spanMapping())
	i := withSpans(log.Index, spans.Index)
	event := failedIn(1, "t\x001")
	event["error"] = "time\x00out"
	log.Add(event)
	got, err := source(t, log.Server).FindEvidence(t.Context(), i, minutes(0, 1))
	if err != nil || got.ErrorType != "time\uFFFDout" || !slices.Equal(got.Traces, []string{"t\uFFFD1"}) ||
		strings.Contains(got.LogLine, "\x00") {
		t.Errorf("without spans: %+v, %v", got, err)
	}
	spans.Add(shipped(1, "t\x001", "a", "", "post\x00gres", "57\x00P01"))
	got, err = source(t, log.Server).FindEvidence(t.Context(), i, minutes(0, 1))
	if err != nil || got.ErrorType != "57\uFFFDP01" || got.Dependency != "post\uFFFDgres" {
		t.Errorf("with spans: %+v, %v", got, err)
	}
}

func TestEveryEventOfAnAlertIsEvidence(t *testing.T) {
	log := indicatortest.NewIndex(t, mapping)
	log.Add(line(1, 503, map[string]any{"req": map[string]any{"trace": "a"}}))
	i := bookings(log.Index)
	i.Total, i.Bad = where("status", slo.Is, int64(503)), slo.Condition{}
	if got, err := source(t, log.Server).FindEvidence(t.Context(), i, minutes(0, 1)); err != nil || !slices.Equal(got.Traces, []string{"a"}) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestWhatEventsSayIsKeptWhenTheSearchForSpansFails(t *testing.T) {
	log, spans := indicatortest.NewIndex(t, withError()), indicatortest.NewIndex(t, spanMapping())
	log.Add(failedIn(3, "a"))
	spans.Add(request("a")...)
	to, err := url.Parse(log.Server)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, spans.Index) {
			http.Error(w, `{"error": {"type": "x", "reason": "y"}, "status": 429}`, http.StatusTooManyRequests)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	defer server.Close()
	got, err := source(t, server.URL).FindEvidence(t.Context(), withSpans(log.Index, spans.Index), minutes(0, 1))
	refused := &opensearch.StructError{}
	if !errors.As(err, &refused) || got.ErrorType != "unavailable" || got.LogLine == "" || !slices.Equal(got.Traces, []string{"a"}) {
		t.Errorf("got %+v, %v", got, err)
	}
}
