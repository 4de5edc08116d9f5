package launch

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// Kind is what an event means to somebody who waits.
type Kind string

// The kinds of event. Ready, Failed and Stopped end a wait.
const (
	Info      Kind = "info"
	Transient Kind = "passing" // replaces the part's last passing line
	Up        Kind = "up"
	Warn      Kind = "warn"
	Ready     Kind = "ready"   // everything is up
	Failed    Kind = "failed"  // something did not come up; everything is stopped again
	Stopped   Kind = "stopped" // everything was stopped on request
)

// Ends reports whether nothing follows that somebody waiting for the start
// would care about.
func (k Kind) Ends() bool { return k == Ready || k == Failed || k == Stopped }

// Event is one line of progress.
type Event struct {
	Time time.Time `json:"time"`
	Kind Kind      `json:"kind"`
	Part string    `json:"part,omitempty"`
	Text string    `json:"text"`
}

// journal remembers all events, writes the lasting ones to a log, and lets
// any number of readers follow.
type journal struct {
	out io.Writer

	mu       sync.Mutex
	events   []Event
	appended chan struct{} // closed and replaced at every event
}

func newJournal(out io.Writer) *journal { return &journal{out: out, appended: make(chan struct{})} }

func (j *journal) add(kind Kind, part, format string, args ...any) {
	e := Event{Time: time.Now(), Kind: kind, Part: part, Text: fmt.Sprintf(format, args...)}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.events = append(j.events, e)
	close(j.appended)
	j.appended = make(chan struct{})
	if kind != Transient {
		fmt.Fprintf(j.out, "%s %-7s %s: %s\n", e.Time.Format("2006-01-02 15:04:05.000"), kind, part, e.Text)
	}
}

// progress returns the Say of a part.
func (j *journal) progress(part string) Progress {
	return func(format string, args ...any) {
		if text, passing := strings.CutPrefix(format, "\r"); passing {
			j.add(Transient, part, text, args...)
			return
		}
		j.add(Info, part, format, args...)
	}
}

// next returns the events after the first n, waiting until there are some.
func (j *journal) next(ctx context.Context, n int) ([]Event, error) {
	for {
		j.mu.Lock()
		events, grown := j.events[n:], j.appended
		j.mu.Unlock()
		if len(events) > 0 {
			return events, nil
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
