package status_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"jari.example/alerting/status"
	"jari.example/internal/page/pagetest"
	"jari.example/internal/wait"
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
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if wait.Until(ctx, 10*time.Millisecond, func() bool { return f.incident(openID).Response.Assignee == "Jo" }) != nil {
		t.Error("the form has not acknowledged the incident")
	}
	if blocked := tab.Blocked(); len(blocked) > 0 {
		t.Errorf("the page's own policy blocks it: %v", blocked)
	}
}
