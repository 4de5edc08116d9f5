package mail_test

import (
	"maps"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"jari.example/alerting/incident"
	"jari.example/alerting/incident/incidenttest"
	"jari.example/alerting/notify"
	"jari.example/alerting/slo"
)

// hostile would be headers, a body or another mail if it was written as it is.
const hostile = "planted\r\nBcc: all@jari.example\r\n\r\n<b>body</b>\r\n.\r\nMAIL FROM:<x@y>\nX-Planted: 1\r" +
	" =?utf-8?q?Bcc:_x?= \u202eright\u2028next\x00\x1b[31m\xff "

func TestNothingFromOutsideBecomesAHeader(t *testing.T) {
	for name, planted := range map[string]string{
		"hostile": hostile, "huge": strings.Repeat(hostile, 2000), "one long word": strings.Repeat("a", 100_000),
		"one long word of Korean": strings.Repeat("가", 50_000), "nothing": "",
	} {
		t.Run(name, func(t *testing.T) {
			for _, d := range everything(planted) {
				raw, _, err := capture(d)
				if err != nil {
					t.Fatal(err)
				}
				m, err := netmail.ReadMessage(strings.NewReader(raw))
				if err != nil {
					t.Fatal(err)
				}
				for _, key := range slices.Sorted(maps.Keys(m.Header)) {
					if !slices.Contains(allowed, key) || len(m.Header[key]) > 1 {
						t.Errorf("%s: header %s: %q", d.Kind, key, m.Header[key])
					}
				}
				for line := range strings.SplitSeq(raw, "\r\n") {
					if len(line) > 78 || strings.ContainsAny(line, "\r\n\x00\x1b") {
						t.Errorf("%s: a line of %d characters: %.200q", d.Kind, len(line), line)
					}
				}
				text := shown(t, raw)
				if len(text) > 50_000 || strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
					t.Errorf("%s: %d characters, of which some are hidden: %.400q", d.Kind, len(text), text)
				}
				if strings.Contains(planted, "planted") && !strings.Contains(text, "planted") {
					t.Errorf("%s: the text is not in the mail: the test plants it in vain", d.Kind)
				}
			}
		})
	}
}

var allowed = []string{"From", "To", "Subject", "Date", "Message-Id", "References", "In-Reply-To",
	"Auto-Submitted", "Mime-Version", "Content-Type", "Content-Transfer-Encoding"}

// everything is a delivery of each kind in which each text is the planted one.
func everything(planted string) []notify.Delivery {
	var all []notify.Delivery
	for _, change := range []func(*incident.Incident){
		func(*incident.Incident) {},
		func(i *incident.Incident) { i.Facts.Alert = nil },
		func(i *incident.Incident) { i.Facts.EndsAfter = nil },
		func(i *incident.Incident) { i.ResolvedAt = i.UpdatedAt },
		func(i *incident.Incident) { i.ResolvedAt, i.Facts.Withdrawn = i.UpdatedAt, true },
	} {
		i := page()
		i.Facts.Alert = &incident.Alert{When: slo.When{Within: time.Minute, Events: 1}}
		incidenttest.Fill(&i, func(string) string { return planted })
		i.ID, i.Severity = page().ID, slo.Page // both are ours
		change(&i)
		for _, kind := range []notify.Kind{notify.Post, notify.Reply} {
			all = append(all, delivery(kind, i, planted))
		}
	}
	return append(all, delivery(notify.Notice, incident.Incident{}, planted))
}
