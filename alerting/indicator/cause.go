package indicator

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/slo"
)

const (
	maxSpans  = 2000 // that are read of the traces; those that have failed first
	maxLinked = 20   // traces that these are linked to
	failed    = "failed"
	// spanSlack is how much earlier or later than the bad events their spans may begin.
	// A request is logged at its end.
	spanSlack = 10 * time.Minute
)

// cause is what the deepest failing span of a trace says.
type cause struct{ errorType, peer string }

// span is one of a trace.
type span struct {
	trace, id, parent      string
	cause                  // also of a span that has not failed
	start                  time.Time
	failed                 bool
	linkedTo, linkedTraces []any // spans of other traces, and these; in any order
	fields                 fields
	duration               float64
}

// causes returns the most frequent cause of the traces, the zero value when nothing has
// failed, and the traces again, those with that cause first.
func (o *OpenSearch) causes(ctx context.Context, s slo.Spans, traces []string, period count.Span) (cause, []string, error) {
	spans, err := o.spansOf(ctx, s, traces, period, readLimits{spans: maxSpans, linked: maxLinked})
	if err != nil {
		return cause{}, traces, err
	}
	of, times := map[string]cause{}, map[cause]int{}
	var most cause
	for _, id := range traces {
		c, ok := deepest(spans, id)
		if !ok {
			continue
		}
		of[id] = c
		if times[c]++; times[c] > times[most] {
			most = c
		}
	}
	if most != (cause{}) {
		slices.SortStableFunc(traces, func(a, b string) int { return cmp.Compare(rank(of[a] == most), rank(of[b] == most)) })
	}
	return most, traces, nil
}

func rank(first bool) int {
	if first {
		return 0
	}
	return 1
}

// readLimits is what is read of spans.
type readLimits struct {
	spans, linked int
	also          []string // fields
	// whole: a trace of which not all spans fit is left out. Otherwise spans that have
	// failed are read before others.
	whole bool
}

// spansOf reads the spans of traces, and those of the traces that they are linked to.
func (o *OpenSearch) spansOf(ctx context.Context, s slo.Spans, traces []string, period count.Span, l readLimits) ([]span, error) {
	spans, err := o.spans(ctx, s, traces, period, l)
	if err != nil {
		return nil, err
	}
	var linked []string
	for _, sp := range spans {
		for _, id := range sp.linkedTraceIDs() {
			if !slices.Contains(traces, id) && !slices.Contains(linked, id) && len(linked) < l.linked {
				linked = append(linked, id)
			}
		}
	}
	if len(linked) == 0 {
		return spans, nil
	}
	others, err := o.spans(ctx, s, linked, period, l)
	return append(spans, others...), err
}

func (sp span) linkedTraceIDs() (ids []string) {
	for _, one := range sp.linkedTraces {
		ids = append(ids, fmt.Sprint(one))
	}
	return ids
}

// spans reads the spans of traces.
func (o *OpenSearch) spans(ctx context.Context, s slo.Spans, traces []string, period count.Span, l readLimits) ([]span, error) {
	period = count.Span{From: period.From.Add(-spanSlack), To: period.To.Add(spanSlack)}
	response, err := o.search(ctx, patterns(s.Index), spansQuery(s, traces, period, l))
	if err != nil {
		return nil, err
	}
	all := make([]span, 0, len(response.Hits.Hits))
	for _, hit := range response.Hits.Hits {
		var f fields
		if err := unmarshal(hit.Fields, &f); err != nil {
			return nil, err
		}
		one := span{
			trace: f.first(s.Trace), id: f.first(s.Span), parent: f.first(s.Parent),
			cause: cause{f.first(s.Error), f.first(s.Peer)}, failed: slices.Contains(hit.MatchedQueries, failed),
			linkedTo: f[s.LinkedSpan], linkedTraces: f[s.LinkedTrace], fields: f,
		}
		if one.start, err = time.Parse(time.RFC3339Nano, f.first(s.TimeField)); err != nil {
			return nil, fmt.Errorf("the start of a span: %w", err)
		}
		if s.Duration != "" {
			one.duration, _ = strconv.ParseFloat(f.first(s.Duration), 64) // 0 without one
		}
		all = append(all, one)
	}
	if l.whole && len(all) == l.spans {
		last := all[len(all)-1].trace
		all = slices.DeleteFunc(all, func(sp span) bool { return sp.trace == last })
	}
	return all, nil
}

