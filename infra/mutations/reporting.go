package main

// The files of the incident manager.
const (
	manager  = "incident/manager.go"
	evidence = "incident/evidence.go"
	facts    = "incident/facts.go"
)

// reporting are mistakes in what a verdict changes in an incident.
var reporting = []mutation{
	{"figures are updated at every tick", manager, "v.At.Sub(i.UpdatedAt) >= m.UpdateInterval ||", "true ||", byReporting, false},
	{"figures are never updated", manager, "v.At.Sub(i.UpdatedAt) >= m.UpdateInterval ||", "false ||", byReporting, false},
	{"a larger share waits for the next update", manager,
		"2*slo.GoodNeeded(v.Worst) <= slo.GoodNeeded(i.Facts.Worst)", "false", byReporting, false},
	{"that it waits is said at the next update", manager, "(v.Waiting == nil) != (i.Facts.EndsAfter == nil) ||", "", byReporting, false},
	{"that it is frozen is said at the next update", manager, "(v.Frozen == \"\") != (i.Facts.Frozen == \"\") ||", "", byReporting, false},
	{"what resolves stays open", manager, "if v.Event == evaluate.Resolved || v.Event", "if v.Event", byReporting, false},
	{"what is withdrawn stays open", manager,
		"v.Event == evaluate.Resolved || v.Event == evaluate.Withdrawn", "v.Event == evaluate.Resolved", byReporting, false},
	{"evidence that is not found again is removed", evidence, "found.Traces = old.Traces", "_ = old", byReporting, false},
	{"evidence is searched without an end", evidence, "return s.number < limit &&", "return s.number < limit+1000 &&", byReporting, false},
	{"an event's error replaces that of a dependency", evidence,
		"found.Dependency == \"\" && (old.Dependency != \"\" ||", "found.Dependency == \"\" && (", byReporting, false},
	{"the last bad event is forgotten", facts, "f.LastBad = old.LastBad", "_ = old", byReporting, false},
	{"what was muted before is forgotten", facts, "union(old.AlsoAffected, v.AlsoAffected)", "v.AlsoAffected", byReporting, false},
	{"reopening is not counted", facts, "f.Reopened++", "_ = f", byReporting, false},
	{"subjects that recovered are forgotten", facts, "f.Alert.Fired = old.Alert.Fired", "_ = old", byReporting, false},
}
