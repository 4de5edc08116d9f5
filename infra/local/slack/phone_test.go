package slack_test

import (
	"strings"
	"testing"

	api "github.com/slack-go/slack"

	"jari.example/internal/page/pagetest"
)

func TestAMessageAppearsOnAPhoneWithoutAReload(t *testing.T) {
	srv, client, id := workspace(t)
	tab := pagetest.Phone(t)
	tab.Open(srv.URL + "/channels/incidents")
	tab.Eval("window.sameDocument = true", nil)
	link := "http://127.0.0.1:8093/traces/" + strings.Repeat("ab", 16)
	if _, _, err := client.PostMessage(id, api.MsgOptionText("Bookings fail, see "+link, false)); err != nil {
		t.Fatal(err)
	}
	var same bool
	tab.Eval(`new Promise((done) => {
		const look = () => document.querySelector('article') ? done(window.sameDocument === true) : setTimeout(look, 20)
		look() })`, &same)
	if !same {
		t.Error("the page was loaded again")
	}
	if width, _ := tab.Size(); width > 390 {
		t.Errorf("the channel is %d pixels wide", width)
	}
	if blocked := tab.Blocked(); len(blocked) > 0 {
		t.Errorf("the page's own policy blocks it: %v", blocked)
	}
}
