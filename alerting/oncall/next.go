package oncall

import (
	"slices"
	"time"
)

// Notified is that a person was notified of an incident.
type Notified struct {
	Person string // the name
	At     time.Time
}

// Next returns whom to notify next of an incident that nobody has acknowledged, and
// when that is due. notified are those who were notified, in order, since the
// incident became a page or was reopened.
//
// The first is due at once; each further one AcknowledgeWithin after the one before.
// It is the first person of the line, as it is when that is due, who was not
// notified yet. When the whole line was, it begins again with its first person.
func (r Rota) Next(notified []Notified, now time.Time) (next Person, due time.Time) {
	due = now
	if len(notified) > 0 {
		due = notified[len(notified)-1].At.Add(r.AcknowledgeWithin)
	}
	at := due
	if now.After(due) {
		at = now
	}
	line := r.Line(at)
	round := map[string]bool{} // who was notified since the line began again
	waits := func(p Person) bool { return !round[p.Name] }
	for _, n := range notified {
		round[n.Person] = true
		if !slices.ContainsFunc(line, waits) {
			clear(round)
		}
	}
	return line[slices.IndexFunc(line, waits)], due
}
