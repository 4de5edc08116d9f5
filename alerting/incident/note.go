package incident

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"jari.example/alerting/evaluate"
	"jari.example/alerting/slo"
)

// note is the entry of the incident's history that v adds; "" adds none.
func note(i Incident, v evaluate.Verdict) string {
	switch v.Event {
	case evaluate.Opened:
		return fmt.Sprintf("%s: %s.", opening(v.Severity), cause(v))
	case evaluate.Raised:
		return fmt.Sprintf("Raised from ticket to page: %s.", cause(v))
	case evaluate.Reopened:
		return fmt.Sprintf("Reopened %s after its end: %s.", Duration(v.At.Sub(v.Incident.EndedAt)), cause(v))
	case evaluate.Resolved:
		return fmt.Sprintf("Resolved after %s%s.", Duration(i.ResolvedAt.Sub(i.StartedAt)), total(i.Facts))
	case evaluate.Withdrawn:
		return fmt.Sprintf("Closed: the rule %s was withdrawn or renamed. Whether the fault is over is not known.", i.Rule)
	}
	return ""
}

func opening(s slo.Severity) string {
	if s == slo.Page {
		return "Paged"
	}
	return "Opened a ticket"
}

// cause is why v's rule fires.
func cause(v evaluate.Verdict) string {
	if v.SLO != nil {
		return fmt.Sprintf("the burn rate was %.4g over %s and %.4g over %s (threshold %.4g)",
			v.Pair.LongBurn, Duration(v.Pair.Long), v.Pair.ShortBurn, Duration(v.Pair.Short), v.Pair.Burn)
	}
	var all []string
	within := Duration(v.Alert.When.Within)
	for _, s := range v.Subjects {
		text := ""
		switch {
		case v.Alert.When.Absent && s.LastEvent.IsZero():
			text = "nothing in the last day"
		case v.Alert.When.Absent:
			text = "nothing since " + s.LastEvent.UTC().Format("15:04:05 UTC")
		case v.Alert.When.Events > 0:
			text = fmt.Sprintf("%d in %s", s.Count.Bad, within)
		default:
			text = fmt.Sprintf("%d of %d bad in %s", s.Count.Bad, s.Count.Total(), within)
		}
		if s.Name != "" {
			text = s.Name + ": " + text
		}
		all = append(all, text)
	}
	return strings.Join(all, "; ")
}

// total is how much failed, after a colon; "" where nothing is counted.
func total(f Facts) string {
	if figures := f.Figures(); figures != "" {
		return ": " + figures
	}
	return ""
}

// Figures says how much failed since the fault began; "" of an alert that watches for
// absence.
func (f Facts) Figures() string {
	switch {
	case f.Alert != nil && f.Alert.When.Absent:
		return ""
	case f.Alert != nil && f.Alert.When.Events > 0:
		return fmt.Sprintf("%d in all", f.SinceStart.Bad)
	case f.Alert != nil:
		return fmt.Sprintf("%d of %d were bad", f.SinceStart.Bad, f.SinceStart.Total())
	}
	return fmt.Sprintf("%d of %d %s failed", f.SinceStart.Bad, f.SinceStart.Total(), f.EventLabel)
}

// worse says what has become much worse since the incident was acknowledged; "" if
// nothing has. The share of bad events has doubled, or doubled again, or the fault has
// reached another region or subject.
func worse(before, i Incident) string {
	r := before.Response
	if r.AcknowledgedAt.IsZero() {
		return ""
	}
	var all []string
	if doublings(i.Facts.Worst, r.AcknowledgedWorst) > doublings(before.Facts.Worst, r.AcknowledgedWorst) {
		all = append(all, fmt.Sprintf("%s %% are bad, after %s %% when it was acknowledged",
			Number(100*i.Facts.Worst), Number(100*r.AcknowledgedWorst)))
	}
	for _, region := range slices.Sorted(maps.Keys(i.Facts.Regions)) {
		if _, known := before.Facts.Regions[region]; !known && len(before.Facts.Regions) > 0 {
			all = append(all, "it has reached "+region)
		}
	}
	if now, then := i.Facts.Alert, before.Facts.Alert; now != nil && then != nil {
		for _, subject := range now.Fired {
			if !slices.Contains(then.Fired, subject) {
				all = append(all, "it has reached "+subject)
			}
		}
	}
	if len(all) == 0 {
		return ""
	}
	return "It gets worse: " + strings.Join(all, "; ") + "."
}

// doublings is how often share is the double of from.
func doublings(share, from float64) int {
	if share <= 0 || from <= 0 {
		return 0
	}
	return int(math.Floor(math.Log2(share / from)))
}
