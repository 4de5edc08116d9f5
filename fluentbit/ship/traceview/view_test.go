package traceview

import (
	"maps"
	"slices"
	"testing"

	"jari.example/fluentbit/ship/shiptest"
	"jari.example/telemetry/names"
)

type object = map[string]any

// The field names in the view's queries are literals: taken from package names they
// would follow a renaming that Dashboards does not.
func terms(field string) object { return object{"terms": object{"field": field, "size": 10_000}} }

func with(agg, below object) object {
	agg = maps.Clone(agg)
	agg["aggs"] = below
	return agg
}

func term(field string, v any) object { return object{"term": object{field: v}} }

func latest(script string) object {
	return object{"max": object{"script": object{"lang": "painless", "source": script}}}
}

func ratio(total, errors string) object {
	return object{"bucket_script": object{
		"buckets_path": object{"total": total, "errors": errors}, "script": "params.errors / params.total * 100",
	}}
}

var (
	roots  = term("parentSpanId", object{"value": ""})
	traces = object{"cardinality": object{"field": "traceId"}}
)

// bucket is one bucket of a response, with every aggregation that a query here has.
type bucket struct {
	Key        string      `json:"key"`
	Count      int         `json:"doc_count"`
	Latency    value       `json:"latency"`
	Updated    value       `json:"last_updated"`
	Group      buckets     `json:"trace_group"`
	Errors     errorCount  `json:"error_count"`
	ErrorRate  value       `json:"error_rate"`
	Traces     value       `json:"trace_count"`
	Percentile percentiles `json:"percentiles"`
	Targets    buckets     `json:"target_edges"`
	Calls      buckets     `json:"destination_edges"`
	Domain     buckets     `json:"domain"`
}

type (
	value struct {
		Value *float64 `json:"value"`
	}
	errorCount struct {
		Count int `json:"doc_count"`
	}
	percentiles struct {
		Values map[string]*float64 `json:"values"`
	}
	buckets struct {
		Buckets []bucket `json:"buckets"`
	}
)

func (v value) or(none float64) float64 {
	if v.Value == nil {
		return none
	}
	return *v.Value
}

func aggregate(t *testing.T, store shiptest.Store, family string, query, aggs object) map[string]bucket {
	t.Helper()
	found := map[string]bucket{}
	var response struct {
		Aggregations struct {
			Top buckets `json:"top"`
		} `json:"aggregations"`
	}
	store.SearchInto(t, family, object{"size": 0, "query": query, "aggs": object{"top": aggs}}, &response)
	for _, b := range response.Aggregations.Top.Buckets {
		found[b.Key] = b
	}
	return found
}

func all(filters ...any) object { return object{"bool": object{"filter": filters}} }

// tracesTable is "Traces": one row per trace.
func tracesTable(t *testing.T, store shiptest.Store) map[string]bucket {
	return aggregate(t, store, names.SpanIndex, all(), with(terms("traceId"), object{
		// A child has none of the group's fields: its script ends without a value.
		"latency": latest("def d = doc['traceGroupFields.durationInNanos']; " +
			"if (!d.empty) { return Math.round(d.value / 10000) / 100.0; }"),
		"trace_group": object{"terms": object{"field": "traceGroup", "size": 1}},
		"error_count": object{"filter": term("traceGroupFields.statusCode", "2")},
		"last_updated": latest("def end = doc['traceGroupFields.endTime']; if (!end.empty) { return end.value; } " +
			"end = doc['endTime']; if (!end.empty) { return end.value; }"),
	}))
}

func TestTracesTableListsEveryTrace(t *testing.T) {
	got := tracesTable(t, storeSpans(t, unaltered))
	for trace, want := range map[string]struct {
		group  string
		ms     float64
		errors int
	}{
		"t1": {"POST /v1/reservations", 30, 0}, "t2": {"POST /v1/reservations", 50, 1},
		"t3": {"POST /v1/reservations", 40, 0}, "t4": {"GET /v1/search", 10, 0},
	} {
		row := got[id(trace)]
		inGroup := len(row.Group.Buckets) == 1 && row.Group.Buckets[0].Key == want.group
		if !inGroup || row.Latency.or(-1) != want.ms || row.Errors.Count != want.errors {
			t.Errorf("%s: %+v (latency %v), want %+v", trace, row, row.Latency.or(-1), want)
		}
		if updated := float64(spanStart.UnixMilli()) + want.ms; row.Updated.or(-1) != updated {
			t.Errorf("%s was last updated at %v, want %v", trace, row.Updated.or(-1), updated)
		}
	}
	if len(got) != 4 {
		t.Errorf("%d traces, want four", len(got))
	}
}

