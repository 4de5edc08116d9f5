package status_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"jari.example/alerting/status"
	"jari.example/internal/page/pagetest"
)

func TestThePageFitsAPhoneAndItsFormsWork(t *testing.T) {
	f := newFixture(t, strings.Repeat("long", 30))
	f.Users = status.Users{Fixed: "Jo"}
	srv := httptest.NewServer(status.New(f.Config))
	defer srv.Close()
	tab := pagetest.Phone(t)
	tab.Open(srv.URL + "/status")
	if width, _ := tab.Size(); width > 390 {
		t.Errorf("the page is %d pixels wide", width)
	}
	tab.Eval(`document.querySelector('form[action$="acknowledge"]').requestSubmit()`, nil)
	tab.Open(srv.URL + "/status.json")
	tab.Open(srv.URL + "/status")
	if got := f.incident(openID).Response.Assignee; got != "Jo" {
		t.Errorf("acknowledged by %q", got)
	}
	if blocked := tab.Blocked(); len(blocked) > 0 {
		t.Errorf("the page's own policy blocks it: %v", blocked)
	}
}
