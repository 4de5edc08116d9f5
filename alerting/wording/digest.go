package wording

import (
	"fmt"

	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/notify"
)

// DigestSize bounds a digest.
type DigestSize struct {
	Healthy   bool // whether budgets that last have a line each; else they share one
	Rates     bool // whether a line says how fast a budget is spent
	Budgets   int  // lines of budgets; what has none is counted
	Incidents int  // lines of open incidents
	Names     int  // names in one line
}

// DigestSizes are from the whole digest of a large system to its least: what a medium with
// a limit loses first is the lines about budgets that last.
var DigestSizes = []DigestSize{
	{Healthy: true, Rates: true, Budgets: 200, Incidents: 50, Names: 200},
	{Rates: true, Budgets: 200, Incidents: 50, Names: 20},
	{Budgets: 60, Incidents: 20, Names: 20},
	{Budgets: 30, Incidents: 10, Names: 10},
	{Budgets: 15, Incidents: 10, Names: 10},
	{Budgets: 5, Incidents: 3, Names: 3},
}

// DigestTitle is the headline of a digest. It has the day in the zone of the digest, on
// which each reader agrees.
func DigestTitle(d notify.Digest) string {
	return "📊 Error budgets on " + d.At.In(zoneOf(d)).Format("Monday, 2 January")
}

// DigestSummary is what a digest says where there is room for one line.
func DigestSummary(d notify.Digest) string {
	exhausted := 0
	for _, b := range d.Budgets {
		if !b.NoData && b.Remaining <= 0 {
			exhausted++
		}
	}
	return fmt.Sprintf("%s exhausted, %s open", many(exhausted, "budget is", "budgets are"), many(len(d.Open), "incident is", "incidents are"))
}

// Digest is what a digest says, in the order in which people should read it.
func Digest(d notify.Digest, links notify.Links, size DigestSize) (lines []Line, where Line) {
	lines = append(digestIncidents(d, size), digestBudgets(d, size)...)
	lines = append(lines, Say("As of ", clock(d, d.At), "."))
	if url := links.StatusURL(incident.Incident{}); url != "" {
		where = Say(Span{Text: "Status page", URL: url})
	}
	return lines, where
}

func digestIncidents(d notify.Digest, size DigestSize) []Line {
	nobody := 0
	for _, i := range d.Open {
		if unacknowledged(i) {
			nobody++
		}
	}
	open := Say("No incident is open.")
	switch n := len(d.Open); {
	case n > 0 && nobody == 0:
		open = Say(Bold(many(n, "incident is", "incidents are"), " open"), ".")
	case n > 0:
		open = Say(Bold(many(n, "incident is", "incidents are"), " open"), ", and nobody has acknowledged ", Bold(nobody), " of them.")
	}
	ended := "None ended yesterday."
	if d.Ended > 0 {
		ended = fmt.Sprintf("%d ended yesterday.", d.Ended)
	}
	lines := []Line{Say(open, " ", ended)}
	for n, i := range d.Open {
		if n == size.Incidents {
			lines = append(lines, Say(fmt.Sprintf("… and %d more that are open.", len(d.Open)-n)))
			break
		}
		sign, by := "🟡 ", "nobody has acknowledged it"
		if i.Page {
			sign = "🔴 "
		}
		switch {
		case i.AcknowledgedBy != "":
			by = "acknowledged by " + i.AcknowledgedBy
		case i.Silenced:
			by = "silenced"
		}
		lines = append(lines, Say(sign, i.Title, ", since ", clock(d, i.StartedAt), ": ", by, "."))
	}
	return lines
}

// unacknowledged reports whether somebody should acknowledge i.
func unacknowledged(i notify.OpenIncident) bool { return i.AcknowledgedBy == "" && !i.Silenced }

func digestBudgets(d notify.Digest, size DigestSize) []Line {
	var lines []Line
	var last, noData []string // names
	left := 0
	for _, b := range d.Budgets {
		switch {
		case b.NoData:
			noData = append(noData, b.Rule)
		case !size.Healthy && lasts(b) && b.Remaining >= 0.5:
			last = append(last, b.Rule)
		case len(lines) == size.Budgets:
			left++
		default:
			lines = append(lines, digestBudget(d, b, size))
		}
	}
	if left > 0 {
		lines = append(lines, Say(fmt.Sprintf("… and %d more, of which more remains.", left)))
	}
	if len(last) > 0 {
		lines = append(lines, Say("More than half remains, and it lasts: ", list(last, size.Names), "."))
	}
	if len(noData) > 0 {
		lines = append(lines, Say(Bold("Without data"), ", so it is not known how they do: ", list(noData, size.Names), "."))
	}
	if len(lines) == 0 {
		return []Line{Say("There is no objective.")}
	}
	return append([]Line{Say("The budgets, the worst first:")}, lines...)
}

// lasts reports whether the budget is spent no faster than it may be.
func lasts(b notify.ObjectiveBudget) bool { return b.BurnRate <= 1 }

func digestBudget(d notify.Digest, b notify.ObjectiveBudget, size DigestSize) Line {
	l := Say(bar(b.Remaining), " ", Bold(b.Rule), " over ", incident.Duration(b.Window), ": ", percent(b.Remaining), " remains")
	if b.Remaining <= 0 {
		l = Say(bar(0), " ", Bold(b.Rule), " over ", incident.Duration(b.Window), ": exhausted", exceeded(b.Remaining))
	}
	over, rate := incident.Duration(b.Over), incident.Number(b.BurnRate)
	switch {
	case !size.Rates && !lasts(b) && !b.ExhaustedAt.IsZero():
		return Say(l, ", exhausted at ", Bold(clock(d, b.ExhaustedAt)), ".")
	case !size.Rates:
		return Say(l, ".")
	case b.BurnRate <= 0:
		return Say(l, ". Nothing was spent in the last ", over, ".")
	case lasts(b) || b.ExhaustedAt.IsZero():
		return Say(l, ". The burn rate of the last ", over, " is ", rate, ".")
	}
	return Say(l, ". At the burn rate of the last ", over, ", which is ", rate, ", it is exhausted in ",
		incident.Duration(b.ExhaustedAt.Sub(d.At)), ", at ", Bold(clock(d, b.ExhaustedAt)), ".")
}

func clock(d notify.Digest, at time.Time) Span { return Span{At: at, Now: d.At, Zone: zoneOf(d)} }

// zoneOf is the zone of d; UTC when this process does not know it.
func zoneOf(d notify.Digest) *time.Location {
	if zone, err := time.LoadLocation(d.Zone); err == nil && d.Zone != "" {
		return zone
	}
	return time.UTC
}

// many is "no budgets are", "1 budget is", "2 budgets are".
func many(n int, one, several string) string {
	switch n {
	case 0:
		return "no " + several
	case 1:
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, several)
}
