package slack_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	api "github.com/slack-go/slack"

	"jari.example/infra/local/slack"
)

func TestAChannelThatIsArchivedOrLeftRefusesAsSlackDoes(t *testing.T) {
	srv, client, id := workspace(t)
	_, ts, err := client.PostMessage(id, api.MsgOptionText("x", false))
	if err != nil {
		t.Fatal(err)
	}
	codes := func() string {
		_, _, post := client.PostMessage(id, api.MsgOptionText("x", false))
		_, _, _, update := client.UpdateMessage(id, ts, api.MsgOptionText("y", false))
		_, history := client.GetConversationHistory(&api.GetConversationHistoryParameters{ChannelID: id})
		c, err := client.GetConversationInfo(&api.GetConversationInfoInput{ChannelID: id})
		if err != nil {
			t.Fatal(err)
		}
		listed, _, err := client.GetConversations(&api.GetConversationsParameters{ExcludeArchived: true})
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(post, update, history, c.IsArchived, c.IsMember, len(listed))
	}
	for _, c := range []struct{ change, want string }{
		{`{"channel":"#incidents","archived":true}`, "is_archived is_inactive <nil> true true 1"},
		{`{"channel":"#incidents","left":true}`, "not_in_channel <nil> not_in_channel false false 2"},
		{`{"channel":"#incidents"}`, "<nil> <nil> <nil> false true 2"},
	} {
		control(t, srv.URL+"/control/channels", c.change, http.StatusOK)
		if got := codes(); got != c.want {
			t.Errorf("after %s: %s, want %s", c.change, got, c.want)
		}
	}
	control(t, srv.URL+"/control/channels", `{"channel":"#nowhere"}`, http.StatusBadRequest)
}

func control(t *testing.T, url, body string, want int) {
	t.Helper()
	resp, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != want {
		t.Errorf("%s: %s", body, resp.Status)
	}
}

// shows fails for each text that the page of the channel lacks. It returns the page.
func shows(t *testing.T, url string, texts ...string) string {
	t.Helper()
	page := get(t, url+"/channels/incidents")
	for _, want := range texts {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	return page
}

func TestADeletedMessageIsGoneAndAnEphemeralOneWasNeverInTheHistory(t *testing.T) {
	srv, client, id := workspace(t)
	_, ts, err := client.PostMessage(id, api.MsgOptionText("x", false))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.PostEphemeral(id, "U0ONCALL01", api.MsgOptionText("for you alone", false)); err != nil {
		t.Fatal(err)
	}
	if _, err := client.PostEphemeral(id, "nobody", api.MsgOptionText("x", false)); err == nil || err.Error() != "user_not_in_channel" {
		t.Errorf("to nobody: %v", err)
	}
	if h, err := client.GetConversationHistory(&api.GetConversationHistoryParameters{ChannelID: id}); err != nil || len(h.Messages) != 1 {
		t.Errorf("history: %+v %v", h, err)
	}
	shows(t, srv.URL, "for you alone", "(only mina sees this)")
	if _, _, err := client.DeleteMessage(id, ts); err != nil {
		t.Fatal(err)
	}
	if _, _, err := client.DeleteMessage(id, ts); err == nil || err.Error() != "message_not_found" {
		t.Errorf("deleted again: %v", err)
	}
	if h, err := client.GetConversationHistory(&api.GetConversationHistoryParameters{ChannelID: id}); err != nil || len(h.Messages) != 0 {
		t.Errorf("history: %+v %v", h, err)
	}
}

func TestEachResponseNamesTheScopesOfTheToken(t *testing.T) {
	_, client, _ := workspace(t)
	who, err := client.AuthTest()
	if err != nil || !strings.Contains(who.Header.Get("X-OAuth-Scopes"), "chat:write") {
		t.Errorf("%v %v", who, err)
	}
}

func TestTheSlashCommandIsSentSignedAndItsAnswerIsShown(t *testing.T) {
	var form url.Values
	var verified error
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		v, err := api.NewSecretsVerifier(r.Header, "s3cret")
		if err == nil {
			_, _ = v.Write(body)
			err = v.Ensure()
		}
		verified = err
		form, _ = url.ParseQuery(string(body))
		fmt.Fprint(w, `{"response_type":"ephemeral","text":"No incident is open."}`)
	}))
	defer app.Close()
	srv, client, id := workspace(t, func(c *slack.Config) { c.InteractivityURL = app.URL })
	resp, err := http.PostForm(srv.URL+"/command", url.Values{"channel": {id}, "text": {" /jari  ack i-1 "}})
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%v %v", resp, err)
	}
	got := []string{form.Get("command"), form.Get("text"), form.Get("user_id"), form.Get("channel_id")}
	if want := []string{"/jari", "ack i-1", "U0ONCALL01", id}; verified != nil || !slices.Equal(got, want) {
		t.Errorf("signature %v, form %v", verified, form)
	}
	shows(t, srv.URL, "No incident is open.", "(only mina sees this)", `action="/command"`)
	if h, err := client.GetConversationHistory(&api.GetConversationHistoryParameters{ChannelID: id}); err != nil || len(h.Messages) != 0 {
		t.Errorf("history: %+v %v", h, err)
	}
	if resp, _ := http.PostForm(srv.URL+"/command", url.Values{"channel": {id}, "text": {"jari"}}); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("without /: %s", resp.Status)
	}
}

