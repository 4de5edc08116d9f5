package slack_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	api "github.com/slack-go/slack"

	"jari.example/infra/local/slack"
)

// workspace starts a simulator and returns a real Slack client for it.
func workspace(t *testing.T, change ...func(*slack.Config)) (*httptest.Server, *api.Client, string) {
	t.Helper()
	cfg := slack.Config{Token: "xoxb-test", Channels: []string{"#incidents", "random"}, SigningSecret: "s3cret"}
	for _, f := range change {
		f(&cfg)
	}
	s, err := slack.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	client := api.New("xoxb-test", api.OptionAPIURL(srv.URL+"/api/"))
	channels, _, err := client.GetConversations(&api.GetConversationsParameters{})
	if err != nil || len(channels) != 2 || channels[0].Name != "incidents" {
		t.Fatalf("conversations.list: %v %v", channels, err)
	}
	return srv, client, channels[0].ID
}

func TestAMessageIsPostedUpdatedAndListedWithItsMetadata(t *testing.T) {
	srv, client, id := workspace(t)
	if who, err := client.AuthTest(); err != nil || who.UserID == "" || who.BotID == "" {
		t.Fatalf("auth.test: %+v %v", who, err)
	}
	channel, ts, err := client.PostMessage("#incidents",
		api.MsgOptionText("burning", false),
		api.MsgOptionBlocks(api.NewHeaderBlock(api.NewTextBlockObject("plain_text", ":fire: Burning", true, false)),
			api.NewSectionBlock(api.NewTextBlockObject("mrkdwn", "see <http://127.0.0.1:8090/runbooks/x|the runbook>", false, false), nil, nil)),
		api.MsgOptionMetadata(api.SlackMetadata{EventType: "jari_incident", EventPayload: map[string]any{"incident_id": "i-1"}}))
	if err != nil || channel != id || !regexp.MustCompile(`^\d{10}\.\d{6}$`).MatchString(ts) {
		t.Fatalf("post: %s %s %v", channel, ts, err)
	}
	if _, _, err := client.PostMessage(id, api.MsgOptionText("in the thread", false), api.MsgOptionTS(ts)); err != nil {
		t.Fatal(err)
	}
	if _, again, _, err := client.UpdateMessage(id, ts, api.MsgOptionText("resolved", false)); err != nil || again != ts {
		t.Fatalf("update: %s %v", again, err)
	}

	got, err := client.GetConversationHistory(&api.GetConversationHistoryParameters{ChannelID: id, IncludeAllMetadata: true})
	if err != nil || len(got.Messages) != 1 {
		t.Fatalf("history: %+v %v", got, err)
	}
	m := got.Messages[0]
	if m.Text != "resolved" || m.Edited == nil || m.ReplyCount != 1 || len(m.Blocks.BlockSet) != 2 {
		t.Errorf("an update must not change omitted parts: %+v", m)
	}
	if m.Metadata.EventType != "jari_incident" || m.Metadata.EventPayload["incident_id"] != "i-1" {
		t.Errorf("metadata: %+v", m.Metadata)
	}
	bare, err := client.GetConversationHistory(&api.GetConversationHistoryParameters{ChannelID: id})
	if err != nil || bare.Messages[0].Metadata.EventType != "" {
		t.Error("metadata is included without being requested")
	}
	replies, _, _, err := client.GetConversationReplies(&api.GetConversationRepliesParameters{ChannelID: id, Timestamp: ts})
	if err != nil || len(replies) != 2 || replies[1].Text != "in the thread" {
		t.Errorf("replies: %+v %v", replies, err)
	}

	page := get(t, srv.URL+"/channels/incidents")
	for _, want := range []string{
		"🔥 Burning", `<a href="http://127.0.0.1:8090/runbooks/x" rel="noreferrer">the runbook</a>`, "(edited)", "in the thread",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if js := get(t, srv.URL+"/control/messages?channel=%23incidents"); !strings.Contains(js, `"revisions":1`) || !strings.Contains(js, "i-1") {
		t.Errorf("control/messages: %s", js)
	}
}

func TestHistoryPagesBackwardsWithinBounds(t *testing.T) {
	_, client, id := workspace(t)
	var ts []string
	for i := range 7 {
		_, at, err := client.PostMessage(id, api.MsgOptionText(fmt.Sprint("m", i), false))
		if err != nil {
			t.Fatal(err)
		}
		ts = append(ts, at)
	}
	read := func(p api.GetConversationHistoryParameters) (texts []string, calls int) {
		p.ChannelID = id
		for {
			got, err := client.GetConversationHistory(&p)
			if err != nil {
				t.Fatal(err)
			}
			calls++
			for _, m := range got.Messages {
				texts = append(texts, m.Text)
			}
			if !got.HasMore {
				return texts, calls
			}
			p.Cursor = got.ResponseMetaData.NextCursor
		}
	}
	cases := map[string]struct {
		params api.GetConversationHistoryParameters
		want   string
		calls  int
	}{
		"all in pages of three":     {api.GetConversationHistoryParameters{Limit: 3}, "m6 m5 m4 m3 m2 m1 m0", 3},
		"exclusive bounds":          {api.GetConversationHistoryParameters{Oldest: ts[1], Latest: ts[5]}, "m4 m3 m2", 1},
		"inclusive bounds":          {api.GetConversationHistoryParameters{Oldest: ts[1], Latest: ts[5], Inclusive: true}, "m5 m4 m3 m2 m1", 1},
		"bounds and pages together": {api.GetConversationHistoryParameters{Oldest: ts[0], Limit: 2}, "m6 m5 m4 m3 m2 m1", 3},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			texts, calls := read(c.params)
			if got := strings.Join(texts, " "); got != c.want || calls != c.calls {
				t.Errorf("got %q in %d calls, want %q in %d", got, calls, c.want, c.calls)
			}
		})
	}
}

