package indicator_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/indicator"
	"jari.example/alerting/indicator/indicatortest"
	"jari.example/alerting/slo"
	"jari.example/telemetry/names"
)

// diagnosed are the bookings of an index, whose events are compared.
func diagnosed(index, spans string) slo.Indicator {
	i := withSpans(index, spans)
	e := i.Source.Evidence
	e.Weight = "weight"
	e.Compared = []slo.Compared{
		{Field: "place", In: slo.InEvent, Phrase: "were in region"},
		{Field: names.ServiceVersion, Of: names.DocServiceName, In: slo.InSpans, Phrase: "went through"},
		{Field: names.ServiceInstanceID, Of: names.DocServiceName, In: slo.InSpans, Phrase: "went through instance"},
		{Field: names.RestaurantID, In: slo.InSpans, Phrase: "were for restaurant"},
		{Field: names.PeerService, In: slo.InFailingSpan, Phrase: "failed at", Outcome: true},
	}
	return i
}

func diagnosedMapping() map[string]any {
	m := withError()
	m["weight"] = map[string]any{"type": "long"}
	m["version"], m["event"] = map[string]any{"type": "keyword"}, map[string]any{"type": "keyword"}
	return m
}

// traffic is lines of requests and their spans.
type traffic struct{ lines, spans []map[string]any }

// add adds n requests in a region, handled by a version of the reservation service.
func (tr *traffic) add(n, status int, region, version string) {
	for range n {
		trace := fmt.Sprintf("t%04d", len(tr.lines))
		second := len(tr.lines) % 60
		l := line(second, status, map[string]any{"req": map[string]any{"trace": trace}, "place": region})
		failed := ""
		if status >= 500 {
			failed = "timeout"
		}
		spans := []map[string]any{
			shipped(second, trace, "root", "", "", failed), shipped(second, trace, "call", "root", "reservation", failed),
			shipped(second, trace, "serve", "call", "", failed),
		}
		spans[0][names.DocServiceName], spans[0][names.ServiceVersion] = "gateway", "2.0"
		spans[1][names.DocServiceName], spans[1][names.ServiceVersion] = "gateway", "2.0"
		spans[2][names.DocServiceName], spans[2][names.ServiceVersion] = "reservation", version
		spans[2][names.ServiceInstanceID], spans[2][names.RestaurantID] = "pod-"+version, fmt.Sprint("r", len(tr.lines)%7)
		tr.lines, tr.spans = append(tr.lines, l), append(tr.spans, spans...)
	}
}

func (tr *traffic) ship(log, spans *indicatortest.AccessLog) {
	log.Add(tr.lines...)
	spans.Add(tr.spans...)
}

// said are findings in short.
func said(found []slo.Finding) (all []string) {
	for _, f := range found {
		text := f.Phrase + " " + f.Value
		if f.BadOf > 0 {
			text += fmt.Sprintf(" %d/%d %d/%d", f.Bad, f.BadOf, f.Good, f.GoodOf)
		}
		if !f.At.IsZero() {
			text += f.At.UTC().Format(" 15:04:05")
		}
		all = append(all, text)
	}
	return all
}

func never() count.Span { return count.Span{From: ten, To: ten} }

func diagnose(t *testing.T, o *indicator.OpenSearch, i slo.Indicator, changed count.Span, want ...string) []slo.Finding {
	t.Helper()
	found, err := o.Diagnose(t.Context(), i, minutes(0, 1), changed)
	if err != nil || !slices.Equal(said(found), want) {
		t.Errorf("got %q, %v, want %q", said(found), err, want)
	}
	return found
}

func TestTheVersionOfAServiceBehindTheFailuresIsNamed(t *testing.T) {
	log, spans := indicatortest.NewIndex(t, diagnosedMapping()), indicatortest.NewIndex(t, spanMapping())
	var tr traffic
	tr.add(49, 503, "kr", "1.9.2")
	tr.add(1, 503, "kr", "1.9.1")
	tr.add(3, 201, "kr", "1.9.2")
	tr.add(94, 201, "kr", "1.9.1")
	tr.ship(log, spans)
	// Neither the instance, which is the same requests, nor a restaurant. Then what all failures
	// have in common.
	found := diagnose(t, source(t, log.Server), diagnosed(log.Index, spans.Index), never(),
		"went through reservation 1.9.2 49/50 3/97", "failed at reservation 50/50 0/97")
	if len(found) == 2 && (found[0].Lift < 2.7 || found[0].Lift > 2.8) {
		t.Errorf("got %+v", found)
	}
}

