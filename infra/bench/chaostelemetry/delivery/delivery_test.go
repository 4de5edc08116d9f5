package delivery

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// delivered is an observation without violations.
func delivered() Observation {
	o := Observation{
		Fault: "503", Host: "collector", Drain: 1500 * time.Millisecond,
		Emitted:  map[Signal]Numbers{Line: {First: 1 << 53, Count: 4}, Span: {Count: 4}},
		Evidence: []Evidence{{What: "refused", Times: 3}},
	}
	for n := range int64(4) {
		o.Found = append(o.Found, Found{Line, 1<<53 + n, "logs-1", 1}, Found{Span, n, "spans-1", 1})
	}
	return o
}

func TestReportsNothingIfEveryRecordWasDelivered(t *testing.T) {
	row, violations := Check(delivered())
	if len(violations) > 0 {
		t.Error(violations)
	}
	want := Row{Fault: "503", Host: "collector", Expected: 8, Indexed: 8, Drain: 1.5, Evidence: "refused 3"}
	if row != want {
		t.Errorf("row %+v, want %+v", row, want)
	}
}

// violations change an observation so that it has a violation.
var violations = map[string]struct {
	change func(*Observation)
	want   string // in a violation
	row    func(Row) bool
}{
	"a line and a span are missing": {
		func(o *Observation) { o.Found = o.Found[2:] },
		"2 records are lost: line 9007199254740992…9007199254740992, span 0…0", func(r Row) bool { return r.Lost == 2 && r.Indexed == 6 },
	},
	"a span is duplicated": {
		func(o *Observation) { o.Found[1].Copies = 2 },
		"1 records are duplicated", func(r Row) bool { return r.Duplicated == 1 && r.Indexed == 8 },
	},
	"a span is in two indices": {
		func(o *Observation) { o.Found = append(o.Found, Found{Span, 0, "spans-2", 1}) },
		"1 records are duplicated", func(r Row) bool { return r.Duplicated == 1 },
	},
	"two records have the same number": {
		func(o *Observation) { o.Found[2].Number-- },
		"1 records are lost", func(r Row) bool { return r.Lost == 1 && r.Duplicated == 1 },
	},
	"an unknown number": {
		func(o *Observation) { o.Found = append(o.Found, Found{Line, 7, "logs-1", 1}) },
		"never emitted", nil,
	},
	"the fault was not injected": {
		func(o *Observation) { o.Evidence[0].Times = 0 },
		"was not injected: refused 0 times", nil,
	},
	"the fault was injected too few times": {
		func(o *Observation) { o.Evidence[0].AtLeast = 4 },
		"was not injected: refused 3 times, want 4", nil,
	},
	"nothing was emitted": {
		func(o *Observation) { o.Emitted, o.Found = nil, nil },
		"nothing was emitted", nil,
	},
	"no line was emitted": {
		func(o *Observation) { o.Emitted[Line] = Numbers{} },
		"no line was emitted", nil,
	},
	"no evidence": {
		func(o *Observation) { o.Evidence = nil },
		"no evidence", nil,
	},
	"an unexpected dead letter": {
		func(o *Observation) { o.Found = o.Found[1:]; o.DeadLetters = []DeadLetter{{Line, 1 << 53, "no"}} },
		"is a dead letter", func(r Row) bool { return r.Lost == 0 && r.DeadLettered == 1 },
	},
	"a poisoned record was indexed": {
		func(o *Observation) { o.Poisoned = []int64{1 << 53} },
		"was poisoned and is not", nil,
	},
	"both indexed and a dead letter": {func(o *Observation) {
		o.Poisoned = []int64{1 << 53}
		o.DeadLetters = []DeadLetter{{Line, 1 << 53, "no"}}
	}, "is in its index and a dead letter", nil},
	"a dead letter without a reason": {func(o *Observation) {
		o.Poisoned, o.Found, o.DeadLetters = []int64{1 << 53}, o.Found[1:], []DeadLetter{{Line, 1 << 53, ""}}
	}, "has no reason", nil},
	"a duplicated dead letter": {func(o *Observation) {
		o.Poisoned, o.Found, o.DeadLetters = []int64{1 << 53}, o.Found[1:], []DeadLetter{{Line, 1 << 53, "no"}, {Line, 1 << 53, "no"}}
	}, "1 records are duplicated", nil},
	"in the index of another day": {
		func(o *Observation) { o.PerIndex = map[string]int{"logs-1": 2, "logs-2": 2} },
		"logs-2 has 0 documents, want 2", nil,
	},
	"eviction without a loss": {
		func(o *Observation) { o.MayEvict = true },
		"the limit was not reached", nil,
	},
	"eviction without a counter": {
		func(o *Observation) { o.MayEvict = true; o.Found = o.Found[2:] },
		"2 records are lost, but the counters report 0", nil,
	},
	"a counter that reports less": {
		func(o *Observation) { o.MayEvict, o.InFlight, o.Evicted = true, 1, 1; o.Found = o.Found[2:] },
		"2 records are lost, but the counters report 1", nil,
	},
	"a counter that reports too much": {
		func(o *Observation) { o.MayEvict, o.InFlight, o.Evicted = true, 1, 4; o.Found = o.Found[2:] },
		"2 records are lost, but the counters report 4, of which at most 1", nil,
	},
	"eviction with a duplicate": {
		func(o *Observation) { o.MayEvict, o.Evicted = true, 2; o.Found = o.Found[2:]; o.Found[0].Copies = 2 },
		"1 records are duplicated", nil,
	},
	"a control without duplicates": {
		func(o *Observation) { o.Control = MustDuplicate },
		"did not fail", func(r Row) bool { return r.Control },
	},
	"a control without losses": {
		func(o *Observation) { o.Control = MustLose },
		"did not fail", nil,
	},
	"as many losses as duplicates": {
		func(o *Observation) { o.Found = o.Found[1:]; o.Found[1].Copies = 2 },
		"1 records are lost", func(r Row) bool { return r.Lost == 1 && r.Duplicated == 1 },
	},
}

