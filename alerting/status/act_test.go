package status_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/inmem"
	"jari.example/alerting/status"
)

func newEmpty() *inmem.Store { return inmem.New() }

// failing is a store that reads and changes no incident.
type failing struct {
	*inmem.Store
	err error
}

func (f failing) Recent(context.Context, time.Time) ([]incident.Incident, error) { return nil, f.err }

func (f failing) Respond(context.Context, string, incident.Respond) (incident.Incident, error) {
	return incident.Incident{}, f.err
}

func TestAFormActsOnce(t *testing.T) {
	for name, one := range map[string]struct {
		action string
		form   url.Values
		done   func(incident.Incident) bool
	}{
		"acknowledge": {"acknowledge", nil, func(i incident.Incident) bool {
			return i.Response.Assignee == "Mina" && i.Response.AssigneeID == "U1" && i.Response.AcknowledgedAt.Equal(now)
		}},
		"silence for a time": {"silence", url.Values{"for": {"24h"}, "reason": {"deploy"}}, func(i incident.Incident) bool {
			return *i.Facts.Silenced == incident.Silenced{Until: now.Add(24 * time.Hour), By: "Mina", Reason: "deploy"}
		}},
		"silence until it resolves": {"silence", nil, func(i incident.Incident) bool {
			return *i.Facts.Silenced == incident.Silenced{By: "Mina"}
		}},
		"not useful": {"not-useful", nil, func(i incident.Incident) bool {
			return len(i.Response.NotUseful) == 1 && i.Response.NotUseful[0] == "Mina"
		}},
		"resolve": {"resolve", nil, func(i incident.Incident) bool { return !i.Open() && i.Response.ResolvedBy == "Mina" }},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, "")
			_, err := f.store.Respond(t.Context(), openID, func(i *incident.Incident) ([]incident.Entry, []incident.Target, error) {
				i.Facts.Silenced = nil
				return []incident.Entry{{Kind: incident.EntryUnsilenced}}, nil, nil
			})
			must(t, err)
			w := f.post("/status/incidents/"+openID+"/"+one.action, one.form)
			if w.Code != 303 || w.Header().Get("Location") != "/status#i"+openID {
				t.Errorf("%d to %q: %s", w.Code, w.Header().Get("Location"), w.Body)
			}
			if i := f.incident(openID); !one.done(i) {
				t.Errorf("the incident is %+v", i)
			}
			before, _ := f.store.Timeline(t.Context(), openID)
			f.post("/status/incidents/"+openID+"/"+one.action, one.form)
			if after, _ := f.store.Timeline(t.Context(), openID); len(after) != len(before) {
				t.Errorf("the second click added to the timeline: %+v", after)
			}
		})
	}
}

func TestARequestThatMayNotActIsRefusedWithASentence(t *testing.T) {
	proxy, local := status.Users{Header: "X-Forwarded-User", Allowed: []string{"U1"}}, status.Users{Fixed: "local"}
	const acknowledge, header = openID + "/acknowledge", "X-Forwarded-User: "
	for name, one := range map[string]struct {
		users    status.Users
		path     string // after /status/incidents/
		form     url.Values
		headers  []string
		code     int
		sentence string
	}{
		"nobody may act without a setting":     {status.Users{}, acknowledge, nil, nil, 403, "can only be read"},
		"a user without a name":                {proxy, acknowledge, nil, nil, 403, "one header X-Forwarded-User"},
		"a blank name":                         {proxy, acknowledge, nil, []string{header + " "}, 403, "one header X-Forwarded-User"},
		"two names, of which one is a forgery": {proxy, acknowledge, nil, []string{header + "Mina", header + "Jo"}, 403, "one header"},
		"a person who is not allowed":          {proxy, acknowledge, nil, []string{header + "Jun"}, 403, "Jun may not act"},
		"a user who is not in the rota":        {proxy, acknowledge, nil, []string{header + "Jo"}, 403, "Jo may not act"},
		"a fixed user who is not allowed": {
			status.Users{Fixed: "local", Allowed: []string{"U1"}}, acknowledge, nil, nil, 403, "local may not act"},
		"another site":                   {local, acknowledge, nil, []string{"Sec-Fetch-Site: cross-site"}, 403, "Another site"},
		"an unknown incident":            {local, "none/acknowledge", nil, nil, 404, "no incident with this id"},
		"an unknown incident to silence": {local, "none/silence", nil, nil, 404, "no incident with this id"},
		"an unknown action":              {local, openID + "/forget", nil, nil, 404, "no such action"},
		"an incident that has ended":     {local, endedID + "/acknowledge", nil, nil, 409, "has ended"},
		"a silence that is too long": {
			local, openID + "/silence", url.Values{"for": {"169h"}}, nil, 400, "at most 168h"},
		"a silence that ends before it begins": {
			local, openID + "/silence", url.Values{"for": {"-1h"}}, nil, 400, "at most 168h"},
		"a reason that is too long": {
			local, openID + "/silence", url.Values{"reason": {strings.Repeat("é", 201)}}, nil, 400, "longer than 200"},
		"a form that is too large": {
			local, openID + "/silence", url.Values{"reason": {strings.Repeat("x", 17<<10)}}, nil, 413, "larger than 16 KiB"},
		"a reason that cannot be stored": {
			local, openID + "/silence", url.Values{"reason": {"de\x00ploy"}}, nil, 400, "control characters"},
		"a reason of two lines": {
			local, openID + "/silence", url.Values{"reason": {"deploy\nEverything is well"}}, nil, 400, "on one line"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, "")
			f.Users = one.users
			before := f.incident(openID)
			w := f.post("/status/incidents/"+one.path, one.form, one.headers...)
			if w.Code != one.code || !strings.Contains(w.Body.String(), one.sentence) {
				t.Errorf("%d, want %d with %q: %s", w.Code, one.code, one.sentence, w.Body)
			}
			if i := f.incident(openID); !i.Response.AcknowledgedAt.Equal(before.Response.AcknowledgedAt) ||
				*i.Facts.Silenced != *before.Facts.Silenced {
				t.Errorf("the incident was changed: %+v", i)
			}
		})
	}
}

func TestAPersonOfTheRotaIsKnownByEachOfTheirNames(t *testing.T) {
	for _, user := range []string{"Mina", "mina@example.com", "MINA@Example.com", "U1"} {
		f := newFixture(t, "")
		f.Users = status.Users{Header: "X-Forwarded-User", Allowed: []string{"U1"}}
		w := f.post("/status/incidents/"+openID+"/acknowledge", nil, "X-Forwarded-User: "+user)
		if r := f.incident(openID).Response; w.Code != 303 || r.Assignee != "Mina" || r.AssigneeID != "U1" {
			t.Errorf("%s: %d, acknowledged by %q: %s", user, w.Code, r.Assignee, w.Body)
		}
	}
}

func TestWithoutAListEveryUserOfTheProxyMayAct(t *testing.T) {
	f := newFixture(t, "")
	f.Users = status.Users{Header: "X-Forwarded-User"}
	w := f.post("/status/incidents/"+openID+"/acknowledge", nil, "X-Forwarded-User: jo", "Sec-Fetch-Site: same-origin")
	if r := f.incident(openID).Response; w.Code != 303 || r.Assignee != "jo" || r.AssigneeID != "" {
		t.Errorf("%d, acknowledged by %q: %s", w.Code, r.Assignee, w.Body)
	}
}
