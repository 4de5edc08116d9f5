package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"jari.example/infra/local/launch"
)

// progress prints events. On a terminal a transient line overwrites the one
// before; elsewhere at most one per part is printed every 10 s.
type progress struct {
	out       io.Writer
	tty       bool
	transient bool // the cursor is at the end of a transient line
	printed   map[string]time.Time
}

const transientEvery = 10 * time.Second

func newProgress(out io.Writer) *progress {
	p := &progress{out: out, printed: map[string]time.Time{}}
	if f, ok := out.(*os.File); ok {
		st, err := f.Stat()
		p.tty = err == nil && st.Mode()&os.ModeCharDevice != 0
	}
	return p
}

var signs = map[launch.Kind]string{launch.Info: "·", launch.Transient: "…", launch.Up: "✓", launch.Warn: "!"}

func (p *progress) event(e launch.Event) {
	if e.Kind.Ends() {
		return
	}
	line := fmt.Sprintf("  %s %-15s %s", signs[e.Kind], e.Part, e.Text)
	if e.Kind != launch.Transient {
		p.close()
		fmt.Fprintln(p.out, line)
		return
	}
	if p.tty {
		if r := []rune(line); len(r) > 100 {
			line = string(r[:100])
		}
		fmt.Fprint(p.out, "\r\x1b[K"+line)
		p.transient = true
		return
	}
	if last, ok := p.printed[e.Part]; !ok || e.Time.Sub(last) >= transientEvery {
		p.printed[e.Part] = e.Time
		fmt.Fprintln(p.out, line)
	}
}

// close erases a transient line.
func (p *progress) close() {
	if p.transient {
		fmt.Fprint(p.out, "\r\x1b[K")
		p.transient = false
	}
}
