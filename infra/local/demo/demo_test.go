package demo

import (
	"context"
	"maps"
	"strings"
	"testing"
	"time"
)

// fault stands for the database and for everything that watches it: a message
// appears at once and is updated when the fault ends.
func (w *world) fault(_ context.Context, on bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	message := map[string]any{
		"ts": "1.0", "metadata": map[string]string{"event_type": "jari_incident"},
		"text": "Bookings are failing " + w.url + "/runbooks/booking-availability " + w.url + "/dashboards/d?from=1 " +
			w.url + "/traces/0123456789abcdef0123456789abcdef",
	}
	if on {
		w.downAt = time.Now()
		w.slack = append(w.slack, message)
		return nil
	}
	w.downAt = time.Time{}
	over := maps.Clone(message)
	over["text"] = "Resolved: bookings were failing"
	if w.broken == "the end is a second message" {
		over["ts"] = "2.0"
		w.slack = append(w.slack, over)
	} else {
		w.slack[len(w.slack)-1] = over
	}
	return nil
}

func TestTheStoryHoldsWhereEveryPromiseIsKept(t *testing.T) {
	_, cfg := newWorld(t, "")
	if err := Run(t.Context(), cfg, "diner", "line", "rush", "rename", "regions", "incident"); err != nil {
		t.Fatal(err)
	}
}

// Every promise that the story claims to check, broken: it must be the one
// that ends the story.
func TestTheStoryEndsWhereAPromiseIsBroken(t *testing.T) {
	for broken, c := range map[string]struct{ chapter, says string }{
		"search ignores the words":           {"diner", "a word that nobody uses"},
		"keys are forgotten":                 {"diner", "the same key again"},
		"the second mail is the first again": {"diner", "does not say"},
		"nobody is told their place":         {"line", "expected to wait as number 1"},
		"seats are offered to nobody":        {"line", "whoever waits has"},
		"the offer's mail is lost":           {"line", "mail number 2"},
		"accepting does nothing":             {"line", "an accepted offer is"},
		"a slot is oversold":                 {"rush", "covers sold of 20"},
		"a booking is lost":                  {"rush", "the diner's list holds"},
		"a refusal is a 500":                 {"rush", "no honest answer"},
		"renames are not indexed":            {"rename", "to be searchable"},
		"regions are mixed up":               {"regions", "lies in Asia/Seoul"},
		"dead runbook link":                  {"incident", "the runbook"},
		"the end is a second message":        {"incident", "the channel has 2 new ones"},
	} {
		t.Run(broken, func(t *testing.T) {
			t.Parallel()
			_, cfg := newWorld(t, broken)
			err := Run(t.Context(), cfg, c.chapter)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("the story went on, or ended elsewhere: %v", err)
			}
		})
	}
}

func TestAnUnknownChapterIsNamed(t *testing.T) {
	_, cfg := newWorld(t, "")
	if err := Run(t.Context(), cfg, "rsuh"); err == nil || !strings.Contains(err.Error(), "rush") {
		t.Errorf("%v", err)
	}
}
