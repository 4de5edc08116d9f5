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
	slow := slowFrom(all, byTrace)
	for _, e := range all {
		if own := byTrace[e.trace]; len(own) > 0 {
			e.addSpans(by, own, linkedSpans(byTrace, own), slow)
		}
	}
	return nil
}

// slowFrom is how long a span takes that makes an event bad: half of what nearly all bad
// events take. It is 0, so that no span is slow, when good events take as long.
func slowFrom(all []*compared, byTrace map[string][]span) float64 {
	took := map[bool][]float64{}
	for _, e := range all {
		longest := 0.0
		for _, sp := range byTrace[e.trace] {
			longest = max(longest, sp.duration)
		}
		if longest > 0 {
			took[e.bad] = append(took[e.bad], longest)
		}
	}
	bad, good := took[true], took[false]
	if len(bad) == 0 || len(good) == 0 {
		return 0
	}
	slices.Sort(bad)
	slices.Sort(good)
	if nearlyAll := bad[len(bad)/10]; nearlyAll > good[len(good)/2] {
		return nearlyAll / 2
	}
	return 0
}

// slowest is the span of the trace that took the most time without its children, with its
// ancestors; nil when that is less than slow.
func slowest(spans []span, trace string, slow float64) (path []span) {
	byID, parents := tree(spans, trace)
	alone := map[string]float64{}
	for _, sp := range spans {
		alone[sp.id] += sp.duration
		if parent, known := parents[sp.id]; known {
			alone[parent] -= sp.duration
		}
	}
	most := 0.0
	for _, sp := range spans {
		if up, own := ancestors(sp, trace, byID, parents); own && alone[sp.id] >= slow && alone[sp.id] > most {
			most, path = alone[sp.id], up
		}
	}
	return path
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

func (e *compared) addSpans(by []slo.Compared, own, linked []span, slow float64) {
	spans := slices.Concat(own, linked)
	failing, _ := deepestPath(spans, e.trace)
	failing = slices.DeleteFunc(failing, func(sp span) bool { return !sp.failed })
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
			e.addFirst(n, c, failing)
		case slo.InSlowSpan:
			if slow > 0 {
				e.addFirst(n, c, slowest(spans, e.trace, slow))
			}
		}
	}
}

// addFirst adds the value of the first span that has one: what a span does not say, its
// parent does.
func (e *compared) addFirst(n int, c slo.Compared, path []span) {
	e.values[owned{n, ""}] = []string{}
	for _, sp := range path {
		if sp.fields.first(c.Field) != "" {
			e.add(n, c, sp.fields)
			return
		}
	}
}
