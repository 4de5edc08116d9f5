package mail_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/mail"
	"jari.example/alerting/notify"
	"jari.example/alerting/slo"
	"jari.example/internal/serve/servetest"
	"jari.example/internal/ses"
)

var update = flag.Bool("update", false, "rewrite golden files")

var links = notify.Links{
	Runbook:   "https://run.example/runbooks/{slo}",
	Dashboard: "https://kibana.example/d/{dashboard}?from={from}&to={to}",
	Trace:     "https://kibana.example/traces/{trace}",
	Status:    "https://alerting.example/status#{incident}",
}

var at = time.Date(2026, 11, 22, 23, 50, 12, 0, time.UTC)

func page() incident.Incident {
	return incident.Incident{
		ID: "0193f1d2-0000-7000-8000-000000000001", Rule: "booking-availability", Severity: slo.Page,
		StartedAt: at, OpenedAt: at.Add(30 * time.Second), UpdatedAt: at.Add(2 * time.Minute),
		Response: incident.Response{
			Notified: []incident.Notified{{Name: "김민수", At: at.Add(30 * time.Second)}}, MailedAt: at.Add(6 * time.Minute),
		},
		Facts: incident.Facts{
			Title: "Bookings are failing", EventLabel: "booking attempts", Affected: "diners who press Book",
			Dashboard: "bookings-right-now", Target: 0.999, Window: 30 * 24 * time.Hour, Scale: 1,
			Pair:     slo.WindowPair{Severity: slo.Page, Long: time.Hour, Short: 5 * time.Minute, Burn: 14.4},
			LongBurn: 312.4, Long: slo.Count{Good: 688, Bad: 312}, Short: slo.Count{Good: 20, Bad: 300}, SinceStart: slo.Count{Good: 25, Bad: 312},
			BudgetRemaining: 0.566, Spending: slo.Spending{BurnRate: 312.4, Over: time.Hour}, ExhaustedAt: at.Add(80 * time.Minute),
			Regions: map[string]int64{"ap-northeast-2": 300, "us-east-1": 12}, Traces: []string{"0af7651916cd43dd8448eb211c80319c"},
			Diagnosis: []slo.Finding{{Phrase: "went through", Value: "reservation 1.9.2", Bad: 49, BadOf: 50, Good: 3, GoodOf: 97}},
			ErrorType: "connection_refused", Dependency: "postgres", LogLine: "insert reservation: connection refused",
		},
	}
}

func delivery(kind notify.Kind, i incident.Incident, text string) notify.Delivery {
	return notify.Delivery{ID: 7, Kind: kind, Incident: i, Note: notify.Note{Text: text}, Queued: at,
		Target: incident.Target{Medium: incident.Mail, Address: "mina@jari.example"}}
}

// capture sends d and returns the mail, with the result.
func capture(d notify.Delivery) (raw string, ref incident.MessageRef, err error) {
	n := mail.Notifier{
		From: netmail.Address{Name: "Jari 알림", Address: "alerts@jari.example"}, Links: links,
		Now:  func() time.Time { return at.Add(6 * time.Minute) },
		Send: func(_ context.Context, m ses.Mail) error { raw = m.Raw.Reveal(); return nil },
	}
	if d.Kind == notify.Reply {
		return raw, ref, n.Reply(context.Background(), d)
	}
	ref, err = n.Post(context.Background(), d)
	return raw, ref, err
}

func TestMailsSayWhatAReaderNeeds(t *testing.T) {
	resolved := page()
	resolved.ResolvedAt = at.Add(7 * time.Minute)
	resolved.UpdatedAt = resolved.ResolvedAt
	answer := delivery(notify.Reply, page(), "Nobody has acknowledged this for 5 min. 이다나, you are next.")
	answer.Message = incident.MessageRef{ID: "6.lq@jari.example"}
	for name, d := range map[string]notify.Delivery{
		"a page":                delivery(notify.Post, page(), ""),
		"a page that has ended": delivery(notify.Post, resolved, ""),
		"a note about it":       answer,
		"a notice":              delivery(notify.Notice, incident.Incident{}, "Error budgets of 22 November\n\nbooking-availability: 56.6 %\n"),
		"an empty notice":       delivery(notify.Notice, incident.Incident{}, " \n"),
		"a note by itself":      delivery(notify.Reply, page(), "Resolved."),
	} {
		t.Run(name, func(t *testing.T) {
			raw, _, err := capture(d)
			if err != nil {
				t.Fatal(err)
			}
			servetest.Golden(t, strings.ReplaceAll(name, " ", "_")+".txt", []byte(shown(t, raw)), *update)
		})
	}
}

