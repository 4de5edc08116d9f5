package main

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/postgres"
	"jari.example/alerting/slack/slacktest"
	"jari.example/alerting/slo"
	"jari.example/internal/awsconf/awstest"
	"jari.example/internal/postgres/postgrestest"
	"jari.example/internal/ses/sestest"
	"jari.example/telemetry/names"
	"jari.example/telemetry/names/realpart"
)

func TestWithoutSlackIncidentsGoByMailAndWithoutMailNowhere(t *testing.T) {
	onCall := []string{"--on-call-dir", onCallDir, "--slo-dir", "../../spec/testdata/good"}
	mail := []string{"--aws-endpoint-url", "http://127.0.0.1:1", "--mail-to", "team@example.com,boss@example.com"}
	noRota := []string{"--slo-dir", "../../spec/testdata/good"}
	slackFlags := []string{"--slack-url", "http://127.0.0.1:1/api/", "--slack-token-file", tokenFile(t, "x")}
	opened := time.Date(2026, 11, 10, 0, 0, 0, 0, time.UTC)
	i := func(change func(*incident.Incident)) incident.Incident {
		one := incident.Incident{Severity: slo.Page, OpenedAt: opened}
		change(&one)
		return one
	}
	page, ticket := i(func(*incident.Incident) {}), i(func(i *incident.Incident) { i.Severity = slo.Ticket })
	silenced := i(func(i *incident.Incident) { i.Facts.Silenced = &incident.Silenced{} })
	ended := i(func(i *incident.Incident) { i.ResolvedAt = opened })
	for name, c := range map[string]struct {
		args []string
		of   incident.Incident
		want []string
	}{
		"a page in Slack":                     {slices.Concat(onCall, mail, slackFlags), page, []string{"slack:pages"}},
		"a ticket in Slack":                   {slices.Concat(onCall, mail, slackFlags), ticket, []string{"slack:tickets"}},
		"a silenced page in Slack":            {slices.Concat(onCall, slackFlags), silenced, []string{"slack:pages"}},
		"a page by mail to who is on call":    {slices.Concat(onCall, mail), page, nil},
		"a page by mail when nobody is":       {slices.Concat(noRota, mail), page, []string{"mail:team@example.com", "mail:boss@example.com"}},
		"a ticket by mail":                    {slices.Concat(onCall, mail), ticket, []string{"mail:team@example.com", "mail:boss@example.com"}},
		"a ticket by mail without an address": {slices.Concat(onCall, mail[:2]), ticket, nil},
		"a silenced page by mail":             {slices.Concat(onCall, mail), silenced, []string{}},
		"an ended page that was never mailed": {slices.Concat(onCall, mail), ended, []string{}},
		"a page without any medium":           {onCall, page, []string{}},
		"a ticket without any medium":         {noRota, ticket, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := parse(c.args, noEnv, io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			if c.want == nil {
				c.want = []string{"mail:" + s.onCall.Current().Rota.Line(opened)[0].Email}
			}
			got := []string{}
			for _, target := range s.targets(c.of) {
				got = append(got, target.String())
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// The bot is not in the channel for tickets when the daemon starts: -mail-to gets a mail,
// and /readyz says what to do. That a correction is noticed is a test of mediacheck.
func TestAMistakeInSlackIsMailedAndInTheReadiness(t *testing.T) {
	awstest.Config(t) // sets the credentials
	slack, log := slacktest.Start(t), &buffer{}
	slack.Left = slacktest.TicketsID
	to, from := sestest.Address(), sestest.Verified(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { // servetest.Start waits until it is ready, which it is not
		ended <- run(ctx, []string{"--http-addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0", "--slack-url", slack.URL,
			"--slack-token-file", tokenFile(t, slacktest.Token), "--digest-at", digestOff,
			"--aws-endpoint-url", realpart.Need(t, realpart.AWS), "--mail-from", from, "--mail-to", to}, noEnv, log, log)
	}()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	waitFor(t, time.Minute, "the mail", func() bool { return strings.Contains(log.String(), names.EventMailDelivered) })
	const mistake = "#tickets: find the channel: the bot is not a member"
	got := sestest.SentTo(t, to)
	if len(got) != 1 || !strings.Contains(strings.ReplaceAll(got[0], "=\r\n", ""), mistake) {
		t.Errorf("the mails are %q", got)
	}
	if !strings.Contains(log.String(), names.EventMistakeFound) || strings.Contains(log.String(), to) {
		t.Errorf("the log lacks the mistake, or has the address:\n%s", log)
	}
	address := regexp.MustCompile(`"` + regexp.QuoteMeta(names.OpsAddr) + `":"([^"]+)"`).FindStringSubmatch(log.String())
	if address == nil {
		t.Fatalf("no address in the log:\n%s", log)
	}
	status, body := get(t, "http://"+address[1]+"/readyz")
	if status != http.StatusServiceUnavailable || !strings.Contains(body, mistake) || !strings.Contains(body, "invite the bot") {
		t.Errorf("/readyz: %d %s", status, body)
	}
	if m := slack.Messages(); len(m) > 0 {
		t.Errorf("something was posted: %+v", m)
	}
}

func TestTheDigestIsPrintedFromWhatIsStored(t *testing.T) {
	database := postgrestest.Database(t)
	s, err := postgres.Open(t.Context(), database, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	code, out := call(t, "digest", "-database-url", database, "-zone", "Asia/Seoul", "-status-url", "http://status.example/status")
	for _, want := range []string{"Error budgets on ", "No incident is open. None ended yesterday.", "Without data",
		"booking-availability", " KST.",
		"Status page: http://status.example/status"} {
		if code != exitOK || !strings.Contains(out, want) {
			t.Errorf("%d, without %q:\n%s", code, want, out)
		}
	}
	for _, args := range [][]string{{"-zone", "Seoul"}, {"more"}, {"-time-scale", "7"}} {
		if code, out := call(t, append([]string{"digest", "-database-url", database}, args...)...); code != exitUsage {
			t.Errorf("%q: %d %s", args, code, out)
		}
	}
}

func TestWithoutAMediumTheLogSaysThatNobodyIsNotified(t *testing.T) {
	if d := start(t); !strings.Contains(d.log.String(), names.EventNotifiesNobody) {
		t.Errorf("the log does not:\n%s", d.log)
	}
}