func TestErrorsHaveSlacksCodes(t *testing.T) {
	srv, client, id := workspace(t)
	post := func(channel string, o ...api.MsgOption) error {
		_, _, err := client.PostMessage(channel, o...)
		return err
	}
	update := func(channel, ts string) error {
		_, _, _, err := client.UpdateMessage(channel, ts, api.MsgOptionText("x", false))
		return err
	}
	long := api.NewTextBlockObject("plain_text", strings.Repeat("x", 151), false, false)
	_, wrongToken := api.New("xoxb-other", api.OptionAPIURL(srv.URL+"/api/")).AuthTest()
	_, noToken := api.New("", api.OptionAPIURL(srv.URL+"/api/")).AuthTest()
	_, badCursor := client.GetConversationHistory(&api.GetConversationHistoryParameters{ChannelID: id, Cursor: "nonsense"})
	_, byName := client.GetConversationHistory(&api.GetConversationHistoryParameters{ChannelID: "#incidents"})
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"a wrong token":                 {wrongToken, "invalid_auth"},
		"no token":                      {noToken, "not_authed"},
		"an unknown channel":            {post("#nowhere", api.MsgOptionText("x", false)), "channel_not_found"},
		"no text":                       {post(id), "no_text"},
		"a header past 150 characters":  {post(id, api.MsgOptionBlocks(api.NewHeaderBlock(long))), "invalid_blocks"},
		"a reply to nothing":            {post(id, api.MsgOptionText("x", false), api.MsgOptionTS("1.000000")), "thread_not_found"},
		"an update of nothing":          {update(id, "1.000000"), "message_not_found"},
		"an update by a channel's name": {update("#incidents", "1.000000"), "channel_not_found"},
		"history by a channel's name":   {byName, "channel_not_found"},
		"an invalid cursor":             {badCursor, "invalid_cursor"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.err == nil || c.err.Error() != c.want {
				t.Errorf("got %v, want %s", c.err, c.want)
			}
		})
	}
}

