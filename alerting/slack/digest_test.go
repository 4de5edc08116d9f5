package slack

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"jari.example/alerting/notify"
	"jari.example/alerting/slack/slacktest"
)

// digestOf is a digest of n objectives, every fifth of which is in trouble, and of as many
// open incidents. tail makes the names longer.
func digestOf(n, open int, tail string) notify.Digest {
	at := time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)
	d := notify.Digest{At: at, Zone: "Asia/Seoul", Ended: 2}
	for k := range n {
		b := notify.ObjectiveBudget{Rule: fmt.Sprintf("objective-%03d%s", k, tail), Window: 30 * 24 * time.Hour, Over: 24 * time.Hour}
		switch k % 5 {
		case 0:
			b.Remaining, b.BurnRate = -17.36, 40
		case 1:
			b.Remaining, b.BurnRate, b.ExhaustedAt = 0.12, 3.1, at.Add(28*time.Hour)
		case 2:
			b.Remaining, b.BurnRate, b.ExhaustedAt = 0.97, 0.4, at.Add(70*24*time.Hour)
		case 3:
			b.Remaining = 1
		case 4:
			b.Remaining, b.NoData = 1, true
		}
		d.Budgets = append(d.Budgets, b)
	}
	slices.SortStableFunc(d.Budgets, func(a, b notify.ObjectiveBudget) int {
		return cmp.Compare(a.Remaining, b.Remaining)
	})
	for k := range open {
		i := notify.OpenIncident{ID: fmt.Sprint(k), Title: "Something fails" + tail, StartedAt: at.Add(-time.Hour)}
		switch k % 3 {
		case 0:
			i.Page = true
		case 1:
			i.AcknowledgedBy = "Mina Kim"
		case 2:
			i.Silenced = true
		}
		d.Open = append(d.Open, i)
	}
	return d
}

func TestDigestTexts(t *testing.T) {
	calm := digestOf(0, 0, "")
	calm.Ended = 0
	for name, d := range map[string]notify.Digest{"digest": digestOf(5, 3, ""), "digest calm": calm} {
		t.Run(name, func(t *testing.T) { golden(t, name, digest(d, links)) })
	}
}

// However many objectives there are, Slack takes the digest, and it says first what is in
// trouble. What it has no room for, it counts.
func TestADigestOfManyObjectivesFitsAndSaysTheWorst(t *testing.T) {
	for name, c := range map[string]struct {
		d    notify.Digest
		want []string
	}{
		"50": {digestOf(50, 2, ""), []string{"objective-000 over 30 d: exhausted (exceeded by 1736 %)",
			"objective-046 over 30 d: 12 % remains", "objective-049"}},
		"200": {digestOf(200, 30, ""), []string{"objective-000 over 30 d: exhausted", "30 incidents are open", "Without data", " more"}},
		"long names": {digestOf(200, 60, strings.Repeat("-long", 60)),
			[]string{"objective-000", "60 incidents are open", "more that are open", "more, of which more remains"}},
	} {
		t.Run(name, func(t *testing.T) {
			m := digest(c.d, links)
			if wrong := append(markup(m), limitsBroken(m)...); len(wrong) > 0 {
				t.Errorf("%q", wrong)
			}
			shown, err := slacktest.Shown(m.blocks)
			if err != nil {
				t.Fatal(err)
			}
			plain := strings.ReplaceAll(shown, "*", "")
			for _, want := range c.want {
				if !strings.Contains(plain, want) {
					t.Errorf("without %q:\n%s", want, plain)
				}
			}
		})
	}
}

func TestADigestWithMarkupInItsNamesShowsIt(t *testing.T) {
	for _, text := range []string{"<!channel>", "<@U0123456>", "*bold* _it_ `x` :fire:", "<https://x.example|y>"} {
		m := digest(digestOf(20, 6, text), links)
		if wrong := append(markup(m), limitsBroken(m)...); len(wrong) > 0 {
			t.Errorf("%s: %q", text, wrong)
		}
	}
}