func TestFaultsThatApplyAndRefuse(t *testing.T) {
	srv, client, id := workspace(t)
	post := func() error {
		_, _, err := client.PostMessage(id, api.MsgOptionText("x", false))
		return err
	}
	history := func() (int, error) {
		h, err := client.GetConversationHistory(&api.GetConversationHistoryParameters{ChannelID: id})
		if err != nil {
			return 0, err
		}
		return len(h.Messages), nil
	}
	inject(t, srv.URL, `{"method":"chat.postMessage","limited_reply":1,"retry_after":3,"refuse":"edit_window_closed","count":1}`)
	if limited, ok := errors.AsType[*api.RateLimitedError](post()); !ok || limited.RetryAfter.Seconds() != 3 {
		t.Errorf("applied and limited: %v", limited)
	}
	if n, err := history(); n != 1 || err != nil {
		t.Errorf("the limited reply left %d messages, %v", n, err)
	}
	if err := post(); err == nil || err.Error() != "edit_window_closed" {
		t.Errorf("refused: %v", err)
	}
	if n, _ := history(); n != 1 {
		t.Errorf("a refused post left %d messages", n)
	}
	inject(t, srv.URL, `{"method":"conversations.history","refuse":"missing_scope","count":1}`)
	if _, err := history(); err == nil || err.Error() != "missing_scope" {
		t.Errorf("another method: %v", err)
	}
	if err := post(); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	for _, wrong := range []string{
		`{"refuse":"x"}`, `{"count":1}`, `{"random":{"error":1.1}}`, `{"random":{"error":-1}}`, `{"random":{"error":0.6,"rate_limit":0.6}}`,
	} {
		control(t, srv.URL+"/control/faults", wrong, http.StatusBadRequest)
	}
}

func TestRandomFaultsHaveTheirSharesAndRepeatWithTheirSeed(t *testing.T) {
	srv, client, id := workspace(t)
	run := func(seed int) (outcomes string) {
		const shares = `"rate_limit":0.3,"error":0.2,"drop_reply":0.1,"limited_reply":0.05`
		inject(t, srv.URL, fmt.Sprintf(`{"method":"chat.postMessage","random":{"seed":%d,%s}}`, seed, shares))
		for range 300 {
			_, _, err := client.PostMessage(id, api.MsgOptionText("x", false))
			limited, isLimited := errors.AsType[*api.RateLimitedError](err)
			switch _, isStatus := errors.AsType[api.StatusCodeError](err); {
			case err == nil:
				outcomes += "."
			case isLimited && limited.RetryAfter > 0:
				outcomes += "L"
			case isStatus:
				outcomes += "E"
			default:
				outcomes += "D"
			}
		}
		return outcomes
	}
	first := run(7)
	if again := run(7); first != again {
		t.Errorf("the same seed:\n%s\n%s", first, again)
	}
	if other := run(8); first == other {
		t.Error("another seed fails the same calls")
	}
	for kind, share := range map[string]float64{"L": 0.35, "E": 0.2, "D": 0.1, ".": 0.35} {
		if got := float64(strings.Count(first, kind)) / 300; got < share-0.1 || got > share+0.1 {
			t.Errorf("%s: a share of %.2f, want about %.2f", kind, got, share)
		}
	}
}

