package slack

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
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
	if s.cfg.InteractivityURL == "" {
		http.Error(w, "buttons are disabled: start the simulator with --interactivity-url", http.StatusServiceUnavailable)
		return
	}
	if err := s.report(r.Context(), m, block, button); err != nil {
		s.cfg.Log.Printf("interactivity: %v", err)
		http.Error(w, "the application did not accept the request: "+err.Error(), http.StatusBadGateway)
		return
	}
	c, _ := s.store.byID(m.Channel)
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

// report sends a block_actions payload. Like Slack, the client waits three seconds
// for the response.
func (s *Server) report(ctx context.Context, m Message, b Block, e Element) error {
	c, _ := s.store.byID(m.Channel)
	now := s.cfg.Now()
	payload, err := json.Marshal(map[string]any{
		"type": "block_actions", "api_app_id": appID,
		"trigger_id": fmt.Sprintf("%d.press", now.UnixNano()),
		"team":       map[string]string{"id": team, "domain": "jari"},
		"user":       map[string]string{"id": pressingUser, "username": "oncall", "name": "oncall", "team_id": team},
		"channel":    map[string]string{"id": c.ID, "name": c.Name},
		"container":  map[string]any{"type": "message", "message_ts": m.TS, "channel_id": c.ID, "is_ephemeral": false},
		"message":    m.public(true),
		"actions": []map[string]any{{"type": "button", "action_id": e.ActionID, "block_id": b.BlockID, "value": e.Value,
			"text": e.Label(), "action_ts": fmt.Sprintf("%d.%06d", now.Unix(), now.Nanosecond()/1000)}},
	})
	if err != nil {
		return err
	}
	body := url.Values{"payload": {string(payload)}}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.cfg.InteractivityURL, strings.NewReader(body))
	if err != nil {
		return err
	}
	stamp := strconv.FormatInt(now.Unix(), 10)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Slack-Request-Timestamp", stamp)
	req.Header.Set("X-Slack-Signature", Signature(s.cfg.SigningSecret, stamp, body))
	resp, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("its response is %s", resp.Status)
	}
	return nil
}