// groupsTable is the dashboard's "Latency by trace group", and the percentiles
// that place a trace in its group.
func groupsTable(t *testing.T, store shiptest.Store) (groups, spread map[string]bucket) {
	const perTrace = "if (!doc['traceGroupFields.durationInNanos'].empty) { " +
		"state.durations.putIfAbsent(doc['traceId'].value, doc['traceGroupFields.durationInNanos'].value); }"
	const mean = "def all = [:]; for (s in states) { if (s != null) { all.putAll(s); } } " +
		"double sum = 0; for (v in all.values()) { sum += v; } return Math.round(sum / all.size() / 10000) / 100.0;"
	groups = aggregate(t, store, names.SpanIndex, all(), with(terms("traceGroup"), object{
		"latency": object{"scripted_metric": object{
			"init_script": "state.durations = [:];", "map_script": perTrace, "combine_script": "return state.durations",
			"reduce_script": mean,
		}},
		"trace_count": traces,
		"error_count": with(object{"filter": term("traceGroupFields.statusCode", "2")}, object{"trace_count": traces}),
		"error_rate":  ratio("trace_count.value", "error_count>trace_count.value"),
	}))
	spread = aggregate(t, store, names.SpanIndex, all(roots), with(terms("traceGroup"), object{
		"percentiles": object{"percentiles": object{"field": "traceGroupFields.durationInNanos", "percents": []int{0, 50, 100}}},
	}))
	byName := aggregate(t, store, names.SpanIndex, all(roots), with(terms("name"), object{
		"percentiles": object{"percentiles": object{"field": "durationInNanos", "percents": []int{0, 50, 100}}},
	}))
	for name, b := range spread { // the view reads both, and compares them
		if p := byName[name].Percentile.Values["50.0"]; p == nil || *p != *b.Percentile.Values["50.0"] {
			t.Errorf("%s: the root's percentiles differ from its group's", name)
		}
	}
	return groups, spread
}

func TestGroupsTableHasLatencyAndErrorsByTraceGroup(t *testing.T) {
	groups, spread := groupsTable(t, storeSpans(t, unaltered))
	for group, want := range map[string]struct {
		traces, ms, errors float64
		percentiles        map[string]float64
	}{
		"POST /v1/reservations": {3, 40, 100.0 / 3, map[string]float64{"0.0": 30e6, "50.0": 40e6, "100.0": 50e6}},
		"GET /v1/search":        {1, 10, 0, map[string]float64{"0.0": 10e6, "50.0": 10e6, "100.0": 10e6}},
	} {
		row := groups[group]
		traces, ms, errors := row.Traces.or(-1), row.Latency.or(-1), row.ErrorRate.or(-1)
		if traces != want.traces || ms != want.ms || int(errors*100) != int(want.errors*100) {
			t.Errorf("%s: %v traces, %v ms, %v %% errors, want %+v", group, traces, ms, errors, want)
		}
		for p, ns := range want.percentiles {
			if got := spread[group].Percentile.Values[p]; got == nil || *got != ns {
				t.Errorf("%s: the %s. percentile is %v, want %v", group, p, got, ns)
			}
		}
	}
	if len(groups) != 2 {
		t.Errorf("%d groups, want two: a child makes no group", len(groups))
	}
}

// edges is what the view derives from the service map's documents: which service
// calls which, and every resource that a service offers. A destination is joined to
// the service that has it as a target.
func edges(t *testing.T, store shiptest.Store) (calls map[string][]string, resources []string) {
	below := func(field string) object {
		return with(terms(field+".resource"), object{"domain": terms(field + ".domain")})
	}
	nodes := aggregate(t, store, names.ServiceMapIndex, all(), with(terms("serviceName"), object{
		"target_edges": below("target"), "destination_edges": below("destination"),
	}))
	offers := map[[2]string]string{}
	for service, node := range nodes {
		for _, r := range node.Targets.Buckets {
			resources = append(resources, r.Key)
			for _, domain := range r.Domain.Buckets {
				offers[[2]string{r.Key, domain.Key}] = service
			}
		}
	}
	calls = map[string][]string{}
	for service, node := range nodes {
		for _, r := range node.Calls.Buckets {
			for _, domain := range r.Domain.Buckets {
				if other, known := offers[[2]string{r.Key, domain.Key}]; known {
					calls[service] = append(calls[service], other)
				}
			}
		}
		slices.Sort(calls[service])
	}
	return calls, resources
}

