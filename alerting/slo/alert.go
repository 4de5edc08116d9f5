package slo

import "time"

// Alert is a direct alert: a rule without a budget, which fires while a condition
// holds. Its Subjects are evaluated separately and share one incident.
type Alert struct {
	Rule
	Severity Severity
	Subjects []Subject
	When     When
	// Freezes: while it fires, telemetry cannot be trusted, so no other incident
	// resolves.
	Freezes bool
}

// Subject is one of the things that an alert watches, such as a service in a
// region.
type Subject struct {
	Name      string // for people: "search in us-east-1"; "" when there is only one
	Indicator Indicator
}

// When is the condition of an alert. Exactly one of Events, BadShare and Absent is
// set.
type When struct {
	// Within is the time before now that is looked at.
	Within time.Duration
	// Events > 0: at least so many events.
	Events int64
	// BadShare > 0: at least this share of the events is bad, of at least
	// MinEvents events.
	BadShare  float64
	MinEvents int64
	// Absent: not one event.
	Absent bool
}

// scaledAbsence is d divided by n, but at least half of d: the time scale shortens
// windows, but neither the interval of heartbeats nor the start of a process. Of two
// times the longer one stays the longer.
func scaledAbsence(d time.Duration, n int) time.Duration {
	return max(d/time.Duration(n), d/2)
}

// WithTimeScale returns a with its windows divided by n. See SLO.WithTimeScale.
func (a Alert) WithTimeScale(n int) Alert {
	if a.When.Absent {
		a.When.Within = scaledAbsence(a.When.Within, n)
	} else {
		a.When.Within /= time.Duration(n)
	}
	subjects := make([]Subject, len(a.Subjects))
	for i, s := range a.Subjects {
		s.Indicator.Within = scaledAbsence(s.Indicator.Within, n)
		subjects[i] = s
	}
	a.Subjects = subjects
	return a
}