func TestDetectsViolations(t *testing.T) {
	for name, c := range violations {
		t.Run(name, func(t *testing.T) {
			o := delivered()
			c.change(&o)
			row, got := Check(o)
			if !slices.ContainsFunc(got, func(v string) bool { return strings.Contains(v, c.want) }) {
				t.Errorf("violations %q, want one with %q", got, c.want)
			}
			if c.row != nil && !c.row(row) {
				t.Errorf("row %+v", row)
			}
		})
	}
}

func TestAllowsWhatARowMayDo(t *testing.T) {
	for name, change := range map[string]func(*Observation){
		"eviction that is counted": func(o *Observation) {
			o.MayEvict, o.Evicted = true, 2
			o.Found = o.Found[2:]
		},
		"a counter that includes records in flight": func(o *Observation) {
			o.MayEvict, o.InFlight, o.Evicted = true, 1, 3
			o.Found = o.Found[2:]
		},
		"a control that duplicates": func(o *Observation) {
			o.Control = MustDuplicate
			o.Found[0].Copies = 2
		},
		"a control that loses": func(o *Observation) { o.Control = MustLose; o.Found = o.Found[1:] },
		"a poisoned record is refused": func(o *Observation) {
			o.Poisoned, o.Found, o.DeadLetters = []int64{1 << 53}, o.Found[1:], []DeadLetter{{Line, 1 << 53, "mapping"}}
		},
		"every document in the index of its day": func(o *Observation) {
			o.PerIndex = map[string]int{"logs-1": 4, "spans-1": 4}
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := delivered()
			change(&o)
			if _, violations := Check(o); len(violations) > 0 {
				t.Error(violations)
			}
		})
	}
}
