package inbound

import (
	"net/url"
	"testing"
)

// Whatever Slack or somebody else sends, parsing returns a request that has all its
// parts, or an error.
func FuzzParse(f *testing.F) {
	for _, payload := range []string{
		`{"type":"block_actions","user":{"id":"U1","name":"m"},"channel":{"id":"C1"},"actions":[{"action_id":"acknowledge","value":"i"}]}`,
		`{"type":"block_actions","actions":[{}]}`, `{"actions":null}`, `[]`, `{`,
	} {
		f.Add([]byte(url.Values{"payload": {payload}}.Encode()))
	}
	f.Add([]byte("command=%2Fjari&text=status&user_id=U1&channel_id=C1"))
	f.Add([]byte("%zz&;=\x00"))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := parse(body)
		if err != nil {
			return
		}
		if !slackID.MatchString(r.by.ID) || !slackID.MatchString(r.channel) || r.by.Name == "" {
			t.Errorf("accepted without its user or channel: %+v", r)
		}
		if r.action != "" && r.value == "" {
			t.Errorf("a button without a value: %+v", r)
		}
	})
}
