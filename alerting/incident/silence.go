package incident

import "time"

// MaxSilence is a week: what stays longer is a rule to change.
const MaxSilence = 7 * 24 * time.Hour

// Silence keeps a rule from notifying people for a while, or one incident until it
// resolves. It ends by itself.
type Silence struct {
	ID       string // UUID v7
	Rule     string
	Incident string    // "" for the rule; else the incident with whose end the silence ends
	From     time.Time // when it was made
	Until    time.Time // zero with Incident
	By       string
	Reason   string
}

// Covers reports whether the silence holds for an incident of the rule at that time.
// id is "" for an incident that is not open yet.
func (s Silence) Covers(rule, id string, at time.Time) bool {
	if s.Incident != "" {
		return s.Incident == id
	}
	return s.Rule == rule && !at.Before(s.From) && at.Before(s.Until)
}
