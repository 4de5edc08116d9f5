package indicator

import (
	"cmp"
	"context"
	"fmt"
	"slices"
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
}

// causes returns the most frequent cause of the traces, the zero value when nothing has
// failed, and the traces again, those with that cause first.
func (o *OpenSearch) causes(ctx context.Context, s slo.Spans, traces []string, period count.Span) (cause, []string, error) {
	spans, err := o.spans(ctx, s, traces, period)
	if err != nil {
		return cause{}, traces, err
	}
	var linked []string
	for _, sp := range spans {
		for _, one := range sp.linkedTraces {
			id := fmt.Sprint(one)
			if !slices.Contains(traces, id) && !slices.Contains(linked, id) && len(linked) < maxLinked {
				linked = append(linked, id)
			}
		}
	}
	if len(linked) > 0 {
		others, err := o.spans(ctx, s, linked, period)
		if err != nil {
			return cause{}, traces, err
		}
		spans = append(spans, others...)
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

// spans reads the spans of traces.
func (o *OpenSearch) spans(ctx context.Context, s slo.Spans, traces []string, period count.Span) ([]span, error) {
	period = count.Span{From: period.From.Add(-spanSlack), To: period.To.Add(spanSlack)}
	response, err := o.search(ctx, patterns(s.Index), spansQuery(s, traces, period))
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
			linkedTo: f[s.LinkedSpan], linkedTraces: f[s.LinkedTrace],
		}
		if one.start, err = time.Parse(time.RFC3339Nano, f.first(s.TimeField)); err != nil {
			return nil, fmt.Errorf("the start of a span: %w", err)
		}
		all = append(all, one)
	}
	return all, nil
}

// spansQuery finds the spans of traces, and which of them have failed.
func spansQuery(s slo.Spans, traces []string, period count.Span) object {
	have := []any{object{"field": s.TimeField, "format": "strict_date_optional_time_nanos"}}
	for _, name := range []string{s.Trace, s.Span, s.Parent, s.Error, s.Peer, s.LinkedTrace, s.LinkedSpan} {
		if name != "" {
			have = append(have, name)
		}
	}
	return object{
		"size": maxSpans, "_source": false, "fields": have,
		"query": object{"bool": object{
			"filter": []object{{"terms": object{s.Trace: traces}}, timeRange(slo.Source{TimeField: s.TimeField}, period)},
			// A score of 1 for those that have failed, of 0 for others: they come first.
			"should": []object{{"constant_score": object{"filter": condition(s.Failed), "_name": failed}}},
		}},
	}
}

// deepest is the cause of the failure of a trace: that of its failing span with the
// most ancestors. A span of another trace that one of its spans has caused is its
// child, too. What the span itself does not say, its nearest failing ancestor does.
// ok is false if none has failed.
func deepest(spans []span, trace string) (c cause, ok bool) {
	byID := map[string]span{}
	for _, sp := range spans {
		byID[sp.id] = sp
	}
	parents := map[string]string{}
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
	most := -1
	var path []span
	for _, sp := range spans {
		if !sp.failed {
			continue
		}
		// The ancestors, up to a span that was not read. Links could form a circle.
		up, seen := []span{}, map[string]bool{}
		for at, known := sp, true; known && !seen[at.id]; at, known = byID[parents[at.id]] {
			up, seen[at.id] = append(up, at), true
		}
		if top := up[len(up)-1]; top.trace != trace {
			continue // of another trace's tree
		}
		if len(up) > most || len(up) == most && sp.start.Before(path[0].start) {
			most, path = len(up), up
		}
	}
	for _, sp := range path {
		if sp.failed {
			c = cause{cmp.Or(c.errorType, sp.errorType), cmp.Or(c.peer, sp.peer)}
		}
	}
	return c, most >= 0
}
