package lineartest

import (
	"fmt"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// stuck tells how far the history could be explained, and whose turn it was then.
func (h History) stuck(info porcupine.LinearizationInfo) string {
	var longest []porcupine.Operation
	for _, l := range info.PartialLinearizationsOperations()[0] {
		if len(l) > len(longest) {
			longest = l
		}
	}
	now := h.model().Init().(moment)
	for _, o := range longest {
		c := o.Input.(claim)
		_, now.state = now.step(c.call, o.Output.(answer))
		now.take(c.n)
	}
	ops := h.operations()
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d claims explained, and then\n%swhen nobody could have been next of\n", len(longest), len(ops), now.state)
	for n, o := range ops {
		if !now.had(n) && o.Call <= now.deadline(ops) {
			c := o.Input.(claim).call
			fmt.Fprintf(&b, "%s at %v … %v, %v → %v", o.Metadata, time.Duration(o.Call), time.Duration(o.Return), c, o.Output)
			if c.op < wasFull {
				_, should := now.do(c)
				fmt.Fprintf(&b, " (now: %v)", should)
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func (c call) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s diner %d", c.op, c.diner)
	for _, f := range []struct {
		name  string
		value int8
		said  bool
	}{
		{"key", c.key, c.key != none},
		{"row", c.row, c.row != none},
		{"slot", c.slot, c.slot != none},
		{"party", c.party, c.party != 0},
		{"if", c.version, c.version != 0},
		{"covers", c.covers, c.op == edit},
	} {
		if f.said {
			fmt.Fprintf(&b, " %s %d", f.name, f.value)
		}
	}
	return b.String()
}

func (a answer) String() string {
	switch {
	case a.reason == "slot_full":
		return fmt.Sprintf("slot_full, %d left", a.available)
	case a.reason != "":
		return a.reason
	case a.status == unborn:
		return fmt.Sprint("done ", a.closed)
	}
	again := ""
	if a.replayed {
		again = " again"
	}
	return fmt.Sprintf("%s%s", a.shown, again)
}

func (s shown) String() string {
	text := fmt.Sprintf("row %d on slot %d for %d %s", s.row, s.slot, s.party, s.status)
	if s.position != 0 {
		text += fmt.Sprintf(" as no. %d", s.position)
	}
	if s.version != 0 {
		text += fmt.Sprintf(" v%d", s.version)
	}
	return text
}

func (s state) String() string {
	var b strings.Builder
	for i, at := range s.slots {
		fmt.Fprintf(&b, "slot %d: %d of %d\n", i, at.booked, at.wanted)
	}
	for i, r := range s.rows {
		if r.status != unborn {
			fmt.Fprintf(&b, "diner %d: %s\n", r.diner, s.show(int8(i)))
		}
	}
	return b.String()
}
