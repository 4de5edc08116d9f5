package main

// The files that say what differs.
const (
	diagnosed  = "diagnosis/diagnosis.go"
	comparison = "diagnosis/comparison.go"
	diagnose   = "indicator/diagnose.go"
	inSpans    = "indicator/diagnosespans.go"
	changed    = "indicator/changes.go"
	renewed    = "incident/diagnosis.go"
)

// diagnosing are mistakes in what an incident's message says about differences.
var diagnosing = []mutation{
	{"the number of values is not corrected for", diagnosed, "if !l.corrected {", "if true {", byDiagnosis, true},
	{"small differences are named", diagnosed, "difference: 0.1, odds: 3,", "difference: 0.01, odds: 1,", byDiagnosis, false},
	{"parts of a finding are findings", diagnosed, "			described[n] = true\n", "			_ = n\n", byDiagnosis, false},
	{"the less general name is chosen", diagnosed, "if other.Field < best.Field &&", "if other.Field > best.Field &&", byDiagnosis, false},
	{"outcomes leave no room", diagnosed, "		room-- // how events end is news, too\n", "", byDiagnosis, false},
	{"a line is as much evidence as it stands for", comparison, "return sum * sum / squares", "return sum", byDiagnosis, false},
	{"events whose field is not known count", comparison, "if values == nil {", "if false {", byDiagnosis, false},
	{"a tail without its first term", comparison, "for ; k <= most; k++ {", "for k++; k <= most; k++ {", byDiagnosis, false},
	{"good events are bad ones, too", diagnose, "if !bad {\n", "if false {\n", bySearching, false},
	{"weights are not read", diagnose, "err == nil && w > 1 {", "err != nil {", bySearching, false},
	{"a version of one service is compared with those of others", diagnose,
		"if key.of = doc.first(c.Of); key.of == \"\" {", "if doc.first(c.Of) == \"\" {", bySearching, false},
	{"quick failures are made by what is slow", inSpans, "nearlyAll > good[len(good)/2]", "nearlyAll > 0", bySearching, false},
	{"what waits is slow", inSpans, "			alone[parent] -= sp.duration\n", "			_ = parent\n", bySearching, false},
	{"an old version that starts again is new", changed, "|| before(\"same \", c) ", "", bySearching, false},
	{"the first version of a service is new", changed, "|| !before(\"any \", c))", ")", bySearching, false},
	{"what differs is compared once", renewed, "return s.number == 0 || at", "return s.number == 0 || s.number < 0 && at", byReporting, false},
	{"a failed search removes what differed", renewed, "if found == nil || err != nil && len(i.Facts.Diagnosis) > 0 {",
		"if false {", byReporting, false},
	{"all events of an incident are compared", renewed, "period.From.Before(earliest)", "period.From.IsZero()", byReporting, false},
}
