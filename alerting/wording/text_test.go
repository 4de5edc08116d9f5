package wording

import (
	"testing"
	"time"

	"jari.example/alerting/incident"
)

func TestOneGoodEventIsSaidInTheSingular(t *testing.T) {
	f := incident.Facts{EventLabel: "log-in attempts that must take less than 3 s", LastBad: began}
	for seen, want := range map[int64]string{
		1: "Calm at present: 1 of the log-in attempts that must take less than 3 s was good since the last bad one at 10:04:00 UTC, " +
			"the latest at 10:05:00 UTC. It ends after 9.",
		2: "Calm at present: 2 good log-in attempts that must take less than 3 s since the last bad one at 10:04:00 UTC, " +
			"the latest at 10:05:00 UTC. It ends after 9.",
	} {
		f.EndsAfter = &incident.EndsAfter{Seen: seen, Needed: 9, LastEvent: began.Add(time.Minute)}
		if got := waits(incident.Incident{UpdatedAt: began.Add(2 * time.Minute), Facts: f}).Plain(500); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
