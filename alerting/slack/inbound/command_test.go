package inbound_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

// answer is the text of the response to the slash command.
func (f *fixture) answer(t *testing.T, text string) string {
	t.Helper()
	status, body := f.serve(signed(command("U1", text), time.Now()))
	var got struct {
		Type string `json:"response_type"`
		Text string `json:"text"`
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil || status != http.StatusOK || got.Type != "ephemeral" {
		t.Fatalf("%q: %d %q", text, status, body)
	}
	return got.Text
}

func TestTheSlashCommandAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		open         []string
		acknowledged string // the id of one that is already
		text, want   string
		calls        int
	}{
		"nothing is open":                       {nil, "", "status", "No incident is open.", 0},
		"one is open":                           {[]string{"i-1"}, "", "status", "One incident is open:", 0},
		"two are open":                          {[]string{"i-1", "i-2"}, "", "status", "2 incidents are open:", 0},
		"many are open":                         {strings.Split(strings.Repeat("i,", 29)+"i", ","), "", "status", "and 20 more", 0},
		"ack of the only one":                   {[]string{"i-1"}, "", "ack", "Acknowledged: ", 1},
		"ack of the only one that waits for it": {[]string{"i-1", "i-2"}, "i-2", "ack", "rule-of-i-1", 1},
		"ack of one of two":                     {[]string{"i-1", "i-2"}, "", "ack", "Which one?", 0},
		"ack of none":                           {nil, "", "ack", "Nothing is to be acknowledged", 0},
		"ack by id":                             {[]string{"i-1", "i-2"}, "", "ack i-2", "Acknowledged: ", 1},
		"ack by rule":                           {[]string{"i-1", "i-2"}, "", "ack  rule-of-i-2 ", "rule-of-i-2", 1},
		"ack of one that somebody else acknowledged": {[]string{"i-1"}, "i-1", "ack i-1", "Acknowledged: ", 1},
		"ack of an unknown one":                      {[]string{"i-1"}, "", "ack i-9", "No open incident has that id", 0},
		"help":                                       {nil, "", "help", "/jari status", 0},
		"nothing":                                    {nil, "", "", "/jari status", 0},
		"too many words":                             {[]string{"i-1"}, "", "ack i-1 now", "/jari status", 0},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(c.open...)
			for n := range f.responder.open {
				if i := &f.responder.open[n]; i.ID == c.acknowledged {
					i.Response.Assignee, i.Response.AcknowledgedAt = "dana", time.Now()
				}
			}
			got := f.answer(t, c.text)
			if !strings.Contains(got, c.want) || len(f.responder.calls) != c.calls {
				t.Errorf("%q, calls %q", got, f.responder.calls)
			}
			if strings.Contains(got, "<!channel>") || strings.Contains(got, "*fails*") {
				t.Errorf("the title became markup: %q", got)
			}
		})
	}
}
