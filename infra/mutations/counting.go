package main

// The files of the counter.
const (
	counter = "count/counter.go"
	sweep   = "count/sweep.go"
	slicing = "count/slices.go"
	chunks  = "count/search.go"
)

// counting are mistakes in what is counted when.
var counting = []mutation{
	{"the last minutes are not counted again", counter,
		"return c.Timing.BucketStart(to.Add(-c.Timing.Lookback))", "return c.Timing.BucketStart(to)", byCounting, false},
	{"late lines are not looked for", sweep, " && b.Total() > before[b.At] {", " && before == nil {", byCounting, false},
	{"what late lines have changed is not counted again", sweep, "if found > 0 {", "if found < 0 {", byCounting, false},
	{"late lines are looked for in the last hours only", sweep,
		"Add(-c.buckets(sweptBuckets))", "Add(-c.buckets(sweptBuckets / 4))", byCounting, false},
	{"no telemetry is no events", counter, "return edge, ErrNoTelemetry", "return edge, nil", byCounting, false},
	{"lines within the chunk before an indicator's start count", counter,
		"later(chunk.From, span.From), chunk.To}", "chunk.From, chunk.To}", byCounting, false},
	{"a time without telemetry erases what was counted", counter, "\t\tc.keepSilent(t, counts, parts)\n", "", byCounting, false},
	{"a slice that nobody could see is bad", slicing, "; visible && (isKnown", "; (visible || true) && (isKnown", byCounting, false},
	{"a silent source erases what was counted of it", counter,
		"if len(counts[t.documents[key]]) > 0 {", "if len(counts) > 0 {", byCounting, false},
	{"a new indicator is counted before its documents begin", counter,
		"start := later(c.lookback(t.end), first)", "start, _ := c.lookback(t.end), first", byCounting, false},
	{"the past of a new indicator is not counted", counter, ", c.backward(ctx, t)", "", byCounting, false},
	{"an indicator that was not counted for long goes on", counter, " && !span.To.Before(c.refillFrom(t))", "", byCounting, false},
	{"the past is counted for half as long", counter, "maxRefill    = 14 * day", "maxRefill    = 7 * day", byCounting, false},
	{"minutes are kept for 30 days", counter, "retention    = 35 * day", "retention    = 30 * day", byCounting, false},
	{"minutes are deleted within the window of an objective", counter, "kept = max(kept, o.Objective.Window)", "_ = o", byCounting, false},
	{"minutes are deleted within the window of a pair", counter, "kept = max(kept, p.Long)", "_ = p", byCounting, false},
	{"minutes are deleted within the time of an alert", counter, "kept = max(kept, a.When.Within)", "_ = a", byCounting, false},
	{"hours are kept for a month", counter, "const keptMonths = 13", "const keptMonths = 1", byCounting, false},
	{"hours are kept for years", counter, "const keptMonths = 13", "const keptMonths = 130", byCounting, false},
	{"late documents before the first one are not looked for", sweep,
		"if b.At.Before(c.first[c.sweeps.source]) {", "if false {", byCounting, false},
	{"a tick sweeps every time", sweep, "if current.Equal(c.sweeps.at) {", "if false {", byCounting, false},
	{"one source is never swept", sweep, "if order(s, last) > 0 {", "if order(s, last) < 0 {", byCounting, false},
	{"a late event changes its own slice only", sweep, "reach = max(reach, c.reach(i))", "_ = i", byCounting, false},
	{"an event makes one slice more good", slicing, "(i.Within + c.Timing.Bucket - 1)", "(i.Within + c.Timing.Bucket)", byCounting, false},
	{"an event makes the slice after its reach good", slicing, "occurred && at.Before(", "occurred && !at.After(", byCounting, false},
	{"a slice counts before it has ended", slicing, "earlier(period.To, c.Timing.BucketStart(t.now))", "period.To", byCounting, false},
	{"a region is forgotten at the next midnight", slicing,
		"!last.Before(today.Add(-c.buckets(day)))", "!last.Before(today)", byCounting, false},
	{"bad slices keep a region known", slicing, "return n.Good == 0", "return n.Total() == 0", byCounting, false},
	{"slices after a region became known are missing", chunks,
		"return c.repairSlices(ctx, t, parts)", "_ = c.repairSlices\n\treturn nil", byCounting, false},
	{"a search has more buckets than are allowed", chunks, "perBucket*max(c.regions, 2)", "perBucket", byCounting, false},
}