func TestServiceMapShowsCallsAndResources(t *testing.T) {
	store := storeSpans(t, unaltered)
	calls, resources := edges(t, store)
	want := map[string][]string{"gateway": {"reservation", "search"}} // postgresql writes no spans: it is no node
	if !maps.EqualFunc(calls, want, slices.Equal) {
		t.Errorf("calls %v, want %v", calls, want)
	}
	slices.Sort(resources)
	wantResources := []string{
		"GET /search", "GET /v1/search", "POST /reservations", "POST /v1/reservations", "gateway", "reservation", "search",
	}
	if !slices.Equal(resources, wantResources) {
		t.Errorf("resources %q, want %q", resources, wantResources)
	}
	if got := store.Count(t, names.ServiceMapIndex); got != 3+3+4 { // calls, services, routes: once each, however many spans show them
		t.Errorf("%d edges, want ten", got)
	}
}

func TestServicesTableHasRequestsLatencyAndErrors(t *testing.T) {
	store := storeSpans(t, unaltered)
	_, resources := edges(t, store)
	served := object{"bool": object{"should": []any{
		object{"bool": object{"filter": []any{object{"bool": object{"must_not": roots}}, object{"terms": object{"name": resources}}}}},
		object{"bool": object{"must": roots}},
	}}}
	services := object{"terms": object{"serviceName": []string{"gateway", "reservation", "search"}}}
	got := aggregate(t, store, names.SpanIndex, all(services, served),
		with(terms("serviceName"), object{
			"latency":     object{"avg": object{"field": "durationInNanos"}},
			"error_count": object{"filter": term("status.code", "2")},
			"error_rate":  ratio("_count", "error_count._count"),
		}))
	for service, want := range map[string]struct {
		requests   int
		ms, errors float64
	}{
		"gateway": {4, 32.5, 25}, "reservation": {3, 30, 100.0 / 3}, "search": {1, 6, 0},
	} {
		row := got[service]
		if row.Count != want.requests || row.Latency.or(-1) != want.ms*1e6 || int(row.ErrorRate.or(-1)*100) != int(want.errors*100) {
			t.Errorf("%s: %d requests, %v ns, %v %% errors, want %+v", service, row.Count, row.Latency.or(-1), row.ErrorRate.or(-1), want)
		}
	}
	if len(got) != 3 {
		t.Errorf("%d services, want three", len(got))
	}
}

// The negative controls: each of these fields is needed by its table.
func TestTablesAreEmptyWithoutTheirFields(t *testing.T) {
	groupless := storeSpans(t, func(d map[string]any) {
		for _, f := range []string{names.DocTraceGroup, names.DocTraceGroupDuration, names.DocTraceGroupEnd, names.DocTraceGroupStatus} {
			delete(d, f)
		}
	})
	for trace, row := range tracesTable(t, groupless) {
		if len(row.Group.Buckets) > 0 || row.Latency.or(0) > 0 || row.Errors.Count > 0 {
			t.Errorf("without groups %s is %+v", trace, row)
		}
	}
	if groups, spread := groupsTable(t, groupless); len(groups)+len(spread) > 0 {
		t.Errorf("without groups: %v, %v", groups, spread)
	}
	rootless := storeSpans(t, func(d map[string]any) {
		if d[names.DocParentSpanID] == "" {
			delete(d, names.DocParentSpanID) // absent instead of empty
		}
		delete(d, names.DocTarget)
	})
	if _, spread := groupsTable(t, rootless); len(spread) > 0 {
		t.Errorf("roots are found without %s: %v", names.DocParentSpanID, spread)
	}
	if calls, _ := edges(t, rootless); len(calls["gateway"]) > 0 {
		t.Errorf("calls without a target: %v", calls)
	}
}
