package status_test

import (
	"strings"
	"testing"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/status"
)

func TestASilenceIsEndedEarlyAndItsIncidentSaysByWhom(t *testing.T) {
	f := newFixture(t, "")
	must(t, f.store.Silence(t.Context(), incident.Silence{ID: "of the incident", Rule: "booking", Incident: openID, From: now, By: "Jun"}))
	if body := f.get("/status").Body.String(); !strings.Contains(body, `action="/status/silences/s/end"`) {
		t.Errorf("the page has no button: %s", body)
	}
	for range 2 { // the second click changes nothing
		w := f.post("/status/silences/of%20the%20incident/end", nil)
		if w.Code != 303 || w.Header().Get("Location") != "/status#silences" {
			t.Fatalf("%d to %q: %s", w.Code, w.Header().Get("Location"), w.Body)
		}
	}
	silences, err := f.store.Silences(t.Context(), now)
	must(t, err)
	if len(silences) != 1 || silences[0].ID != "s" {
		t.Errorf("silences left: %+v", silences)
	}
	if i := f.incident(openID); i.Facts.Silenced != nil {
		t.Errorf("the incident is silenced: %+v", i.Facts.Silenced)
	}
	timeline, err := f.store.Timeline(t.Context(), openID)
	must(t, err)
	said := 0
	for _, e := range timeline {
		if e.Kind == incident.EntryUnsilenced && e.Actor == "Mina" && e.Text == "The silence was ended by Mina." && e.At.Equal(now) {
			said++
		}
	}
	if said != 1 {
		t.Errorf("the timeline says %d times who ended it: %+v", said, timeline)
	}
	if w := f.post("/status/silences/unknown/end", nil); w.Code != 303 {
		t.Errorf("an unknown silence: %d", w.Code)
	}
}

func TestMaintenanceStaysWhenASilenceEnds(t *testing.T) {
	f := newFixture(t, "")
	must(t, f.store.Silence(t.Context(), incident.Silence{ID: "x", Rule: "booking", From: now, Until: now.Add(time.Hour), By: "Jun"}))
	_, err := f.store.Respond(t.Context(), openID, func(i *incident.Incident) ([]incident.Entry, []incident.Target, error) {
		i.Facts.Silenced = &incident.Silenced{Maintenance: "upgrade"}
		return []incident.Entry{{Kind: incident.EntrySilenced}}, nil, nil
	})
	must(t, err)
	f.post("/status/silences/x/end", nil)
	if i := f.incident(openID); i.Facts.Silenced == nil || i.Facts.Silenced.Maintenance != "upgrade" {
		t.Errorf("silenced: %+v", i.Facts.Silenced)
	}
}

func TestWhoMayNotActDoesNotEndASilence(t *testing.T) {
	f := newFixture(t, "")
	for _, users := range []status.Users{{}, {Header: "X-User"}, {Fixed: "Jo", Allowed: []string{"U1"}}} {
		f.Users = users
		if w := f.post("/status/silences/s/end", nil); w.Code != 403 {
			t.Errorf("%+v: %d", users, w.Code)
		}
		if body := f.get("/status").Body.String(); strings.Contains(body, "End the silence") {
			t.Errorf("%+v: the page has the button", users)
		}
	}
	f.Users = status.Users{Fixed: "Mina"}
	if w := f.post("/status/silences/s/end", nil, "Sec-Fetch-Site: cross-site"); w.Code != 403 {
		t.Errorf("from another site: %d", w.Code)
	}
	if silences, err := f.store.Silences(t.Context(), now); err != nil || len(silences) != 1 {
		t.Errorf("silences: %+v, %v", silences, err)
	}
}

func TestThePageSaysThatNobodyIsNotified(t *testing.T) {
	f := newFixture(t, "")
	if body := f.get("/status").Body.String(); strings.Contains(body, "Nobody is notified") {
		t.Error("it says so with a channel")
	}
	f.NotifiesNobody = true
	if body := f.get("/status").Body.String(); !strings.Contains(body, "Nobody is notified: neither Slack nor mail") {
		t.Error("it does not say so")
	}
}