func TestRichTextIsCheckedAndShownAsItIs(t *testing.T) {
	srv, client, id := workspace(t)
	section := func(all ...api.RichTextSectionElement) api.Block {
		return api.NewRichTextBlock("", &api.RichTextSection{Type: api.RTESection, Elements: all})
	}
	text := func(s string) api.RichTextSectionElement { return api.NewRichTextSectionTextElement(s, nil) }
	fallback := "never"
	log := &api.RichTextPreformatted{Type: api.RTEPreformatted, Elements: []api.RichTextSectionElement{text("a `log` line")}}
	good := []api.Block{
		section(text("*a* <!channel> <b>\nnext "), api.NewRichTextSectionUserElement("U0ONCALL01", nil), text(" at "),
			api.NewRichTextSectionDateElement(1795391412, "{date_num} {time_secs}", nil, &fallback), text(" "),
			api.NewRichTextSectionLinkElement("http://127.0.0.1/x", "here", &api.RichTextSectionTextStyle{Bold: true}),
			api.NewRichTextSectionLinkElement("javascript:alert(1)", "script", nil)),
		api.NewRichTextBlock("", log),
	}
	if _, _, err := client.PostMessage(id, api.MsgOptionBlocks(good...)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := client.PostMessage(id, api.MsgOptionText("at <!date^1795391412^{date_num}|never>, <@U0ONCALL01>", false)); err != nil {
		t.Fatal(err)
	}
	page := shows(t, srv.URL, "*a* &lt;!channel&gt; &lt;b&gt;<br>next <b>@mina</b> at 2026-11-2",
		`<b><a href="http://127.0.0.1/x" rel="noreferrer">here</a></b>script`,
		"<pre>a `log` line</pre>", "<div>at 2026-11-2", ", <b>@mina</b>")
	if strings.Contains(page, "never") || strings.Contains(page, "javascript:") {
		t.Error("the page shows a fallback or a script")
	}
	for name, c := range map[string]struct {
		blocks []api.Block
		want   string
	}{
		"an empty text":       {[]api.Block{section(text(""))}, "invalid_blocks"},
		"a user without id":   {[]api.Block{section(api.NewRichTextSectionUserElement("!channel", nil))}, "invalid_blocks"},
		"a date without time": {[]api.Block{section(api.NewRichTextSectionDateElement(0, "{time}", nil, nil))}, "invalid_blocks"},
		"nothing":             {[]api.Block{api.NewRichTextBlock("")}, "invalid_blocks"},
		"an empty context":    {[]api.Block{api.NewContextBlock("", api.NewTextBlockObject("plain_text", "", false, false))}, "invalid_blocks"},
		"a long block_id":     {[]api.Block{api.NewDividerBlock(), api.NewRichTextBlock(strings.Repeat("x", 256), log)}, "invalid_blocks"},
		"too long in all":     {[]api.Block{section(text(strings.Repeat("x", 13_200)))}, "msg_blocks_too_long"},
		"as long as allowed":  {[]api.Block{section(text(strings.Repeat("<", 12_000)))}, ""},
	} {
		_, _, err := client.PostMessage(id, api.MsgOptionBlocks(c.blocks...))
		if got := fmt.Sprint(err); got != c.want && !(c.want == "" && err == nil) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
