package status_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"jari.example/alerting/evaluate"
	"jari.example/alerting/incident"
	"jari.example/alerting/notify"
	"jari.example/alerting/oncall"
	"jari.example/alerting/slo"
	"jari.example/alerting/status"
	"jari.example/internal/serve/servetest"
)

var update = flag.Bool("update", false, "write testdata")

func TestTheJSONIsAsRecorded(t *testing.T) {
	f := newFixture(t, "")
	f.LastTick = func() evaluate.State {
		return evaluate.State{
			At: now.Add(-time.Second), Took: 40 * time.Millisecond, Blindness: evaluate.Blindness{Since: now, Reason: "no heartbeats"},
		}
	}
	var v status.Status
	must(t, json.Unmarshal(f.get("/status.json").Body.Bytes(), &v))
	// What the outbox says of now is not of the injected clock, and the course is long.
	for n := range v.Waiting {
		v.Waiting[n].Oldest = now
	}
	course := v.Objectives[0].Course
	v.Objectives[0].Course = []status.Point{course[0], course[len(course)-1]}
	got, err := json.MarshalIndent(v, "", "  ")
	must(t, err)
	servetest.Golden(t, "status.json", append(got, '\n'), *update)
}

func TestTheCourseOfABudgetEndsWithWhatRemains(t *testing.T) {
	var v status.Status
	must(t, json.Unmarshal(newFixture(t, "").get("/status.json").Body.Bytes(), &v))
	o := v.Objectives[0]
	at := map[time.Time]float64{}
	for _, p := range o.Course {
		at[p.At] = p.Remaining
	}
	// 3,600 of 720,000 events are bad, half of what 1 % allows, all in the second half.
	for when, want := range map[time.Time]float64{
		now.Add(-30 * slo.Day): 1, now.Add(-15 * slo.Day): 1, now.Add(-15 * slo.Day / 2): 0.75, now: 0.5,
	} {
		if math.Abs(at[when]-want) > 0.001 {
			t.Errorf("%v of the budget remained at %s, want %v", at[when], when, want)
		}
	}
	if math.Abs(o.Remaining-0.5) > 0.001 || len(o.Course) != 721 {
		t.Errorf("%v remains, with %d points", o.Remaining, len(o.Course))
	}
}

func TestThePageHasEverySection(t *testing.T) {
	f := newFixture(t, "")
	f.LastTick = func() evaluate.State {
		return evaluate.State{At: now.Add(-3 * time.Second), Took: 40 * time.Millisecond}
	}
	body := f.get("/status").Body.String()
	for part, want := range map[string]string{
		"the last tick":         "took 40 ms",
		"an open incident":      `id="i` + openID + `"`,
		"its figures":           "110 of 150 attempts failed",
		"its runbook":           `href="http://run.example/booking"`,
		"its dashboard":         `href="http://dash.example/bookings?from=`,
		"its traces":            `href="http://trace.example/abc"`,
		"its error":             "Most frequent error: timeout.",
		"its dependency":        "Failing dependency: redis.",
		"its log line":          "<code>x=1</code>",
		"that nobody has it":    "Nobody has acknowledged it.",
		"that it is silenced":   "Notifies nobody until it resolves by Jun: known",
		"its timeline":          "Paged",
		"its forms":             `action="/status/incidents/` + openID + `/acknowledge"`,
		"what is left":          "<b>50 % of the budget remains</b>",
		"a sparkline":           `points="0.0,0.0 `,
		"the end of the line":   `120.0,15.0"`,
		"a silence":             "by Jun: deploy",
		"who is on call":        "<b>Mina, Jun</b>",
		"a gap":                 "Jun is away (holiday) while on call",
		"a planned window":      "<b>Now:</b> upgrade",
		"what waits":            "slack:pages: 4",
		"what was not useful":   "<tr><td>latency</td><td>1</td></tr>",
		"an ended incident":     `id="i` + endedID + `"`,
		"who ended it":          "resolved by Mina",
		"who acts":              "You act as Mina.",
		"a time with its zone":  `<time datetime="2026-11-02T09:40:00Z">2 Nov 09:40:00 UTC</time>`,
		"subjects of the alert": "Firing: kr",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s: %q", part, want)
		}
	}
	if strings.Contains(body, "over</") || strings.Contains(body, ">over,") {
		t.Error("the page has a window that is over")
	}
	if t.Failed() {
		t.Log(body)
	}
}

