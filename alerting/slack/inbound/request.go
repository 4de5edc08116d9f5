package inbound

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"

	"jari.example/alerting/incident"
)

// request is what a person did: pressed a button, or gave the slash command.
type request struct {
	by      incident.Actor
	channel string // id
	action  string // action_id of the button; "" for the slash command
	value   string // of the button
	text    string // after the slash command
}

// payload is the part of Slack's block_actions payload that is used.
// https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
type payload struct {
	Type string `json:"type"`
	User struct {
		ID       string `json:"id"`
		Name     string `json:"name"`
		Username string `json:"username"`
	} `json:"user"`
	Channel struct {
		ID string `json:"id"`
	} `json:"channel"`
	Actions []struct {
		ActionID string `json:"action_id"`
		Value    string `json:"value"`
	} `json:"actions"`
}

var slackID = regexp.MustCompile(`^[A-Z][A-Z0-9]{1,20}$`)

// parse reads the form of a verified request.
func parse(body []byte) (request, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return request{}, fmt.Errorf("the body is not a form: %w", err)
	}
	var r request
	switch {
	case form.Has("payload"):
		r, err = parsePayload(form.Get("payload"))
	case form.Has("command"):
		r = request{
			by:      incident.Actor{ID: form.Get("user_id"), Name: cmp.Or(form.Get("user_name"), form.Get("user_id"))},
			channel: form.Get("channel_id"), text: form.Get("text"),
		}
	default:
		err = errors.New("the body has neither a payload nor a command")
	}
	if err == nil && (!slackID.MatchString(r.by.ID) || !slackID.MatchString(r.channel)) {
		err = errors.New("the user or the channel has no id of Slack's form")
	}
	return r, err
}

func parsePayload(text string) (request, error) {
	var p payload
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return request{}, fmt.Errorf("the payload is not JSON of the expected form: %w", err)
	}
	if p.Type != "block_actions" || len(p.Actions) != 1 {
		return request{}, fmt.Errorf("the payload is not one pressed button: type %q with %d actions", p.Type, len(p.Actions))
	}
	a := p.Actions[0]
	if a.ActionID == "" || a.Value == "" {
		return request{}, errors.New("the button has no action_id or no value")
	}
	return request{
		by:      incident.Actor{ID: p.User.ID, Name: cmp.Or(p.User.Name, p.User.Username, p.User.ID)},
		channel: p.Channel.ID, action: a.ActionID, value: a.Value,
	}, nil
}

// writeEphemeral answers a slash command with a text that only its user sees.
func writeEphemeral(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(map[string]string{"response_type": "ephemeral", "text": text})
}