func TestTheRegionAndTheDependencyAreNamedWhereSomeRequestsOfTheRegionSucceed(t *testing.T) {
	log, spans := indicatortest.NewIndex(t, diagnosedMapping()), indicatortest.NewIndex(t, spanMapping())
	var tr traffic
	tr.add(60, 503, "kr", "1.9.1")
	tr.add(40, 201, "kr", "1.9.1")
	tr.add(60, 201, "us", "1.9.1")
	tr.ship(log, spans)
	i := diagnosed(log.Index, spans.Index)
	diagnose(t, source(t, log.Server), i, never(), "were in region kr 60/60 40/100", "failed at reservation 60/60 0/100")
	// A log without traces has what its lines say.
	i.Source.TraceField = ""
	diagnose(t, source(t, log.Server), i, never(), "were in region kr 60/60 40/100")
}

func TestNothingIsSaidWhereNothingDiffersOrNothingCanBeCompared(t *testing.T) {
	log, spans := indicatortest.NewIndex(t, diagnosedMapping()), indicatortest.NewIndex(t, spanMapping())
	i := diagnosed(log.Index, spans.Index)
	i.Source.Evidence.Compared = i.Source.Evidence.Compared[:4] // not how they end
	var tr traffic
	tr.add(30, 503, "kr", "1.9.1")
	tr.ship(log, spans)
	if found := diagnose(t, source(t, log.Server), i, never()); found != nil {
		t.Errorf("compared with nothing: %+v", found)
	}
	all := len(tr.lines)
	tr.add(30, 503, "us", "1.9.1")
	tr.add(200, 201, "kr", "1.9.1")
	tr.add(180, 201, "us", "1.9.1")
	log.Add(tr.lines[all:]...)
	spans.Add(tr.spans[3*all:]...)
	if found := diagnose(t, source(t, log.Server), i, never()); found == nil {
		t.Error("nothing was compared")
	}
}

func TestALineCountsAsManyEventsAsItStandsFor(t *testing.T) {
	log := indicatortest.NewIndex(t, diagnosedMapping())
	var tr traffic
	tr.add(40, 503, "kr", "1.9.1")
	tr.add(10, 503, "us", "1.9.1")
	tr.add(10, 201, "kr", "1.9.1")
	tr.add(40, 201, "us", "1.9.1")
	for _, l := range tr.lines[:40] {
		l["weight"] = 10
	}
	log.Add(tr.lines...)
	i := diagnosed(log.Index, log.Index)
	i.Source.TraceField = ""
	diagnose(t, source(t, log.Server), i, never(), "were in region kr 400/410 10/50")
	i.Source.Evidence.Weight = ""
	diagnose(t, source(t, log.Server), i, never(), "were in region kr 40/50 10/50")
	i.Source.Evidence.Weight = "unmapped"
	diagnose(t, source(t, log.Server), i, never(), "were in region kr 40/50 10/50")
}

func TestAChangeShortlyBeforeIsNamed(t *testing.T) {
	log, spans := indicatortest.NewIndex(t, diagnosedMapping()), indicatortest.NewIndex(t, spanMapping())
	i := diagnosed(log.Index, spans.Index)
	i.Source.Evidence.Changes = []slo.Change{
		{When: where("event", slo.Is, "started"), Field: "version", Of: "place", New: true, Phrase: "was first seen"},
		{When: where("event", slo.Is, "objectives"), Phrase: "objectives changed"},
	}
	event := func(second int, name, version string) map[string]any {
		return line(second, 0, map[string]any{"event": name, "version": version, "path": nil})
	}
	log.Add(event(-3000, "heartbeat", "1"), event(-3000, "started", "1"),
		event(-60, "started", "1"), // an old one restarts
		event(-90, "started", "2"), event(-80, "started", "2"), event(-70, "objectives", ""), event(-2500, "objectives", ""),
		event(30, "started", "3"))
	log.Add(slices.Repeat([]map[string]any{event(-70, "objectives", "")}, 200)...) // as many replicas say the same
	changed := count.Span{From: ten.Add(-30 * time.Minute), To: ten}
	diagnose(t, source(t, log.Server), i, changed, "objectives changed  09:58:50", "was first seen kr 2 09:58:30")
	// With a value that differs it is said there.
	var tr traffic
	tr.add(60, 503, "kr", "1")
	tr.add(60, 201, "us", "1")
	log.Add(tr.lines...)
	i.Source.Evidence.Changes[0].Of, i.Source.Evidence.Changes[0].Field = "", "place"
	i.Source.Evidence.Changes[0].New = false
	diagnose(t, source(t, log.Server), i, changed, "were in region kr 60/60 0/60 09:58:30", "objectives changed  09:58:50")
}

