package main

// The files of the evaluator.
const (
	objective = "evaluate/objective.go"
	judge     = "evaluate/judge.go"
	alert     = "evaluate/alert.go"
	rules     = "evaluate/rules.go"
	start     = "evaluate/start.go"
	loop      = "evaluate/loop.go"
)

// judging are mistakes in what is decided about a rule, by kind.
var judging = []mutation{
	// Thresholds and comparisons.
	{"a pair fires above its burn rate only, not at it", "slo/burn.go",
		"o.BurnRate(c) >= threshold*(1-1e-9)", "o.BurnRate(c) > threshold*(1+1e-9)", byIncidents, false},
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
	{"the chance of good events is looked for in the long window", objective,
		"slo.Excludes(f.Pair.ShortCount, f.Worst)", "slo.Excludes(f.Pair.LongCount, f.Worst)", byIncidents, false},
	{"the worst share is that of the long window", objective,
		"max(f.Worst, p.ShortCount.BadShare())", "max(f.Worst, p.LongCount.BadShare())", byIncidents, false},
	{"spending of the last hour is that of the day", rules,
		"slo.Hour / time.Duration(timing.Scale)", "slo.Day / time.Duration(timing.Scale)", byIncidents, false},
	{"spending of the last day is that of the hour", rules,
		"slo.Day / time.Duration(timing.Scale)", "slo.Hour / time.Duration(timing.Scale)", byIncidents, false},
	{"the budget is that of the last day", rules,
		"add(window{key, s.Objective.Window, false})", "add(window{key, slo.Day, false})", byIncidents, false},
	{"the time before counting belongs to the budget", "evaluate/budget.go",
		"covered = min(s.Objective.Window, max(0, j.end.Sub(counted.From)))", "covered, _ = s.Objective.Window, counted", byIncidents, false},
	{"an absent subject is looked for in the alert's time only", rules, "w.length = seenWithin", "_ = seenWithin", byIncidents, false},
	{"absence is looked for within a bucket that has just begun", alert,
		"within := max(a.When.Within, 2*j.timing.Bucket)", "within := a.When.Within", byIncidents, false},
	{"a subject is absent one bucket earlier", alert,
		"if !s.LastEvent.Before(j.end.Add(-within)) {", "if s.LastEvent.After(j.end.Add(-within)) {", byIncidents, false},
	{"the time scale does not divide short windows", "slo/slo.go", "p.Short /= time.Duration(n)", "_ = n", byDomain, false},
	{"the time scale divides absences like windows", "slo/alert.go",
		"return max(d/time.Duration(n), d/2)", "return d / time.Duration(n)", byDomain, false},

	// Tiers.
	{"a ticket opens beside the end of a page", objective, "j.mutedByPage(s.Name, p) || j.starting(s)", "j.starting(s)", byIncidents, true},
	{"time slices page while everything starts", objective, "j.mutedByPage(s.Name, p) || j.starting(s)", "j.mutedByPage(s.Name, p)",
		byIncidents, true},
	{"a ticket never becomes a page", judge, "case !open.Severity.AtLeast(f.fires):", "case false:", byIncidents, true},
	{"a page mutes tickets for the long window", objective,
		"j.now.Sub(page.EndedAt) < p.Short", "j.now.Sub(page.EndedAt) < p.Long", byIncidents, false},
	{"the end of a ticket mutes tickets", objective, "return i.Severity == slo.Page })", "return true })", byIncidents, false},
	{"a ticket's pair is shown while a page is open", objective, "if p.Severity.AtLeast(open.Severity) {", "if true {", byIncidents, false},
	{"a page is less urgent than a page", "slo/slo.go", "return s.rank() >= t.rank()", "return s.rank() > t.rank()", byDomain, false},
	{"time slices page soon after the start", objective, "max(s.Indicator.Within, minPatience)", "s.Indicator.Within", byIncidents, false},
	{"pages that have ended are soon forgotten", rules, "r.memory = max(r.memory, p.Short)", "_ = p.Short", byIncidents, false},

	// Muting.
	{"a failing dependency mutes nothing", judge, "			f.muted = true\n", "", byIncidents, true},
	{"a ticket mutes a page", judge, "case isOpen && open.Severity.AtLeast(f.fires), ", "case isOpen, ", byIncidents, false},
	{"muting ends with the other's incident", judge,
		"f.muted = f.muted || ended && j.now.Sub(last.EndedAt) < f.quiet", "_, _ = last, ended", byIncidents, false},
	{"an open incident is muted", judge,
		"if _, open := j.open[f.Name]; open || f.fires == \"\" {", "if f.fires == \"\" {", byIncidents, false},
	{"what is muted is not listed", judge, "			other.AlsoAffected = append(other.AlsoAffected, f.Name)\n", "", byIncidents, false},
	{"only direct dependencies mute", "evaluate/rules.go", "			queue = append(queue, direct[next]...)\n", "", byIncidents, false},
	{"the end of a ticket mutes a page", judge,
		"last, ended := j.last(name, func(i Incident) bool { return i.Severity.AtLeast(f.fires) })",
		"last, ended := j.last(name, func(Incident) bool { return true })", byIncidents, false},
	{"of two that depend on each other the second opens", judge, "&& f.Name < name", "&& f.Name > name", byIncidents, false},
	{"a rule in a circle mutes itself", rules, "next != name && !slices", "!slices", byIncidents, false},

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
	{"few bad events in much traffic end nothing", objective, " || slo.Excludes(f.Pair.ShortCount, f.Worst)", "", byIncidents, false},
	{"a share that is as bad as before is excluded", "slo/resolve.go", "worst <= 0 || b >= n*worst", "worst <= 0", byDomain, false},
	{"what is improbable is not excluded", "slo/resolve.go", "return tail <= doubt", "return tail > doubt", byDomain, false},
	{"one good event less is needed", "slo/resolve.go",
		"math.Ceil(math.Log(doubt)/math.Log1p(-worst) - 1e-9)", "math.Floor(math.Log(doubt) / math.Log1p(-worst))", byDomain, false},
	{"it resolves at absence that is not known", judge, ", f.unknown, f.needed > 0", ", f.needed > 0", byIncidents, false},
	{"the message shows good events before the last bad one", judge,
		"&Waiting{Seen: f.seen.GoodAfterLastBad,", "&Waiting{Seen: f.seen.Good,", byIncidents, false},
	{"the message does not say that it is frozen", judge, "if blind.Blind() && !f.freezes {\n", "if false {\n", byIncidents, false},

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
	{"another replica that does not know yet is not blind", "evaluate/blind.go",
		"f.fires == \"\" && !(isOpen && f.unknown)", "f.fires == \"\"", byIncidents, false},
	{"a replica that has just begun is blind at once", loop,
		"l.counted = latest(l.counting, empty)", "l.counted = empty", byIncidents, false},
	{"what could not be counted again is blindness", loop, "if errors.Is(countErr, count.ErrOlder) {", "if false {", byIncidents, false},
	{"a tick goes on when its lease is lost", loop,
		"if errors.Is(countErr, lease.ErrLost) || ctx.Err() != nil {", "if ctx.Err() != nil {", byIncidents, false},
	{"another replica knows at once what is absent", loop, "if !l.prepared || term != l.term {", "if !l.prepared {", byIncidents, false},
	{"what was never seen is absent after five minutes", judge,
		"patience    = 15 * time.Minute", "patience    = 5 * time.Minute", byIncidents, false},

	// Reopening.
	{"nothing is reopened", judge, "ok && j.reopens(last) {", "ok && false {", byIncidents, true},
	{"everything is reopened", judge, "ok && j.reopens(last) {", "ok {", byIncidents, false},
	{"it is reopened only soon after its end", judge, " || j.now.Sub(i.LastBad) <= reopenAfterBad/scale", "", byIncidents, false},
	{"it is reopened only soon after a bad event", judge, "j.now.Sub(i.EndedAt) <= reopenAfterEnd/scale || ", "", byIncidents, false},
	{"it is reopened later than half an hour after its end", judge,
		"reopenAfterEnd = 30 * time.Minute", "reopenAfterEnd = 31 * time.Minute", byIncidents, false},
	{"it is reopened for less than half an hour after its end", judge,
		"reopenAfterEnd = 30 * time.Minute", "reopenAfterEnd = 29 * time.Minute", byIncidents, false},
	{"it is reopened later than an hour after a bad event", judge,
		"reopenAfterBad = time.Hour", "reopenAfterBad = 61 * time.Minute", byIncidents, false},
	{"it is reopened for less than an hour after a bad event", judge,
		"reopenAfterBad = time.Hour", "reopenAfterBad = 59 * time.Minute", byIncidents, false},
	{"a ticket reopens a page", judge, "return f.fires.AtLeast(i.Severity) })", "return true })", byIncidents, false},

	// Rules that are gone.
	{"the incident of a rule that is gone stays open", judge,
		"if found[i.Rule] == nil && i.Open() {", "if false {", byIncidents, false},

	// Budget.
	{"a budget of an hour is that of the window", "slo/burn.go",
		"1 - o.BurnRate(c)*share", "1 - o.BurnRate(c)*max(share, 1)", byDomain, false},
	{"a budget lasts longer the faster it burns", "slo/burn.go", "max(remaining, 0) / burn", "max(remaining, 0) * burn", byDomain, false},
	{"a budget that is exhausted is exhausted again", "slo/budget.go", "burns && b.Remaining > 0", "burns", byDomain, false},
	{"the budget does not say since when it is known", "slo/budget.go", "if covered < o.Window {", "if false {", byDomain, false},

	// The start of a fault.
	{"the start is the oldest bad event", "slo/bucket.go", "|| excess <= lowest)", "|| excess+lowest < -1e18)", byDomain, false},
	{"the start is the latest bad event", "slo/bucket.go", "|| excess <= lowest)", "|| excess <= lowest || anyBad)", byDomain, false},
	{"late lines do not move the start", start, "if !isKnown || start.Before(known) {", "if !isKnown {", byIncidents, false},
	{"a reopened incident gets a new start", start, "case v.Event == Reopened:", "case false:", byIncidents, false},
	{"what another incident has counted is counted again", start,
		"period.From = latest(period.From, last.EndedAt)", "_ = last", byIncidents, false},
	{"absence begins when it is found", start,
		"!s.LastEvent.IsZero() && first.Before(start)", "false && first.Before(start)", byIncidents, false},
}