// shown is the mail as a program shows it, with all its headers.
func shown(t *testing.T, raw string) string {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	var b strings.Builder
	for _, key := range []string{"From", "To", "Subject", "Date", "Message-Id", "References", "In-Reply-To",
		"Auto-Submitted", "Mime-Version", "Content-Type", "Content-Transfer-Encoding"} {
		for _, value := range m.Header[key] {
			decoded, err := new(mime.WordDecoder).DecodeHeader(value)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "%s: %s\n", key, decoded)
		}
		delete(m.Header, key)
	}
	for key := range m.Header {
		t.Errorf("there is a header %s", key)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil {
		t.Fatal(err)
	}
	return b.String() + "\n" + strings.ReplaceAll(string(body), "\r\n", "\n")
}

func TestARepeatedAttemptHasTheSameMessageID(t *testing.T) {
	d := delivery(notify.Post, page(), "")
	first, ref, err := capture(d)
	if err != nil {
		t.Fatal(err)
	}
	d.Attempts, d.Incident.UpdatedAt = 2, at.Add(time.Hour)
	second, again, err := capture(d)
	if err != nil || ref != again || ref.IsZero() || !strings.Contains(first, "Message-ID: <"+ref.ID+">\r\n") ||
		!strings.Contains(second, "Message-ID: <"+ref.ID+">\r\n") {
		t.Errorf("%v and %v, %v:\n%s", ref, again, err, second)
	}
	for name, change := range map[string]func(*notify.Delivery){
		"another delivery":          func(d *notify.Delivery) { d.ID++ },
		"one of another database":   func(d *notify.Delivery) { d.Queued = d.Queued.Add(time.Millisecond) },
		"a notice without incident": func(d *notify.Delivery) { d.Kind, d.Incident, d.ID = notify.Notice, incident.Incident{}, 8 },
	} {
		other := d
		change(&other)
		if _, got, err := capture(other); err != nil || got == ref || got.IsZero() {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestAnUpdateSendsNothing(t *testing.T) {
	n := mail.Notifier{Send: func(context.Context, ses.Mail) error { panic("a mail was sent") }}
	if err := n.Update(t.Context(), delivery(notify.Update, page(), "")); err != nil {
		t.Error(err)
	}
	if _, found, err := n.Find(t.Context(), delivery(notify.Post, page(), "")); found || err != nil {
		t.Errorf("found %v, %v", found, err)
	}
}

func TestSaysWhatAnAnswerOfSESMeansForTheDelivery(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want notify.Outcome
	}{
		"the mail is refused":                {&ses.Error{Outcome: ses.Refused, Type: "MessageRejected"}, notify.Never},
		"the account or the sender is wrong": {&ses.Error{Outcome: ses.Misconfigured, Type: "AccountSuspendedException"}, notify.Misconfigured},
		"too many mails":                     {&ses.Error{Outcome: ses.Throttled, Type: "TooManyRequestsException"}, notify.RateLimited},
		"nothing was sent":                   {&ses.Error{Outcome: ses.NotAccepted, Type: "connection"}, notify.Refused},
		"it is not known":                    {&ses.Error{Outcome: ses.Unknown, Type: "timeout"}, notify.Ambiguous},
	} {
		t.Run(name, func(t *testing.T) {
			n := mail.Notifier{From: netmail.Address{Address: "alerts@jari.example"}, Links: links, Now: time.Now,
				Send: func(context.Context, ses.Mail) error { return c.err }}
			_, posted := n.Post(t.Context(), delivery(notify.Post, page(), ""))
			replied := n.Reply(t.Context(), delivery(notify.Reply, page(), "x"))
			for _, err := range []error{posted, replied} {
				failed, ok := errors.AsType[*notify.Error](err)
				if want, _ := errors.AsType[*ses.Error](c.err); !ok || failed.Outcome != c.want || failed.Type != want.Type {
					t.Errorf("got %#v", err)
				}
			}
		})
	}
}

func TestAnAddressThatMailCannotReachIsNeverTriedAgain(t *testing.T) {
	for _, address := range []string{
		"", "mina", "mina@", "@jari.example", "Mina <mina@jari.example>", "mina@jari.example, all@jari.example",
		"mina@jari.example\r\nBcc: all@jari.example", "미나@jari.example", "mina@자리.example", " mina@jari.example",
	} {
		d := delivery(notify.Post, page(), "")
		d.Target.Address = address
		raw, _, err := capture(d)
		failed, ok := errors.AsType[*notify.Error](err)
		if !ok || failed.Outcome != notify.Never || raw != "" || address != "" && strings.Contains(err.Error(), address) {
			t.Errorf("%q: %v, sent %q", address, err, raw)
		}
	}
	d := delivery(notify.Post, page(), "")
	d.Target.Address = "mina+on-call@xn--289a75i.example"
	if raw, _, err := capture(d); err != nil || !strings.Contains(raw, "To: <mina+on-call@xn--289a75i.example>\r\n") {
		t.Errorf("an address in Punycode: %v\n%s", err, raw)
	}
}
