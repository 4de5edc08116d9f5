package delivery

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// delivered is a world in which every promise was kept.
func delivered() Observation {
	w := Observation{
		Fault: "503", Host: "collector", Drain: 1500 * time.Millisecond,
		Emitted:  map[Signal]Numbers{Line: {First: 1 << 53, Count: 4}, Span: {Count: 4}},
		Evidence: []Evidence{{What: "refused", Times: 3}},
	}
	for n := range int64(4) {
		w.Found = append(w.Found, Found{Line, 1<<53 + n, "logs-1", 1}, Found{Span, n, "spans-1", 1})
	}
	return w
}

func TestAWholeWorldPasses(t *testing.T) {
	row, findings := Check(delivered())
	if len(findings) > 0 {
		t.Error(findings)
	}
	want := Row{Fault: "503", Host: "collector", Expected: 8, Indexed: 8, Drain: 1.5, Evidence: "refused 3"}
	if row != want {
		t.Errorf("row %+v, want %+v", row, want)
	}
}

// Each doctored world must be convicted, with the sentence that tells why.
func TestDoctoredWorldsAreConvicted(t *testing.T) {
	for name, c := range map[string]struct {
		doctor func(*Observation)
		want   string
		row    func(Row) bool
	}{
		"a line is missing":           {func(w *Observation) { w.Found = w.Found[2:] }, "2 records are lost: line 9007199254740992…9007199254740992, span 0…0", func(r Row) bool { return r.Lost == 2 && r.Indexed == 6 }},
		"a span is there twice":       {func(w *Observation) { w.Found[1].Copies = 2 }, "1 records are there twice", func(r Row) bool { return r.Duplicated == 1 && r.Indexed == 8 }},
		"twice, in two indices":       {func(w *Observation) { w.Found = append(w.Found, Found{Span, 0, "spans-2", 1}) }, "1 records are there twice", func(r Row) bool { return r.Duplicated == 1 }},
		"two numbers have become one": {func(w *Observation) { w.Found[2].Number-- }, "1 records are lost", func(r Row) bool { return r.Lost == 1 && r.Duplicated == 1 }},
		"a number out of nowhere":     {func(w *Observation) { w.Found = append(w.Found, Found{Line, 7, "logs-1", 1}) }, "never emitted", nil},
		"the fault did not fire":      {func(w *Observation) { w.Evidence[0].Times = 0 }, "did not fire: refused 0 times", nil},
		"it fired too seldom":         {func(w *Observation) { w.Evidence[0].AtLeast = 4 }, "did not fire: refused 3 times, want 4", nil},
		"nothing was emitted":         {func(w *Observation) { w.Emitted, w.Found = nil, nil }, "nothing was emitted", nil},
		"no line was emitted":         {func(w *Observation) { w.Emitted[Line] = Numbers{} }, "no line was emitted", nil},
		"nothing was to prove it":     {func(w *Observation) { w.Evidence = nil }, "nothing proves", nil},
		"a dead letter":               {func(w *Observation) { w.Found = w.Found[1:]; w.DeadLetters = []DeadLetter{{Line, 1 << 53, "no"}} }, "is among the dead letters", func(r Row) bool { return r.Lost == 0 && r.DeadLettered == 1 }},
		"a poisoned one was taken":    {func(w *Observation) { w.Poisoned = []int64{1 << 53} }, "was poisoned and is not", nil},
		"dead and alive": {func(w *Observation) {
			w.Poisoned = []int64{1 << 53}
			w.DeadLetters = []DeadLetter{{Line, 1 << 53, "no"}}
		}, "is in its index and among", nil},
		"dead without a reason": {func(w *Observation) {
			w.Poisoned, w.Found, w.DeadLetters = []int64{1 << 53}, w.Found[1:], []DeadLetter{{Line, 1 << 53, ""}}
		}, "has no reason", nil},
		"dead twice": {func(w *Observation) {
			w.Poisoned, w.Found, w.DeadLetters = []int64{1 << 53}, w.Found[1:], []DeadLetter{{Line, 1 << 53, "no"}, {Line, 1 << 53, "no"}}
		}, "there twice", nil},
		"filed under another day":          {func(w *Observation) { w.PerIndex = map[string]int{"logs-1": 2, "logs-2": 2} }, "logs-2 holds 0 documents, want 2", nil},
		"eviction that did not":            {func(w *Observation) { w.MayEvict = true }, "the limit was not reached", nil},
		"eviction without a counter":       {func(w *Observation) { w.MayEvict = true; w.Found = w.Found[2:] }, "2 records are lost, but the counters tell of 0", nil},
		"a counter that tells of less":     {func(w *Observation) { w.MayEvict, w.InFlight, w.Evicted = true, 1, 1; w.Found = w.Found[2:] }, "2 records are lost, but the counters tell of 1", nil},
		"a counter that tells of far more": {func(w *Observation) { w.MayEvict, w.InFlight, w.Evicted = true, 1, 4; w.Found = w.Found[2:] }, "2 records are lost, but the counters tell of 4, of which at most 1", nil},
		"eviction that doubles":            {func(w *Observation) { w.MayEvict, w.Evicted = true, 2; w.Found = w.Found[2:]; w.Found[0].Copies = 2 }, "there twice", nil},
		"a control that doubles none":      {func(w *Observation) { w.Control = MustDuplicate }, "cannot fail", func(r Row) bool { return r.Control }},
		"a control that loses none":        {func(w *Observation) { w.Control = MustLose }, "cannot fail", nil},
		"as many lost as doubled":          {func(w *Observation) { w.Found = w.Found[1:]; w.Found[1].Copies = 2 }, "1 records are lost", func(r Row) bool { return r.Lost == 1 && r.Duplicated == 1 }},
	} {
		t.Run(name, func(t *testing.T) {
			w := delivered()
			c.doctor(&w)
			row, findings := Check(w)
			if !slices.ContainsFunc(findings, func(f string) bool { return strings.Contains(f, c.want) }) {
				t.Errorf("findings %q, want one with %q", findings, c.want)
			}
			if c.row != nil && !c.row(row) {
				t.Errorf("row %+v", row)
			}
		})
	}
}

func TestWhatMayBreakPassesWhenItDoes(t *testing.T) {
	for name, doctor := range map[string]func(*Observation){
		"eviction that is told":        func(w *Observation) { w.MayEvict, w.Evicted = true, 2; w.Found = w.Found[2:] },
		"a counter that tells of more": func(w *Observation) { w.MayEvict, w.InFlight, w.Evicted = true, 1, 3; w.Found = w.Found[2:] },
		"a control that doubles":       func(w *Observation) { w.Control = MustDuplicate; w.Found[0].Copies = 2 },
		"a control that loses":         func(w *Observation) { w.Control = MustLose; w.Found = w.Found[1:] },
		"a poisoned one is refused": func(w *Observation) {
			w.Poisoned, w.Found, w.DeadLetters = []int64{1 << 53}, w.Found[1:], []DeadLetter{{Line, 1 << 53, "mapping"}}
		},
		"each under its day": func(w *Observation) { w.PerIndex = map[string]int{"logs-1": 4, "spans-1": 4} },
	} {
		t.Run(name, func(t *testing.T) {
			w := delivered()
			doctor(&w)
			if _, findings := Check(w); len(findings) > 0 {
				t.Error(findings)
			}
		})
	}
}
