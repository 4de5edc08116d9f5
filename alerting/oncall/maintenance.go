package oncall

import (
	"slices"
	"time"
)

// Maintenance is a planned window in which some rules page nobody.
type Maintenance struct {
	Period
	Name   string // a slug, unique among windows
	Reason string // what is being done
	// Rules and Services are what the window covers: rules by their names, and all
	// rules of these services. At least one of the two has a name.
	Rules, Services []string
}

// Covers reports whether the window covers a rule at a time. service is the service
// of the rule, "" if it has none.
func (m Maintenance) Covers(rule, service string, at time.Time) bool {
	return m.Contains(at) && (slices.Contains(m.Rules, rule) || slices.Contains(m.Services, service))
}