func TestAnEmptyPageSaysWhatThereIsNot(t *testing.T) {
	f := newFixture(t, "")
	f.Store, f.Users = newEmpty(), status.Users{}
	f.Plan, f.Set = func() oncall.Plan { return oncall.Plan{} }, func() slo.Set { return slo.Set{} }
	body := f.get("/status").Body.String()
	for _, want := range []string{
		"This replica does not evaluate", "This page can only be read", "No incident is open.", "There is no objective.", "There is no silence.",
		"There is no rota", "None is planned.", "None waits.", "Nobody has said so", "None ended",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestAPageThatCanOnlyBeReadHasNoForm(t *testing.T) {
	f := newFixture(t, "")
	f.Users = status.Users{}
	if body := f.get("/status").Body.String(); strings.Contains(body, "<form") || !strings.Contains(body, openID) {
		t.Errorf("the page is %s", body)
	}
}

func TestTheLastTwentyIncidentsThatEndedAreShownTheNewestFirst(t *testing.T) {
	f := newFixture(t, "")
	for n := range 25 {
		ended := now.Add(-time.Duration(n+10) * time.Minute)
		must(t, f.store.Open(t.Context(), f.term, incident.Change{Incident: incident.Incident{
			ID: fmt.Sprint(n), Rule: "r", StartedAt: ended, OpenedAt: ended, ResolvedAt: ended,
		}}))
	}
	var v status.Status
	must(t, json.Unmarshal(f.get("/status.json").Body.Bytes(), &v))
	if len(v.Ended) != 20 || v.Ended[0].ID != endedID || v.Ended[1].ID != "0" || v.Ended[19].ID != "18" {
		t.Errorf("%d ended: %+v", len(v.Ended), v.Ended)
	}
}

func TestNothingThatIsShownBecomesMarkup(t *testing.T) {
	f := newFixture(t, `<script>alert("'1'")</script>`)
	for _, path := range []string{"/status", "/status/incidents/<script>/acknowledge"} {
		body := strings.ReplaceAll(f.get(path).Body.String(), `<script src="/assets/live.js" defer></script>`, "")
		if strings.Contains(body, "<script") || strings.Contains(body, `"'1'`) {
			t.Errorf("%s has markup that was text: %s", path, body)
		}
	}
	f.Links = notify.Links{Runbook: "javascript:alert(1)/{slo}"}
	if body := f.get("/status").Body.String(); strings.Contains(body, "javascript:") {
		t.Error("a link runs a script")
	}
}

func TestTheFormatFollowsTheRequest(t *testing.T) {
	for name, one := range map[string]struct {
		path, accept, want string
		code               int
	}{
		"a browser gets HTML":                 {"/status", "text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8", 200},
		"a program that accepts JSON gets it": {"/status", "application/json", "application/json", 200},
		"the path decides":                    {"/status.json", "text/html", "application/json", 200},
		"the root leads to the page":          {"/", "text/html", "text/html; charset=utf-8", 302},
		"the style sheet is served":           {"/assets/style.css", "*/*", "text/css; charset=utf-8", 200},
		"nothing else is":                     {"/nothing", "*/*", "text/plain; charset=utf-8", 404},
	} {
		w := newFixture(t, "").get(one.path, "Accept: "+one.accept)
		if got := w.Header().Get("Content-Type"); got != one.want || w.Code != one.code {
			t.Errorf("%s: %d %s, want %d %s", name, w.Code, got, one.code, one.want)
		}
	}
}

func TestAStoreThatFailsIs503AndIsReported(t *testing.T) {
	f := newFixture(t, "")
	var reported error
	f.Report = func(_ context.Context, err error) { reported = err }
	cause := errors.New("connection refused")
	f.Store = failing{f.store, cause}
	for name, request := range map[string]func() *httptest.ResponseRecorder{
		"the page":  func() *httptest.ResponseRecorder { return f.get("/status") },
		"an action": func() *httptest.ResponseRecorder { return f.post("/status/incidents/"+openID+"/acknowledge", nil) },
	} {
		reported = nil
		if w := request(); w.Code != http.StatusServiceUnavailable || !errors.Is(reported, cause) {
			t.Errorf("%s: status %d, reported %v", name, w.Code, reported)
		}
	}
	if body := f.get("/status.json").Body.String(); strings.Contains(body, "refused") || !strings.Contains(body, `"error"`) {
		t.Errorf("the response is %s", body)
	}
}
