package demo

import (
	"context"
	"maps"
	"strings"
	"testing"
	"time"
)

// fault stands for the database and for alerting: a message appears at once and is
// updated when the fault ends.
func (w *fakeSystem) fault(_ context.Context, on bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	message := map[string]any{
		"ts": "1.0", "metadata": map[string]string{"event_type": "jari_incident"},
		"text": "Bookings are failing " + w.url + "/runbooks/booking-availability " + w.url + "/dashboards/d?from=1 " +
			w.url + "/traces/0123456789abcdef0123456789abcdef",
		"blocks": []string{"Also affected: search-latency, free-times-availability."},
	}
	if w.defect == "look-ups are not mentioned" {
		message["blocks"] = []string{"for diners who press Book (free-times-availability counts others)"}
	}
	if on {
		w.downAt = time.Now()
		other := maps.Clone(message) // of another objective, which the demo must leave alone
		other["ts"], other["text"] = "0.5", "Log-ins are slow"
		w.slack = append(w.slack, other, message)
		return nil
	}
	w.downAt = time.Time{}
	resolved := maps.Clone(message)
	resolved["text"] = "Resolved: Bookings are failing"
	if w.defect == "a second message on recovery" {
		resolved["ts"] = "2.0"
		w.slack = append(w.slack, resolved)
	} else {
		w.slack[len(w.slack)-1] = resolved
	}
	return nil
}

func TestPassesOnACorrectSystem(t *testing.T) {
	_, cfg := newFakeSystem(t, "")
	if err := Run(t.Context(), cfg, "diner", "line", "rush", "rename", "regions", "incident"); err != nil {
		t.Fatal(err)
	}
}

func TestPassesWhenAvailabilityIsOneSecondOld(t *testing.T) {
	fake, cfg := newFakeSystem(t, "")
	fake.stale = true
	if err := Run(t.Context(), cfg, "line", "rush"); err != nil {
		t.Fatal(err)
	}
}

// Negative controls: a system with one defect. The chapter that checks for it must
// fail, with the error of that check.
func TestFailsAtTheCheckThatDetectsTheDefect(t *testing.T) {
	for defect, c := range map[string]struct{ chapter, want string }{
		"search ignores the words":     {"diner", "a word that does not occur"},
		"keys are ignored":             {"diner", "the same key again"},
		"the first mail is sent twice": {"diner", "does not contain"},
		"the position is missing":      {"line", "expected position 1"},
		"no offer is made":             {"line", "the waitlist entry is"},
		"the offer's mail is lost":     {"line", "mail number 2"},
		"accepting has no effect":      {"line", "an accepted offer is"},
		"a slot is oversold":           {"rush", "covers sold of 20"},
		"a booking is lost":            {"rush", "the diner's list has"},
		"a refusal is a 500":           {"rush", "neither 201 nor 409 slot_full"},
		"renames are not indexed":      {"rename", "to be searchable"},
		"the region is ignored":        {"regions", "is in Asia/Seoul"},
		"the runbook link is dead":     {"incident", "the runbook"},
		"look-ups are not mentioned":   {"incident", "to list free-times-availability"},
		"a second message on recovery": {"incident", "the channel has 2 new ones"},
	} {
		t.Run(defect, func(t *testing.T) {
			t.Parallel()
			_, cfg := newFakeSystem(t, defect)
			err := Run(t.Context(), cfg, c.chapter)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestAnUnknownChapterIsAnError(t *testing.T) {
	_, cfg := newFakeSystem(t, "")
	if err := Run(t.Context(), cfg, "rsuh"); err == nil || !strings.Contains(err.Error(), "rush") {
		t.Errorf("%v", err)
	}
}

func TestTheSummaryCountsOneChapterAsOne(t *testing.T) {
	_, cfg := newFakeSystem(t, "")
	var out strings.Builder
	cfg.Out = &out
	if err := Run(t.Context(), cfg, "rename"); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "All checks passed: 1 chapter, ") || strings.Contains(out.String(), "evening") {
		t.Errorf("it prints\n%s", out.String())
	}
	if got := counted(2, "chapter"); got != "2 chapters" {
		t.Errorf("two: %q", got)
	}
}
