package evaluate

import (
	"testing"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/slo"
)

// bookings are those of the SRE Workbook's policy.
func bookings() slo.SLO {
	return slo.SLO{
		Objective: slo.Objective{Target: 0.999, Window: 30 * 24 * time.Hour},
		Policy: slo.Policy{MaxPValue: 1e-5, MinBadEvents: 5, Pairs: []slo.WindowPair{
			{Severity: slo.Page, Long: time.Hour, Short: 5 * time.Minute, Burn: 14.4},
			{Severity: slo.Page, Long: 6 * time.Hour, Short: 30 * time.Minute, Burn: 6},
			{Severity: slo.Ticket, Long: 24 * time.Hour, Short: 2 * time.Hour, Burn: 3},
			{Severity: slo.Ticket, Long: 72 * time.Hour, Short: 6 * time.Hour, Burn: 1},
		}},
	}
}

// sumsOf are the sums of the windows of s, given by the length of the window.
func sumsOf(t *testing.T, s slo.SLO, counts map[time.Duration]slo.Count) (*sloRule, []count.Sum) {
	timing, err := count.NewTiming(1)
	if err != nil {
		t.Fatal(err)
	}
	r := newRules(slo.Set{SLOs: []slo.SLO{s}}, timing, time.Hour)
	sums := make([]count.Sum, len(r.windows))
	for i, w := range r.windows {
		sums[i].Count = counts[w.length]
	}
	return &r.slos[0], sums
}

func firing(s *sloRule, sums []count.Sum) (long time.Duration) {
	for i := range s.Policy.Pairs {
		if p := s.pair(i, sums); p.Fires {
			return p.Long
		}
	}
	return 0
}

func TestAPagePairFiresWhenBothWindowsBurnSignificantly(t *testing.T) {
	quiet := slo.Count{Good: 100_000}
	count := func(good, bad int64) slo.Count { return slo.Count{Good: good, Bad: bad} }
	pages := bookings()
	pages.Policy.Pairs = pages.Policy.Pairs[:2]
	for name, tc := range map[string]struct {
		h1, m5, h6, m30 slo.Count
		want            time.Duration // the long window of the pair that fires; 0 for none
	}{
		"no failures":            {quiet, quiet, quiet, quiet, 0},
		"no traffic":             {},
		"exactly 14.4 in both":   {count(9856, 144), count(9856, 144), quiet, quiet, time.Hour},
		"below 14.4 in the long": {count(9857, 143), count(9000, 1000), quiet, quiet, 0},
		"below in the short":     {count(9000, 1000), count(9857, 143), quiet, quiet, 0},
		"the long windows only":  {count(9000, 1000), quiet, count(9000, 1000), quiet, 0},
		"slow burn":              {count(990, 10), count(99, 1), count(9930, 70), count(9930, 70), 6 * time.Hour},
		"both: the first counts": {count(0, 9), count(0, 9), count(0, 9), count(0, 9), time.Hour},
		// One failure of five has a burn rate of 200, and a p-value of 0.005.
		"one failure at night": {count(59, 1), count(4, 1), count(359, 1), count(29, 1), 0},
		// Two of five have the p-value 1.2e-5, two of four 8e-6.
		"two of five, not significant": {count(40, 2), count(3, 2), quiet, quiet, 0},
		"two of four, significant":     {count(40, 2), count(2, 2), quiet, quiet, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			s, sums := sumsOf(t, pages, map[time.Duration]slo.Count{
				time.Hour: tc.h1, 5 * time.Minute: tc.m5, 6 * time.Hour: tc.h6, 30 * time.Minute: tc.m30,
			})
			if got := firing(s, sums); got != tc.want {
				t.Errorf("the pair of %s fires, want that of %s", got, tc.want)
			}
		})
	}
}

func TestATicketPairNeedsAMinimumOfBadEventsAndNoSignificance(t *testing.T) {
	tickets := bookings()
	tickets.Policy.Pairs = tickets.Policy.Pairs[2:]
	for name, tc := range map[string]struct {
		d1, h2 slo.Count
		want   time.Duration
	}{
		"five in the day, one of them just now": {slo.Count{Good: 995, Bad: 5}, slo.Count{Good: 99, Bad: 1}, 24 * time.Hour},
		"four in the day":                       {slo.Count{Good: 996, Bad: 4}, slo.Count{Good: 96, Bad: 4}, 0},
		"not in the last two hours":             {slo.Count{Good: 900, Bad: 100}, slo.Count{Good: 100}, 0},
	} {
		s, sums := sumsOf(t, tickets, map[time.Duration]slo.Count{24 * time.Hour: tc.d1, 2 * time.Hour: tc.h2})
		if got := firing(s, sums); got != tc.want {
			t.Errorf("%s: the pair of %s fires, want that of %s", name, got, tc.want)
		}
	}
}