// One call to PostgreSQL in a group commit makes requests slow; nothing fails.
func TestTheDependencyThatMakesRequestsSlowIsNamed(t *testing.T) {
	log, spans := indicatortest.NewIndex(t, diagnosedMapping()), indicatortest.NewIndex(t, spanMapping())
	i := diagnosed(log.Index, spans.Index)
	i.Bad = where("seconds", slo.AtLeast, 1.0)
	i.Source.Evidence.Spans.Duration = names.DocDuration
	i.Source.Evidence.Compared = []slo.Compared{
		{Field: names.PeerService, In: slo.InFailingSpan, Phrase: "had a failing call to", Outcome: true},
		{Field: names.PeerService, In: slo.InSlowSpan, Phrase: "had a slow call to", Outcome: true},
	}
	lasting := func(d map[string]any, milliseconds int) map[string]any {
		d[names.DocDuration] = milliseconds * 1e6
		return d
	}
	request := func(trace, place, peer string, insert int, seconds float64) {
		log.Add(line(1, 201, map[string]any{"req": map[string]any{"trace": trace}, "seconds": seconds, "place": place}))
		batch := "batch" + trace
		spans.Add(lasting(shipped(1, trace, "root", "", "", ""), insert+30), lasting(shipped(1, trace, "cache", "root", "redis", ""), 5),
			lasting(shipped(1, trace, "call", "root", "reservation", ""), insert+20),
			lasting(shipped(1, trace, "serve", "call", "", ""), insert+10),
			lasting(linked(shipped(1, trace, "wait", "serve", "", ""), batch, "commit"), insert+5),
			lasting(linked(shipped(2, batch, "commit", "", "", ""), trace, "wait"), insert+5),
			lasting(shipped(3, batch, "insert", "commit", peer, ""), insert))
	}
	for n := range 12 {
		request(fmt.Sprint("slow", n), "kr", "postgresql", 2000, 2.1)
		request(fmt.Sprint("fast", n), "kr", "postgresql", 20, 0.05)
		request(fmt.Sprint("good", n), "us", "search", 2000, 2.1)
		request(fmt.Sprint("quick", n), "us", "postgresql", 60, 0.09)
	}
	total := i.Total
	i.Total = slo.Condition{All: []slo.Condition{total, where("place", slo.Is, "kr")}}
	diagnose(t, source(t, log.Server), i, never(), "had a slow call to postgresql 12/12 0/12")
	// Quick failures are not made by what takes most of their time.
	i.Total.All[1], i.Bad = where("place", slo.Is, "us"), where("seconds", slo.Below, 1.0)
	diagnose(t, source(t, log.Server), i, never())
}

// A system that was just started has not changed.
func TestAFirstValueReplacesNone(t *testing.T) {
	log := indicatortest.NewIndex(t, diagnosedMapping())
	started := func(second int, place, version string) map[string]any {
		return line(second, 0, map[string]any{"event": "started", "place": place, "version": version, "path": nil})
	}
	log.Add(started(-3000, "kr", "1"), started(-90, "kr", "2"), started(-80, "us", "2"))
	i := diagnosed(log.Index, log.Index)
	i.Source.TraceField = ""
	i.Source.Evidence.Changes = []slo.Change{
		{When: where("event", slo.Is, "started"), Field: "version", Of: "place", New: true, Phrase: "was first seen"},
	}
	var tr traffic
	tr.add(30, 503, "kr", "2")
	log.Add(tr.lines...)
	changed := count.Span{From: ten.Add(-30 * time.Minute), To: ten}
	diagnose(t, source(t, log.Server), i, changed, "was first seen kr 2 09:58:30")
}

// PostgreSQL cannot store NUL, so an incident with it could be neither opened nor updated.
func TestADiagnosisWithNULCanBeStored(t *testing.T) {
	log := indicatortest.NewIndex(t, diagnosedMapping())
	var tr traffic
	tr.add(30, 503, "k\x00r", "1")
	tr.add(30, 201, "us", "1")
	log.Add(append(tr.lines, line(-3000, 0, map[string]any{"event": "heartbeat", "version": "1", "path": nil}),
		line(-60, 0, map[string]any{"event": "started", "version": "1\x002", "path": nil}))...)
	i := diagnosed(log.Index, log.Index)
	i.Source.TraceField = ""
	i.Source.Evidence.Changes = []slo.Change{{When: where("event", slo.Is, "started"), Field: "version", New: true, Phrase: "was first seen"}}
	changed := count.Span{From: ten.Add(-30 * time.Minute), To: ten}
	diagnose(t, source(t, log.Server), i, changed, "were in region k\uFFFDr 30/30 0/30", "was first seen 1\uFFFD2 09:59:00")
}
