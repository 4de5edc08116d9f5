package mail_test

import (
	"strings"
	"testing"
	"time"

	"jari.example/alerting/notify"
	_ "jari.example/internal/zone" // the zones
)

func TestADigestIsAMailOfItsOwnInTheZoneOfTheDigest(t *testing.T) {
	d := delivery(notify.Notice, page(), "")
	d.Incident.ID = ""
	d.Note.Digest = &notify.Digest{At: at, Zone: "Asia/Seoul", Budgets: []notify.ObjectiveBudget{
		{Rule: "login-latency", Window: 30 * 24 * time.Hour, Remaining: 0.12, BurnRate: 3.1, Over: time.Hour,
			ExhaustedAt: at.Add(28 * time.Hour)},
		{Rule: "search-latency", Window: 30 * 24 * time.Hour, Remaining: 1, NoData: true},
	}}
	raw, _, err := capture(d)
	if err != nil {
		t.Fatal(err)
	}
	text := shown(t, raw)
	for _, want := range []string{
		"Subject: 📊 Error budgets on Monday, 23 November\n", "No incident is open. None ended yesterday.",
		"login-latency over 30 d: 12 % remains. At the burn rate of the last 1 h",
		"it is exhausted in 28 h, at 24 November 12:50:12 KST.", "Without data, so it is not known how they do: search-latency.",
		"As of 08:50:12 KST.", "Status page: https://alerting.example/status#",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("without %q:\n%s", want, text)
		}
	}
}
