package indicator_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/indicator/indicatortest"
	"jari.example/alerting/slo"
	"jari.example/alerting/slos"
	"jari.example/alerting/spec"
	"jari.example/telemetry/names"
)

// personal are fields that our lines can have and that no message may show.
var personal = []string{names.UserID, names.URLPath, names.SearchQuery, names.Exception, "body", names.ReservationID}

// withEvidence are our rules whose bad events have evidence: neither those of metric
// points, nor those that watch for what is absent.
func withEvidence(t *testing.T, index string) map[string]slo.Indicator {
	t.Helper()
	set, err := spec.Load(slos.Files)
	if err != nil {
		t.Fatal(err)
	}
	rules := ours(t, index)
	maps.DeleteFunc(rules, func(rule string, i slo.Indicator) bool {
		name, _, _ := strings.Cut(rule, "/")
		return i.Source.Evidence == nil || i.Within > 0 ||
			slices.ContainsFunc(set.Alerts, func(a slo.Alert) bool { return a.Name == name && a.When.Absent })
	})
	if len(rules) < 12 {
		t.Fatalf("only %d rules have evidence", len(rules))
	}
	return rules
}

// Each rule of ours that counts log lines finds the error and the dependency in the
// spans behind a line, and shows the line without what may be personal.
func TestOurRulesFindTheirEvidence(t *testing.T) {
	log, spans := indicatortest.NewIndex(t, shippedMapping()), indicatortest.NewIndex(t, spanMapping())
	rules := withEvidence(t, log.Index)
	all := counted()
	at := func(n int) time.Time { return ten.Add(time.Duration(n) * time.Second) }
	of, lines, behind := map[string]int{}, []map[string]any{}, []map[string]any{} // by rule: the second of its line
	for _, name := range slices.Sorted(maps.Keys(all)) {
		for rule, as := range all[name].want {
			_, known := of[rule]
			i, wanted := rules[rule]
			if known || !wanted || as == "good" && !i.Bad.IsZero() {
				continue
			}
			of[rule] = len(lines)
			line := all[name].document.with(names.DocTime, at(of[rule]).Format(time.RFC3339), names.DocTraceID, rule)
			for _, field := range personal {
				line[field] = "kim@example.com"
			}
			lines, behind = append(lines, line), append(behind, request(rule)...)
		}
	}
	log.Add(lines...)
	spans.Add(behind...)
	for rule, i := range rules {
		second, ok := of[rule]
		if !ok {
			t.Errorf("%s: no bad document; add one", rule)
			continue
		}
		shown := *i.Source.Evidence
		where := *shown.Spans
		where.Index, shown.Spans, i.Source.Evidence = spans.Index, &where, &shown
		got, err := source(t, log.Server).FindEvidence(t.Context(), i, count.Span{From: at(second), To: at(second + 1)})
		if err != nil || got.ErrorType != "57P01" || got.Dependency != "postgresql" || !slices.Equal(got.Traces, []string{rule}) {
			t.Errorf("%s finds %+v, %v", rule, got, err)
		}
		if !strings.Contains(got.LogLine, "event.name="+lines[second][names.EventName].(string)) || strings.Contains(got.LogLine, "kim") {
			t.Errorf("%s shows %q", rule, got.LogLine)
		}
	}
}

// A field that no span has would find nothing, and nobody would notice.
func TestTheFieldsOfSpansAreThoseOfOurSpans(t *testing.T) {
	for rule, i := range withEvidence(t, "x") {
		s, known := i.Source.Evidence.Spans, spanMapping()
		for _, field := range []string{s.TimeField, s.Trace, s.Span, s.Parent, s.Error, s.Peer, s.LinkedTrace, s.LinkedSpan, s.Failed.Field} {
			if known[field] == nil {
				t.Errorf("%s: no span has %q", rule, field)
			}
		}
		if known[s.Duration] == nil || known[i.Source.Evidence.Weight] == nil {
			t.Errorf("%s: no span has %q, or no line has %q", rule, s.Duration, i.Source.Evidence.Weight)
		}
		for _, c := range i.Source.Evidence.Compared {
			if known[c.Field] == nil || c.Of != "" && known[c.Of] == nil {
				t.Errorf("%s: nothing has %q of %q", rule, c.Field, c.Of)
			}
		}
		if !names.Shown(s.Error) || !names.Shown(s.Peer) {
			t.Errorf("%s: messages may not show %s or %s", rule, s.Error, s.Peer)
		}
		if s.Index != names.SpanIndex+"*" || s.Failed.Op != slo.Is || s.Failed.Value != int64(2) {
			t.Errorf("%s: %+v", rule, s)
		}
	}
}
