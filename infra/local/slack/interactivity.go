package slack

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Signature is the X-Slack-Signature of a request with this body
// (https://api.slack.com/authentication/verifying-requests-from-slack).
func Signature(secret, timestamp, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "v0:%s:%s", timestamp, body)
	return "v0=" + hex.EncodeToString(mac.Sum(nil))
}

// press handles a button pressed on the page: it sends the application the signed
// request that Slack would send.
func (s *Server) press(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	m, ok := s.store.get(r.Form.Get("channel"), r.Form.Get("ts"))
	if !ok {
		http.Error(w, "there is no such message", http.StatusNotFound)
		return
	}
	block, button, ok := m.button(r.Form.Get("block"), r.Form.Get("action"))
	if !ok {
		http.Error(w, "the message no longer has this button", http.StatusConflict)
		return
	}
	c, _ := s.store.byID(m.Channel)
	form, err := s.pressed(m, c, block, button)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if _, ok := s.send(w, r, form); ok {
		http.Redirect(w, r, "/channels/"+url.PathEscape(c.Name), http.StatusSeeOther)
	}
}

// command handles the slash command on the page. The answer is shown in the channel, as
// Slack shows it, to the user alone.
func (s *Server) command(w http.ResponseWriter, r *http.Request) {
	c, ok := s.store.byID(r.FormValue("channel"))
	name, text, _ := strings.Cut(strings.TrimSpace(r.FormValue("text")), " ")
	if !ok || !strings.HasPrefix(name, "/") {
		http.Error(w, "a slash command begins with /", http.StatusBadRequest)
		return
	}
	body, ok := s.send(w, r, url.Values{
		"command": {name}, "text": {strings.TrimSpace(text)}, "team_id": {team}, "team_domain": {"jari"}, "api_app_id": {appID},
		"user_id": {pressingUser}, "user_name": {users[pressingUser]}, "channel_id": {c.ID}, "channel_name": {c.Name},
		"trigger_id": {fmt.Sprintf("%d.command", s.cfg.Now().UnixNano())},
	})
	if !ok {
		return
	}
	m := Message{Type: "message", Channel: c.ID, User: botUser, BotID: botID, AppID: appID, Team: team, OnlyFor: pressingUser}
	var answer struct {
		Text   string
		Blocks json.RawMessage
	}
	if json.Unmarshal(body, &answer) == nil {
		m.Text, m.Blocks = answer.Text, answer.Blocks
	} else {
		m.Text = string(body)
	}
	if m.Text != "" || !empty(m.Blocks) {
		if _, err := s.store.add(m); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	http.Redirect(w, r, "/channels/"+url.PathEscape(c.Name), http.StatusSeeOther)
}

// button finds a button in the current version of the message.
func (m Message) button(blockID, actionID string) (Block, Element, bool) {
	blocks, _ := parseBlocks(m.Blocks)
	for _, b := range blocks {
		for _, e := range b.buttons() {
			if b.BlockID == blockID && e.ActionID == actionID {
				return b, e, true
			}
		}
	}
	return Block{}, Element{}, false
}

func (b Block) buttons() (out []Element) {
	all := b.Elements
	if b.Accessory != nil {
		all = append(all, *b.Accessory)
	}
	for _, e := range all {
		if e.Type == "button" {
			out = append(out, e)
		}
	}
	return out
}

// pressed is the form of a block_actions payload.
func (s *Server) pressed(m Message, c Channel, b Block, e Element) (url.Values, error) {
	now := s.cfg.Now()
	payload, err := json.Marshal(map[string]any{
		"type": "block_actions", "api_app_id": appID,
		"trigger_id": fmt.Sprintf("%d.press", now.UnixNano()),
		"team":       map[string]string{"id": team, "domain": "jari"},
		"user":       map[string]string{"id": pressingUser, "username": users[pressingUser], "name": users[pressingUser], "team_id": team},
		"channel":    map[string]string{"id": c.ID, "name": c.Name},
		"container":  map[string]any{"type": "message", "message_ts": m.TS, "channel_id": c.ID, "is_ephemeral": false},
		"message":    m.public(true),
		"actions": []map[string]any{{"type": "button", "action_id": e.ActionID, "block_id": b.BlockID, "value": e.Value,
			"text": e.Label(), "action_ts": fmt.Sprintf("%d.%06d", now.Unix(), now.Nanosecond()/1000)}},
	})
	return url.Values{"payload": {string(payload)}}, err
}

// send gives the application a request that is signed as Slack's are, and returns its
// response. ok is false when it has answered with what is wrong.
func (s *Server) send(w http.ResponseWriter, r *http.Request, form url.Values) (body []byte, ok bool) {
	if s.cfg.InteractivityURL == "" {
		http.Error(w, "buttons and commands are disabled: start the simulator with --interactivity-url", http.StatusServiceUnavailable)
		return nil, false
	}
	body, err := s.post(r.Context(), form.Encode())
	if err != nil {
		s.cfg.Log.Printf("interactivity: %v", err)
		http.Error(w, "the application did not accept the request: "+err.Error(), http.StatusBadGateway)
		return nil, false
	}
	return body, true
}

// post waits three seconds for the response, like Slack.
func (s *Server) post(ctx context.Context, body string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.cfg.InteractivityURL, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	stamp := strconv.FormatInt(s.cfg.Now().Unix(), 10)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Slack-Request-Timestamp", stamp)
	req.Header.Set("X-Slack-Signature", Signature(s.cfg.SigningSecret, stamp, body))
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("its response is %s: %.200s", resp.Status, answer)
	}
	return answer, err
}
