package slo

import (
	"math"
	"testing"
)

func TestGoodNeededAfterAFault(t *testing.T) {
	for name, tc := range map[string]struct {
		worst float64
		want  int64
	}{
		"all were bad: one good one shows it":   {1, 1},
		"99 %: exactly one":                     {0.99, 1},
		"90 %: exactly two":                     {0.9, 2},
		"half: seven, since 1/128 is below 1 %": {0.5, 7},
		"5 %":                                   {0.05, 90},
		"1.44 %: not more than the maximum":     {0.0144, 200},
		"nothing was measured":                  {0, 200},
	} {
		if got := GoodNeeded(tc.worst); got != tc.want {
			t.Errorf("%s: %d, want %d", name, got, tc.want)
		}
	}
}

func TestExcludesAFaultWhenSoFewBadEventsAreImprobable(t *testing.T) {
	for name, tc := range map[string]struct {
		count Count
		worst float64
		want  bool
	}{
		"nobody tries":                            {Count{}, 0.5, false},
		"seven good ones after half were bad":     {Count{Good: 7}, 0.5, true},
		"six good ones":                           {Count{Good: 6}, 0.5, false},
		"one bad of 11 after half: 12 of 2048":    {Count{Good: 10, Bad: 1}, 0.5, true},
		"one bad of 10: 11 of 1024":               {Count{Good: 9, Bad: 1}, 0.5, false},
		"as bad as before":                        {Count{Good: 500, Bad: 500}, 0.5, false},
		"much traffic with a few bad ones":        {Count{Good: 99_950, Bad: 50}, 0.5, true},
		"the same share when that is what it was": {Count{Good: 99_950, Bad: 50}, 0.0005, false},
		"all were bad, and now one is good":       {Count{Good: 1, Bad: 20}, 1, true},
		"all were bad, and all are":               {Count{Bad: 20}, 1, false},
		"nothing was measured":                    {Count{Good: 1000}, 0, false},
	} {
		if got := Excludes(tc.count, tc.worst); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// An oracle that adds up every term.
func TestExcludesEqualsThePlainSum(t *testing.T) {
	for _, worst := range []float64{0.02, 0.3, 0.77} {
		for n := range int64(60) {
			for bad := range n + 1 {
				tail := 0.0
				for i := range bad + 1 {
					tail += math.Exp(logChoose(float64(n), float64(i))) * math.Pow(worst, float64(i)) * math.Pow(1-worst, float64(n-i))
				}
				if got := Excludes(Count{Good: n - bad, Bad: bad}, worst); got != (tail <= 0.01) {
					t.Fatalf("%d bad of %d with the share %v: %v, the tail is %v", bad, n, worst, got, tail)
				}
			}
		}
	}
}
