package lineartest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// explain describes the longest partial linearization: the state that it ends
// in, and the operations of which none can be next.
func (h History) explain(info porcupine.LinearizationInfo) string {
	var longest []porcupine.Operation
	for _, l := range info.PartialLinearizationsOperations()[0] {
		if len(l) > len(longest) {
			longest = l
		}
	}
	s := h.model().Init().(checkerState)
	for _, o := range longest {
		c := o.Input.(input)
		_, s.state = s.step(c.call, o.Output.(result))
		s.linearize(c.n)
	}
	ops := h.porcupineOperations()
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d operations have an order. After them the state is\n%sand none of these can be next:\n",
		len(longest), len(ops), s.state)
	for n, o := range ops {
		if !s.isLinearized(n) && o.Call <= s.earliestReturn(ops) {
			c := o.Input.(input).call
			fmt.Fprintf(&b, "%s at %v … %v, %v → %v", o.Metadata, time.Duration(o.Call), time.Duration(o.Return), c, o.Output)
			if c.op < slotWasFull {
				_, want := s.apply(c)
				fmt.Fprintf(&b, " (the model: %v)", want)
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// visualize writes porcupine's picture of the history and returns where. It is
// kept in the temporary directory unless the test has -artifacts, whose
// directory survives the test.
func visualize(t *testing.T, h History, info porcupine.LinearizationInfo) string {
	dir := t.ArtifactDir()
	if kept := flag.Lookup("test.artifacts"); kept == nil || kept.Value.String() != "true" {
		dir = os.TempDir()
	}
	file := filepath.Join(dir, fmt.Sprintf("jari-linear-%d.html", h.Seed))
	if err := porcupine.VisualizePath(h.model(), info, file); err != nil {
		return err.Error()
	}
	return "see " + file
}

func (c call) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s diner %d", c.op, c.diner)
	for _, f := range []struct {
		name  string
		value int8
		set   bool
	}{
		{"key", c.key, c.key != none},
		{"reservation", c.reservation, c.reservation != none},
		{"slot", c.slot, c.slot != none},
		{"party", c.party, c.party != 0},
		{"if version", c.version, c.version != 0},
		{"covers", c.covers, c.op == edit},
	} {
		if f.set {
			fmt.Fprintf(&b, " %s %d", f.name, f.value)
		}
	}
	return b.String()
}

func (r result) String() string {
	switch {
	case r.reason == reasonSlotFull:
		return fmt.Sprintf("%s, %d left", r.reason, r.available)
	case r.reason != "":
		return r.reason
	case r.status == absent:
		return fmt.Sprint("done, overbooked ", r.overbooked)
	case r.replayed:
		return fmt.Sprint(r.view, " replayed")
	}
	return r.view.String()
}

func (v view) String() string {
	text := fmt.Sprintf("reservation %d on slot %d for %d %s", v.reservation, v.slot, v.party, v.status)
	if v.position != 0 {
		text += fmt.Sprintf(" at position %d", v.position)
	}
	if v.version != 0 {
		text += fmt.Sprintf(", version %d", v.version)
	}
	return text
}

func (s state) String() string {
	var b strings.Builder
	for i, slot := range s.slots {
		fmt.Fprintf(&b, "slot %d: %d booked of %d\n", i, slot.booked, slot.wanted)
	}
	for i, r := range s.reservations {
		if r.status != absent {
			fmt.Fprintf(&b, "diner %d: %s\n", r.diner, s.view(int8(i)))
		}
	}
	return b.String()
}
