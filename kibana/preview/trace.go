package preview

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"jari.example/kibana/board"
	"jari.example/telemetry/names"
)

// Trace is one trace: its spans in the order of the tree, and its log lines.
type Trace struct {
	ID        string
	Start     time.Time
	Duration  time.Duration
	Spans     []Span
	Lines     []Line
	Truncated bool // there are more spans or lines than maxTrace
}

// Span is one line of the waterfall.
type Span struct {
	ID, Parent, Name, Service, Kind string
	Start                           time.Time
	Duration                        time.Duration
	Failed                          bool
	Depth                           int
	Target                          string   // the SQL statement, peer service or route
	Links                           []string // ids of linked traces
}

// Line is one log line.
type Line struct {
	Time                               time.Time
	Severity, Service, Body, Exception string
}

// maxTrace limits the spans and the lines of a trace that are read.
const maxTrace = 1000

// Trace reads a trace. An unknown trace has no spans and no lines.
func (s *Source) Trace(ctx context.Context, id string) (Trace, error) {
	t := Trace{ID: id}
	spans, more, err := s.documents(ctx, board.Spans, id)
	if err != nil {
		return t, err
	}
	lines, moreLines, err := s.documents(ctx, board.Logs, id)
	if err != nil {
		return t, err
	}
	t.Truncated = more || moreLines
	for _, d := range lines {
		t.Lines = append(t.Lines, Line{
			d.time(names.DocTime), d.text("severity.text"), d.text(names.DocServiceName), d.text(names.Body), d.text(names.Exception)})
	}
	for _, d := range spans {
		t.Spans = append(t.Spans, newSpan(d))
	}
	t.arrange()
	return t, nil
}

func newSpan(d document) Span {
	sp := Span{
		ID: d.text(names.DocSpanID), Parent: d.text(names.DocParentSpanID), Name: d.text(names.DocSpanName),
		Service: d.text(names.DocServiceName), Kind: d.text(names.DocKind), Start: d.time(names.DocStartTime),
		Duration: time.Duration(d.number(names.DocDuration)), Failed: d.number(names.DocStatusCode) == 2,
		Target: cmp.Or(d.text(names.DBQuerySummary), d.text(names.PeerService), d.text(names.HTTPRoute)),
	}
	links, _ := d[names.DocLinks].([]any)
	for _, l := range links {
		link, _ := l.(map[string]any)
		if id := document(link).text(names.DocTraceID); traceID.MatchString(id) {
			sp.Links = append(sp.Links, id)
		}
	}
	return sp
}

// arrange sorts children below their parents, and sets the start and duration of the
// trace. A span whose parent is missing becomes a root.
func (t *Trace) arrange() {
	if len(t.Spans) == 0 {
		return
	}
	children, known := map[string][]Span{}, map[string]bool{}
	end := t.Spans[0].Start
	t.Start = t.Spans[0].Start
	for _, s := range t.Spans {
		known[s.ID] = true
		if s.Start.Before(t.Start) {
			t.Start = s.Start
		}
		if e := s.Start.Add(s.Duration); e.After(end) {
			end = e
		}
	}
	t.Duration = end.Sub(t.Start)
	for _, s := range t.Spans {
		if !known[s.Parent] || s.Parent == s.ID {
			s.Parent = ""
		}
		children[s.Parent] = append(children[s.Parent], s)
	}
	var ordered []Span
	var walk func(parent string, depth int)
	walk = func(parent string, depth int) {
		below := children[parent]
		delete(children, parent) // ends the recursion in a cycle
		slices.SortStableFunc(below, func(a, b Span) int { return a.Start.Compare(b.Start) })
		for _, s := range below {
			s.Depth = depth
			ordered = append(ordered, s)
			walk(s.ID, depth+1)
		}
	}
	walk("", 0)
	t.Spans = ordered
}

// Offset is the start of the span within the trace, in percent of its duration.
func (t Trace) Offset(s Span) float64 { return percent(s.Start.Sub(t.Start), t.Duration) }

// Width is the duration of the span in percent of the trace's, at least 0.3, so
// that every span is visible.
func (t Trace) Width(s Span) float64 { return max(percent(s.Duration, t.Duration), 0.3) }

func percent(part, whole time.Duration) float64 {
	if whole <= 0 {
		return 0
	}
	return 100 * float64(part) / float64(whole)
}

// document is the source of a document. Field names with dots are not nested.
type document map[string]any

func (d document) text(name string) string {
	s, _ := d[name].(string)
	return s
}

func (d document) number(name string) float64 {
	n, _ := d[name].(float64)
	return n
}

func (d document) time(name string) time.Time {
	t, _ := time.Parse(time.RFC3339Nano, d.text(name))
	return t
}

// documents reads the documents with the trace's id, oldest first.
func (s *Source) documents(ctx context.Context, i board.Index, id string) (out []document, more bool, err error) {
	family := i.Family()
	body, err := json.Marshal(map[string]any{
		"size": maxTrace, "track_total_hits": maxTrace + 1,
		"query": map[string]any{"term": map[string]any{names.DocTraceID: id}},
		"sort":  []any{map[string]any{family.Time: map[string]any{"order": "asc", "unmapped_type": names.DateNanos}}},
	})
	if err != nil {
		return nil, false, err
	}
	resp, err := s.search(ctx, board.Search{Indices: s.prefix + family.Pattern(), Body: body})
	if err != nil {
		return nil, false, fmt.Errorf("trace %s: %w", id, err)
	}
	for _, h := range resp.Hits.Hits {
		var d document
		if err := json.Unmarshal(h.Source, &d); err != nil {
			return nil, false, fmt.Errorf("trace %s: %w", id, err)
		}
		out = append(out, d)
	}
	return out, resp.Hits.Total.Value > len(resp.Hits.Hits), nil
}
