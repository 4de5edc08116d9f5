package demo

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/slack-go/slack"

	simulator "jari.example/infra/local/slack"
)

// fakeAlerting stands for the database and for alerting, on a real Slack simulator: a
// message appears at once, is acknowledged by a click, and is updated when the fault
// ends.
type fakeAlerting struct {
	client  *slack.Client
	channel string
	ts      string
	url     string // of what the message links to
	defect  string
	from    time.Time
	blocks  []slack.Block
}

const signingSecret = "signing-secret"

// newFakeAlerting also returns the URL of the simulator.
func newFakeAlerting(t *testing.T, app *httptest.Server, defect string) (*fakeAlerting, string) {
	s, err := simulator.New(simulator.Config{Token: "xoxb-test", Channels: []string{channel}, SigningSecret: signingSecret,
		InteractivityURL: app.URL + "/slack/actions"})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return &fakeAlerting{client: slack.New("xoxb-test", slack.OptionAPIURL(server.URL+"/api/")), url: app.URL, defect: defect}, server.URL
}

func (f *fakeAlerting) options(text string, blocks []slack.Block) []slack.MsgOption {
	return []slack.MsgOption{slack.MsgOptionText(text, false), slack.MsgOptionBlocks(blocks...),
		slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "jari_incident", EventPayload: map[string]any{"incident_id": "i-1"}})}
}

// open posts the message, and one of another objective, which the demo must leave alone.
func (f *fakeAlerting) open() (err error) {
	if _, _, err := f.client.PostMessage(channel, f.options("Log-ins are slow", nil)...); err != nil {
		return err
	}
	f.from = time.Now().Add(-time.Minute)
	f.blocks = []slack.Block{f.body("Nobody has acknowledged it yet.", time.Now().Add(time.Minute)), slack.NewActionBlock("incident",
		slack.NewButtonBlockElement("silence_1h", "i-1", slack.NewTextBlockObject("plain_text", "Silence 1 h", false, false)),
		slack.NewButtonBlockElement("acknowledge", "i-1", slack.NewTextBlockObject("plain_text", "Acknowledge", false, false)))}
	if f.defect == "there is no button" {
		f.blocks = f.blocks[:1]
	}
	f.channel, f.ts, err = f.client.PostMessage(channel, f.options("Bookings are failing", f.blocks)...)
	return err
}

func (f *fakeAlerting) body(state string, to time.Time) slack.Block {
	text := func(s string) slack.RichTextSectionElement { return slack.NewRichTextSectionTextElement(s, nil) }
	affected := "Also affected: search-latency, free-times-availability."
	if f.defect == "look-ups are not mentioned" {
		affected = "for diners who press Book (free-times-availability counts others)"
	}
	all := []slack.RichTextSectionElement{
		text(affected + "\nOn call: "), slack.NewRichTextSectionUserElement("U2", nil), text("\n" + state + "\n"),
	}
	if f.defect == "nobody is mentioned" {
		all[1] = text("@U2")
	}
	if f.defect == "the dashboard's range ends too early" {
		to = f.from
	}
	for _, l := range []simulator.Link{
		{Text: "Runbook", URL: "/runbooks/booking-availability"},
		{Text: "Dashboard", URL: "/dashboards/d?" + url.Values{"from": {rfc3339(f.from)}, "to": {rfc3339(to)}}.Encode()},
		{Text: "Status page", URL: "/status#ii-1"},
		{Text: "Example trace 1", URL: "/traces/0123456789abcdef0123456789abcdef"},
	} {
		if f.defect != "a link is missing" || l.Text != "Status page" {
			all = append(all, slack.NewRichTextSectionLinkElement(f.url+l.URL, l.Text, nil))
		}
	}
	return slack.NewRichTextBlock("", slack.NewRichTextSection(all...))
}

func rfc3339(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// resolve updates the message.
func (f *fakeAlerting) resolve() (err error) {
	to := time.Now().Add(2 * time.Minute)
	if f.defect == "the dashboard's range stays" {
		to = f.from.Add(2 * time.Minute)
	}
	m := f.options("Resolved: Bookings are failing", []slack.Block{f.body("Acknowledged by mina at 10:00.", to)})
	if f.defect == "a second message on recovery" {
		_, _, err = f.client.PostMessage(channel, m...)
	} else {
		_, _, _, err = f.client.UpdateMessage(f.channel, f.ts, m...)
	}
	return err
}

// actions takes a click on a button.
func (f *fakeAlerting) actions(rw http.ResponseWriter, r *http.Request) {
	verifier, err := slack.NewSecretsVerifier(r.Header, signingSecret)
	if err == nil {
		r.Body = io.NopCloser(io.TeeReader(r.Body, &verifier))
		err = r.ParseForm()
	}
	if err == nil {
		err = verifier.Ensure()
	}
	var click slack.InteractionCallback
	if err == nil {
		err = click.UnmarshalJSON([]byte(r.FormValue("payload")))
	}
	switch {
	case err != nil || f.defect == "the click is refused":
		http.Error(rw, fmt.Sprint(err), http.StatusUnauthorized)
	case len(click.ActionCallback.BlockActions) != 1 || click.ActionCallback.BlockActions[0].ActionID != "acknowledge":
		http.Error(rw, "another button", http.StatusBadRequest)
	case f.defect == "the click is lost":
	default:
		said := "Acknowledged by " + click.User.Name + " at 10:00."
		if f.defect == "it says both" {
			said += "\nNobody has acknowledged it yet."
		}
		f.blocks = slices.Concat([]slack.Block{f.body(said, time.Now().Add(time.Minute))}, f.blocks[1:])
		_, _, _, err = f.client.UpdateMessage(f.channel, f.ts, f.options("Bookings are failing", f.blocks)...)
		if err != nil {
			http.Error(rw, err.Error(), http.StatusInternalServerError)
		}
	}
}

// dashboard shows the range of its link, as the preview does.
func (f *fakeAlerting) dashboard(rw http.ResponseWriter, r *http.Request) {
	from, _ := time.Parse(time.RFC3339, r.FormValue("from"))
	to, _ := time.Parse(time.RFC3339, r.FormValue("to"))
	if f.defect == "the dashboard does not read its link" {
		to = time.Now()
		from = to.Add(-15 * time.Minute)
	}
	const layout = "2006-01-02 15:04:05.000"
	fmt.Fprintf(rw, "<time>%s to %s</time>", from.Local().Format(layout), to.Local().Format(layout))
}

// fault begins and ends the incident.
func (w *fakeSystem) fault(_ context.Context, on bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !on {
		w.downAt = time.Time{}
		return w.alerting.resolve()
	}
	w.downAt = time.Now()
	return w.alerting.open()
}
