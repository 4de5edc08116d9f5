package wording

import (
	"fmt"
	"math"
	"strings"

	"jari.example/alerting/diagnosis"
	"jari.example/alerting/incident"
	"jari.example/alerting/slo"
)

// Diagnosis is what differs between bad and good events and what changed shortly before, a
// sentence to a line.
func Diagnosis(i incident.Incident) []Line {
	var lines []Line
	for _, f := range i.Facts.Diagnosis[:min(len(i.Facts.Diagnosis), diagnosis.MaxFindings)] {
		if f.BadOf == 0 {
			lines = append(lines, change(i, f))
		} else {
			lines = append(lines, differs(i, f))
		}
	}
	return lines
}

// WithCounts are the sentences of Diagnosis as plain text, each with the counts and the lift behind it.
// A message has no room for these.
func WithCounts(i incident.Incident) (all []string) {
	for n, line := range Diagnosis(i) {
		text := line.Plain(maxSpan)
		if f := i.Facts.Diagnosis[n]; f.BadOf > 0 {
			text += fmt.Sprintf(" Counted: %d of %d failures, %d of %d successes", f.Bad, f.BadOf, f.Good, f.GoodOf)
			if f.Lift > 0 {
				text += fmt.Sprintf("; lift %.1f", f.Lift)
			}
			text += "."
		}
		all = append(all, text)
	}
	return all
}

// maxSpan bounds a part of a sentence in plain text, in characters.
const maxSpan = 400

// maxValue bounds a value or a phrase in a sentence, in characters.
const maxValue = 120

func phrase(f slo.Finding) string { return Literal(f.Phrase, maxValue) }

// about is a share of compared events in whole percents: they are a sample.
func about(part, whole int64) string {
	share := float64(part) / float64(whole)
	if share >= 0.01 && share <= 0.99 {
		share = math.Round(100*share) / 100
	}
	return percent(share)
}

// differs is a value that is over-represented among failures.
func differs(i incident.Incident, f slo.Finding) Line {
	good := "no success"
	if f.Good > 0 && f.GoodOf > 0 {
		good = about(f.Good, f.GoodOf) + " of successes"
	}
	l := Say(about(f.Bad, f.BadOf), " of failures but ", good, " ", phrase(f), " ", Bold(Literal(f.Value, maxValue)))
	if !f.At.IsZero() {
		l = Say(l, " (since ", Span{At: f.At, Now: i.UpdatedAt}, ")")
	}
	return Say(l, ".")
}

// change is what has changed, and how long before the fault began.
func change(i incident.Incident, f slo.Finding) Line {
	l := Say(Bold(strings.TrimSpace(Literal(f.Value, maxValue)+" "+phrase(f))), " at ", Span{At: f.At, Now: i.UpdatedAt})
	if before := i.StartedAt.Sub(f.At); before > 0 {
		l = Say(l, ", ", incident.Duration(before), " before the start")
	}
	return Say(l, ".")
}
