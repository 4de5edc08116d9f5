package incident

import (
	"testing"
	"time"

	"jari.example/alerting/evaluate"
	"jari.example/alerting/slo"
)

func TestDurationsAreRoundedForReaders(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", 500 * time.Millisecond: "0.5 s", 5 * time.Second: "5 s", 90 * time.Second: "1.5 min", 5 * time.Minute: "5 min",
		761 * time.Second: "13 min", 6 * time.Hour: "6 h", 47 * time.Hour: "47 h", 48 * time.Hour: "2 d", 720 * time.Hour: "30 d",
	} {
		if got := Duration(d); got != want {
			t.Errorf("%s is written %q, want %q", d, got, want)
		}
	}
}

func TestNotesSayWhyAndForHowLong(t *testing.T) {
	ten := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	burns := evaluate.Pair{
		WindowPair: slo.WindowPair{Severity: slo.Page, Long: time.Hour, Short: 5 * time.Minute, Burn: 14.4}, LongBurn: 20, ShortBurn: 1000.25,
	}
	cause := "the burn rate was 20 over 1 h and 1000 over 5 min (threshold 14.4)"
	alert := func(when slo.When, s evaluate.Subject) evaluate.Verdict {
		return evaluate.Verdict{Event: evaluate.Opened, Severity: slo.Ticket, Alert: &slo.Alert{When: when}, Subjects: []evaluate.Subject{s}}
	}
	closed := Incident{
		Rule: "bookings", StartedAt: ten, ResolvedAt: ten.Add(6*time.Minute + 20*time.Second),
		Facts: Facts{EventLabel: "attempts", SinceStart: slo.Count{Good: 1, Bad: 2}},
	}
	for want, v := range map[string]evaluate.Verdict{
		"Paged: " + cause + ".":                      {Event: evaluate.Opened, Severity: slo.Page, SLO: &slo.SLO{}, Pair: burns},
		"Raised from ticket to page: " + cause + ".": {Event: evaluate.Raised, SLO: &slo.SLO{}, Pair: burns},
		"Reopened 1.5 min after its end: " + cause + ".": {
			Event: evaluate.Reopened, SLO: &slo.SLO{}, Pair: burns, At: ten.Add(90 * time.Second), Incident: evaluate.Incident{EndedAt: ten},
		},
		"Resolved after 6.3 min: 2 of 3 attempts failed.":                                             {Event: evaluate.Resolved},
		"Closed: the rule bookings was withdrawn or renamed. Whether the fault is over is not known.": {Event: evaluate.Withdrawn},
		"Opened a ticket: kr: 3 in 10 min.": alert(slo.When{Events: 1, Within: 10 * time.Minute},
			evaluate.Subject{Name: "kr", Count: slo.Count{Bad: 3}}),
		"Opened a ticket: 9 of 10 bad in 5 min.": alert(slo.When{BadShare: 0.9, Within: 5 * time.Minute},
			evaluate.Subject{Count: slo.Count{Good: 1, Bad: 9}}),
		"Opened a ticket: nothing since 10:00:00 UTC.": alert(slo.When{Absent: true}, evaluate.Subject{LastEvent: ten}),
		"Opened a ticket: nothing in the last day.":    alert(slo.When{Absent: true}, evaluate.Subject{}),
		"": {Event: evaluate.Ongoing},
	} {
		if got := note(closed, v); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}