func TestFaultsAreInjectedPerChannel(t *testing.T) {
	srv, client, id := workspace(t)
	inject(t, srv.URL, `{"channel":"#incidents","rate_limit":1,"retry_after":7,"error":1,"drop_reply":1}`)
	if _, _, err := client.PostMessage("#random", api.MsgOptionText("elsewhere", false)); err != nil {
		t.Errorf("the other channel is affected: %v", err)
	}
	post := func() error {
		_, _, err := client.PostMessage(id, api.MsgOptionText("x", false))
		return err
	}
	count := func() int {
		h, err := client.GetConversationHistory(&api.GetConversationHistoryParameters{ChannelID: id})
		if err != nil {
			t.Fatal(err)
		}
		return len(h.Messages)
	}
	if limited, ok := errors.AsType[*api.RateLimitedError](post()); !ok || limited.RetryAfter != 7*time.Second {
		t.Errorf("first: %v", limited)
	}
	if status, ok := errors.AsType[api.StatusCodeError](post()); !ok || status.Code != 500 {
		t.Errorf("second: %v", status)
	}
	if n := count(); n != 0 {
		t.Errorf("a rejected post left %d messages", n)
	}
	if err := post(); err == nil || count() != 1 {
		t.Errorf("third: want it applied without a response, got %v and %d messages", err, count())
	}
	if err := post(); err != nil {
		t.Errorf("fourth: %v", err)
	}
}

func TestAJSONBodyIsReadLikeAForm(t *testing.T) {
	srv, client, id := workspace(t)
	req, _ := http.NewRequest("POST", srv.URL+"/api/chat.postMessage", strings.NewReader(
		`{"channel":"`+id+`","text":"json","blocks":[{"type":"divider"}],"metadata":{"event_type":"e","event_payload":{"n":1}}}`))
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("Authorization", "Bearer xoxb-test")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	h, err := client.GetConversationHistory(&api.GetConversationHistoryParameters{ChannelID: id, IncludeAllMetadata: true})
	if err != nil || len(h.Messages) != 1 || h.Messages[0].Metadata.EventType != "e" || len(h.Messages[0].Blocks.BlockSet) != 1 {
		t.Errorf("%+v %v", h, err)
	}
}

func TestMessagesSurviveARestart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "slack.json")
	past := func(c *slack.Config) {
		c.StateFile = file
		c.Now = func() time.Time { return time.Unix(1700000000, 100_000) }
	}
	_, client, id := workspace(t, past)
	_, first, err := client.PostMessage(id, api.MsgOptionText("earlier", false))
	if err != nil || first != "1700000000.000100" {
		t.Fatalf("%s %v", first, err)
	}
	_, client, _ = workspace(t, past)
	_, second, err := client.PostMessage(id, api.MsgOptionText("later", false))
	if err != nil || second != "1700000000.000101" {
		t.Fatalf("with a stopped clock a ts must not be repeated: %s %v", second, err)
	}
	h, err := client.GetConversationHistory(&api.GetConversationHistoryParameters{ChannelID: id})
	if err != nil || len(h.Messages) != 2 || h.Messages[1].Text != "earlier" {
		t.Errorf("%+v %v", h, err)
	}
}

func TestAPressedButtonIsSentSigned(t *testing.T) {
	var got *api.InteractionCallback
	var verified error
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		v, err := api.NewSecretsVerifier(r.Header, "s3cret")
		if err == nil {
			v.Write(body)
			err = v.Ensure()
		}
		verified = err
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		got = new(api.InteractionCallback)
		json.Unmarshal([]byte(r.FormValue("payload")), got)
	}))
	defer app.Close()
	srv, client, id := workspace(t, func(c *slack.Config) { c.InteractivityURL = app.URL })
	_, ts, err := client.PostMessage(id, api.MsgOptionBlocks(api.NewActionBlock("b1",
		api.NewButtonBlockElement("ack", "i-1", api.NewTextBlockObject("plain_text", "Acknowledge", false, false)))))
	if err != nil {
		t.Fatal(err)
	}
	form := map[string][]string{"channel": {id}, "ts": {ts}, "block": {"b1"}, "action": {"ack"}}
	resp, err := http.PostForm(srv.URL+"/press", form)
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("press: %v %v", resp, err)
	}
	actions := got.ActionCallback.BlockActions
	if verified != nil || len(actions) != 1 || actions[0].Value != "i-1" || got.Message.Timestamp != ts {
		t.Errorf("signature %v, payload %+v", verified, got)
	}
	form["action"] = []string{"invented"}
	if resp, _ := http.PostForm(srv.URL+"/press", form); resp.StatusCode != http.StatusConflict {
		t.Errorf("an unknown button: %s", resp.Status)
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return string(b)
}

func inject(t *testing.T, url, fault string) {
	t.Helper()
	resp, err := http.Post(url+"/control/faults", "application/json", strings.NewReader(fault))
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("faults: %v %v", resp, err)
	}
	resp.Body.Close()
}
