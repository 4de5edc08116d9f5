package launch

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// Kind is what an event means to a client that follows the start.
type Kind string

// The kinds of event. Ready, Failed and Stopped are final.
const (
	Info      Kind = "info"
	Transient Kind = "transient" // replaces the part's last transient event
	Up        Kind = "up"
	Warn      Kind = "warn"
	Ready     Kind = "ready"   // everything is up
	Failed    Kind = "failed"  // a part did not start; everything has been stopped
	Stopped   Kind = "stopped" // everything was stopped on request
)

// Ends reports whether the event is final: the start has succeeded, failed or
// been cancelled.
func (k Kind) Ends() bool { return k == Ready || k == Failed || k == Stopped }

// Event is one line of progress.
type Event struct {
	Time time.Time `json:"time"`
	Kind Kind      `json:"kind"`
	Part string    `json:"part,omitempty"`
	Text string    `json:"text"`
}

// journal stores all events, writes those that are not transient to a log, and
// lets any number of readers follow.
type journal struct {
	out io.Writer

	mu       sync.Mutex
	events   []Event
	appended chan struct{} // closed and replaced at every event, to wake readers
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

// progress returns the function with which a part reports progress.
func (j *journal) progress(part string) Progress {
	return func(format string, args ...any) {
		if text, transient := strings.CutPrefix(format, "\r"); transient {
			j.add(Transient, part, text, args...)
			return
		}
		j.add(Info, part, format, args...)
	}
}

// next returns the events after the first n. It waits until there is one.
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
