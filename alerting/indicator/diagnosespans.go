package indicator

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"jari.example/alerting/count"
	"jari.example/alerting/slo"
)

const (
	// maxComparedSpans are read of the traces of all compared events: up to maxFound bad
	// and as many good ones.
	maxComparedSpans = 5000
	// maxComparedLinks is how many traces these may be linked to, such as group commits.
	maxComparedLinks = 100
)

func (a owned) compare(b owned) int {
	return cmp.Or(cmp.Compare(a.field, b.field), strings.Compare(a.of, b.of))
}

// addSpans adds the values that the spans of the events have. An event whose spans were
// not found stays without: nothing is known about it.
func (o *OpenSearch) addSpans(ctx context.Context, s slo.Source, all []*compared, period count.Span) error {
	by := s.Evidence.Compared
	if !slices.ContainsFunc(by, func(c slo.Compared) bool { return c.In != slo.InEvent }) || s.Evidence.Spans == nil {
		return nil
	}
	var traces []string
	for _, e := range all {
		if e.trace != "" {
			traces = append(traces, e.trace)
		}
	}
	if len(traces) == 0 {
		return nil
	}
	spans, err := o.spansOf(ctx, *s.Evidence.Spans, traces, period, readLimits{maxComparedSpans, maxComparedLinks, spanFields(by), true})
	if err != nil {
		return err
	}
	byTrace := map[string][]span{}
	for _, sp := range spans {
		byTrace[sp.trace] = append(byTrace[sp.trace], sp)
	}
	for _, e := range all {
		if own := byTrace[e.trace]; len(own) > 0 {
			e.addSpans(by, own, linkedSpans(byTrace, own))
		}
	}
	return nil
}

// spanFields are the fields that are compared in spans.
func spanFields(by []slo.Compared) (names []string) {
	for _, c := range by {
		if c.In != slo.InEvent {
			names = append(names, c.Field, c.Of)
		}
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

// linkedSpans are the spans of the traces that spans are linked to.
func linkedSpans(byTrace map[string][]span, spans []span) (all []span) {
	var seen []string
	for _, sp := range spans {
		for _, id := range sp.linkedTraceIDs() {
			if id != sp.trace && !slices.Contains(seen, id) {
				seen = append(seen, id)
				all = append(all, byTrace[id]...)
			}
		}
	}
	return all
}

func (e *compared) addSpans(by []slo.Compared, own, linked []span) {
	path, _ := deepestPath(append(slices.Clone(own), linked...), e.trace)
	for n, c := range by {
		switch c.In {
		case slo.InSpans:
			if c.Of == "" {
				e.values[owned{n, ""}] = []string{}
			}
			for _, sp := range own {
				e.add(n, c, sp.fields)
			}
		case slo.InFailingSpan:
			e.values[owned{n, ""}] = []string{}
			for _, sp := range path { // what the deepest does not say, the next one does
				if sp.failed && sp.fields.first(c.Field) != "" {
					e.add(n, c, sp.fields)
					break
				}
			}
		}
	}
}
