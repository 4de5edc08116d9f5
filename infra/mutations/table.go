package main

// Where the evaluator is, and the packages whose tests should notice mistakes. The
// tests of incident run evaluator and incident manager together.
const (
	objective = "evaluate/objective.go"
	judge     = "evaluate/judge.go"
	alert     = "evaluate/alert.go"
	loop      = "evaluate/loop.go"
)

var (
	byIncidents = []string{"./evaluate", "./incident"}
	byDomain    = []string{"./slo"}
	byCounting  = []string{"./count", "./inmem"}
)

// table are the mutations, by kind.
var table = []mutation{
	// Thresholds and comparisons.
	{"a pair fires above its burn rate only, not at it", "slo/burn.go",
		"o.BurnRate(c) >= threshold*(1-1e-9)", "o.BurnRate(c) > threshold*(1+1e-9)", byDomain, false},
	{"a pair fires below its burn rate", "slo/burn.go",
		"o.BurnRate(c) >= threshold*(1-1e-9)", "o.BurnRate(c) < threshold*(1-1e-9)", byIncidents, false},
	{"the budget is the objective", "slo/slo.go", "return 1 - o.Target", "return o.Target", byDomain, true},
	{"a page needs no significance", objective, "p.Fires = p.PValue < s.Policy.MaxPValue", "p.Fires = true", byIncidents, true},
	{"a page needs insignificance", objective, "p.PValue < s.Policy.MaxPValue", "p.PValue >= s.Policy.MaxPValue", byIncidents, false},
	{"a ticket needs no number of bad events", objective, "p.Fires = long.Bad >= s.Policy.MinBadEvents", "p.Fires = true", byIncidents, true},
	{"a ticket needs one bad event more", objective,
		"long.Bad >= s.Policy.MinBadEvents", "long.Bad > s.Policy.MinBadEvents", byIncidents, false},
	{"a ticket's number is of the short window", objective, "long.Bad >= s.Policy", "short.Bad >= s.Policy", byIncidents, false},
	{"an alert needs one event more", alert, "s.Count.Bad >= a.When.Events", "s.Count.Bad > a.When.Events", byIncidents, false},
	{"an alert's share needs no number of events", alert,
		"s.Count.Total() >= a.When.MinEvents && s.Count.Bad > 0", "s.Count.Bad > 0", byIncidents, false},
	{"the p-value is that of one event more", "slo/burn.go", "return poissonTail(c.Bad,", "return poissonTail(c.Bad+1,", byDomain, false},

	// Windows.
	{"one of the two windows is enough", objective,
		"!o.Burns(long, p.Burn) || !o.Burns(short, p.Burn)", "!o.Burns(long, p.Burn) && !o.Burns(short, p.Burn)", byIncidents, true},
	{"the long window is not looked at", objective, "!o.Burns(long, p.Burn) || ", "", byIncidents, false},
	{"the short window is not looked at", objective, " || !o.Burns(short, p.Burn)", "", byIncidents, false},
	{"the significance is that of the long window", objective, "PValue: o.PValue(short)", "PValue: o.PValue(long)", byIncidents, false},
	{"long and short are exchanged", objective, "sums[s.long[i]].Count, sums[s.short[i]].Count",
		"sums[s.short[i]].Count, sums[s.long[i]].Count", byIncidents, false},
	{"windows end before the current bucket", judge,
		"j.end = j.timing.BucketEnd(j.now)", "j.end = j.timing.BucketStart(j.now)", byIncidents, false},
	{"the windows of hour and day are exchanged", "slo/budget.go",
		"if d.BurnRate > h.BurnRate", "if d.BurnRate < h.BurnRate", byDomain, false},

	// Tiers.
	{"a ticket opens beside the end of a page", objective, "j.mutedByPage(s.Name, p) || j.starting(s)", "j.starting(s)", byIncidents, true},
	{"time slices page while everything starts", objective, "j.mutedByPage(s.Name, p) || j.starting(s)", "j.mutedByPage(s.Name, p)",
		byIncidents, true},
	{"a ticket never becomes a page", judge, "case !open.Severity.AtLeast(f.fires):", "case false:", byIncidents, true},

	// Muting.
	{"a failing dependency mutes nothing", judge, "			f.muted = true\n", "", byIncidents, true},
	{"a ticket mutes a page", judge, "case isOpen && open.Severity.AtLeast(f.fires), ", "case isOpen, ", byIncidents, false},
	{"muting ends with the other's incident", judge,
		"f.muted = f.muted || ended && j.now.Sub(last.EndedAt) < f.quiet", "_, _ = last, ended", byIncidents, false},
	{"an open incident is muted", judge,
		"if _, open := j.open[f.Name]; open || f.fires == \"\" {", "if f.fires == \"\" {", byIncidents, false},
	{"what is muted is not listed", judge, "			other.AlsoAffected = append(other.AlsoAffected, f.Name)\n", "", byIncidents, false},
	{"only direct dependencies mute", "evaluate/rules.go", "			queue = append(queue, direct[next]...)\n", "", byIncidents, false},

	// Resolving.
	{"silence resolves", judge, ", f.needed > 0 && !f.enough:", ":", byIncidents, true},
	{"good events before the last bad one count", objective,
		"f.seen.GoodAfterLastBad >= f.needed", "f.seen.Good >= f.needed", byIncidents, false},
	{"one good event less is enough", objective,
		"f.seen.GoodAfterLastBad >= f.needed", "f.seen.GoodAfterLastBad+1 >= f.needed", byIncidents, false},
	{"the worst share is that of the last tick", objective,
		"f.Worst = max(f.Worst, p.ShortCount.BadShare())", "f.Worst = p.ShortCount.BadShare()", byIncidents, false},
	{"so many good events that chance is one half", "slo/resolve.go", "const doubt = 0.01", "const doubt = 0.5", byDomain, true},
	{"the wait for good events has no bound", "slo/resolve.go", "const maxGoodNeeded = 200", "const maxGoodNeeded = 20_000", byDomain, false},
	{"it resolves while a pair fires", judge, "case !calm, blind.Blind()", "case blind.Blind()", byIncidents, false},
	{"one recovered subject is enough", alert, "if f.needed == 0 || f.enough && !recovered {", "if f.needed == 0 {", byIncidents, false},

	// Blindness.
	{"it resolves while it is blind", judge, "blind.Blind() && !f.freezes, !j.fresh", "!j.fresh", byIncidents, true},
	{"it resolves by old counts", judge, ", !j.fresh && !f.freezes, f.unknown", ", f.unknown", byIncidents, false},
	{"the alert that freezes never ends", judge, "blind.Blind() && !f.freezes, !j.fresh", "blind.Blind(), !j.fresh", byIncidents, false},
	{"every alert freezes", "evaluate/blind.go", "if !f.freezes || f.fires == \"\"", "if f.fires == \"\"", byIncidents, false},
	{"a source that fails is not blindness", loop, "if now.Sub(l.counted) < l.Timing.Lookback {", "if true {", byIncidents, false},
	{"one failed tick is blindness", loop, "if now.Sub(l.counted) < l.Timing.Lookback {", "if false {", byIncidents, false},
	{"what may be absent is not absent", alert, "s.Fires, s.Unknown = known, !known", "s.Fires, s.Unknown = known, false", byIncidents, false},
	{"a start is an absence", alert, "known := waited >= within\n", "known := true\n", byIncidents, false},
	{"what was never seen is absent at once", alert, "if s.LastEvent.IsZero() {", "if false {", byIncidents, false},

	// Reopening.
	{"nothing is reopened", judge, "ok && j.reopens(last) {", "ok && false {", byIncidents, true},
	{"everything is reopened", judge, "ok && j.reopens(last) {", "ok {", byIncidents, false},
	{"it is reopened only soon after its end", judge, " || j.now.Sub(i.LastBad) <= reopenAfterBad/scale", "", byIncidents, false},
	{"it is reopened only soon after a bad event", judge, "j.now.Sub(i.EndedAt) <= reopenAfterEnd/scale || ", "", byIncidents, false},

	// Rules that are gone.
	{"the incident of a rule that is gone stays open", judge,
		"if found[i.Rule] == nil && i.Open() {", "if false {", byIncidents, false},

	// Counting.
	{"the last minutes are not counted again", "count/counter.go",
		"return c.Timing.BucketStart(to.Add(-c.Timing.Lookback))", "return c.Timing.BucketStart(to)", byCounting, false},
	{"late lines are not looked for", "count/sweep.go", "if b.Total() > before[b.At] {", "if false {", byCounting, false},
	{"what late lines have changed is not counted again", "count/sweep.go", "if found > 0 {", "if false {", byCounting, false},
	{"late lines are looked for in the last hours only", "count/sweep.go",
		"Add(-c.buckets(sweptBuckets))", "Add(-c.buckets(sweptBuckets / 4))", byCounting, false},
	{"no telemetry is no events", "count/counter.go", "return edge, ErrNoTelemetry", "return edge, nil", byIncidents, false},
}