// spansQuery finds the spans of traces, and which of them have failed.
func spansQuery(s slo.Spans, traces []string, period count.Span, l readLimits) object {
	have := []any{object{"field": s.TimeField, "format": "strict_date_optional_time_nanos"}}
	for _, name := range append([]string{s.Trace, s.Span, s.Parent, s.Error, s.Peer, s.LinkedTrace, s.LinkedSpan, s.Duration}, l.also...) {
		if name != "" && !slices.Contains(have, any(name)) {
			have = append(have, name)
		}
	}
	query := object{
		"size": l.spans, "_source": false, "fields": have,
		"query": object{"bool": object{
			"filter": []object{{"terms": object{s.Trace: traces}}, timeRange(slo.Source{TimeField: s.TimeField}, period)},
			// A score of 1 for those that have failed, of 0 for others: they come first.
			"should": []object{{"constant_score": object{"filter": condition(s.Failed), "_name": failed}}},
		}},
	}
	if l.whole {
		query["sort"] = []object{{s.Trace: object{"order": "asc", "unmapped_type": "keyword"}}}
	}
	return query
}

// deepest is the cause of the failure of a trace: that of its failing span with the
// most ancestors. A span of another trace that one of its spans has caused is its
// child, too. What the span itself does not say, its nearest failing ancestor does.
// ok is false if none has failed.
func deepest(spans []span, trace string) (c cause, ok bool) {
	path, ok := deepestPath(spans, trace)
	for _, sp := range path {
		if sp.failed {
			c = cause{cmp.Or(c.errorType, sp.errorType), cmp.Or(c.peer, sp.peer)}
		}
	}
	return c, ok
}

// deepestPath is the failing span of the trace with the most ancestors, and these, up to
// the root.
func deepestPath(spans []span, trace string) (path []span, ok bool) {
	byID, parents := tree(spans, trace)
	most := -1
	for _, sp := range spans {
		if !sp.failed {
			continue
		}
		up, own := ancestors(sp, trace, byID, parents)
		if !own {
			continue
		}
		if len(up) > most || len(up) == most && sp.start.Before(path[0].start) {
			most, path = len(up), up
		}
	}
	return path, most >= 0
}

// tree returns the spans and the parents of spans, by their ids. A span of another trace
// that one of the trace's has caused is its child, too.
func tree(spans []span, trace string) (byID map[string]span, parents map[string]string) {
	byID = map[string]span{}
	for _, sp := range spans {
		byID[sp.id] = sp
	}
	parents = map[string]string{}
	for _, sp := range spans {
		if sp.parent != "" {
			parents[sp.id] = sp.parent
		}
		if sp.trace != trace {
			continue
		}
		for _, id := range sp.linkedTo {
			// A link may also lead to what has caused the span, which began earlier.
			if other, ok := byID[fmt.Sprint(id)]; ok && other.trace != trace && !other.start.Before(sp.start) {
				parents[other.id] = sp.id
			}
		}
	}
	return byID, parents
}

// ancestors are the span and its ancestors, up to one that was not read. own is false for
// those of another trace's tree. Links could form a circle.
func ancestors(sp span, trace string, byID map[string]span, parents map[string]string) (up []span, own bool) {
	seen := map[string]bool{}
	for at, known := sp, true; known && !seen[at.id]; at, known = byID[parents[at.id]] {
		up, seen[at.id] = append(up, at), true
	}
	return up, up[len(up)-1].trace == trace
}
