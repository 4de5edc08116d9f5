// Package deadman is the dead man's switch of alerting. What says that something is
// broken may be broken itself, so a watcher outside of it mails when no tick of the
// evaluation has succeeded for a while.
package deadman

import "time"

const (
	// After is how long no tick may succeed.
	After = 3 * time.Minute
	// Repeat is how often it is mailed again while that lasts.
	Repeat = time.Hour
)

// State is what a Switch remembers from one check to the next.
type State struct {
	LastTick  time.Time `json:"last_tick,omitzero"`  // the newest tick that is known to have succeeded
	From      time.Time `json:"from,omitzero"`       // since when there were checks without a break
	CheckedAt time.Time `json:"checked_at,omitzero"` // the last check
	MailedAt  time.Time `json:"mailed_at,omitzero"`  // the last mail of an outage; zero while there is none
}

// since is when alerting was last known to work, or else when the checks began.
func (s State) since() time.Time {
	if s.LastTick.IsZero() {
		return s.From
	}
	return s.LastTick
}

// Event is what a check has found that is mailed.
type Event string

// The events.
const (
	Nothing Event = ""
	Began   Event = "began" // no tick has succeeded for After
	Lasts   Event = "lasts" // for Repeat since the last mail
	Ended   Event = "ended" // a tick has succeeded
)

// Decide says what a check at now finds, given when a tick last succeeded: zero when
// that is not known. The state it returns is that after the event was mailed.
func Decide(s State, tick, now time.Time) (State, Event) {
	if now.Sub(s.CheckedAt) >= After {
		s.From = now // nobody checked, so a tick that is old may only be the last one of a system that was stopped
	}
	s.CheckedAt = now
	if tick.After(s.LastTick) {
		s.LastTick = tick
	}
	silent := now.Sub(s.LastTick)
	switch {
	case s.MailedAt.IsZero() && silent >= After && now.Sub(s.From) >= After:
		s.MailedAt = now
		return s, Began
	case s.MailedAt.IsZero():
		return s, Nothing
	case silent < After:
		s.MailedAt = time.Time{}
		return s, Ended
	case now.Sub(s.MailedAt) >= Repeat:
		s.MailedAt = now
		return s, Lasts
	}
	return s, Nothing
}
