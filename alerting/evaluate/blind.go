package evaluate

import (
	"fmt"
	"strings"
	"time"
)

// Blindness is why counts cannot be trusted at present. Its zero value says that
// they can.
type Blindness struct {
	Since  time.Time
	Reason string // for people, in one line
}

// Blind reports whether counts cannot be trusted.
func (b Blindness) Blind() bool { return b.Reason != "" }

// and joins two reasons.
func (b Blindness) and(other Blindness) Blindness {
	switch {
	case !b.Blind():
		return other
	case !other.Blind():
		return b
	case other.Since.Before(b.Since):
		b.Since = other.Since
	}
	b.Reason += "; " + other.Reason
	return b
}

// freeze is step 2.
func (j *judge) freeze(found []*finding) Blindness {
	blind := j.blind
	for _, f := range found {
		open, isOpen := j.open[f.Name]
		if !f.freezes || f.fires == "" && !(isOpen && f.unknown) {
			continue
		}
		since := j.now
		if isOpen {
			since = open.StartedAt
		}
		var names []string
		for _, s := range f.Subjects {
			if s.Name != "" {
				names = append(names, s.Name)
			}
		}
		reason := f.Alert.Title
		if len(names) > 0 {
			reason = fmt.Sprintf("%s (%s)", reason, strings.Join(names, ", "))
		}
		blind = blind.and(Blindness{since, reason})
	}
	return blind
}
