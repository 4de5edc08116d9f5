package demo

import (
	"strings"
	"testing"
)

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
		"nobody is mentioned":          {"incident", "does not mention Jun (U2), who is on call"},
		"there is no button":           {"incident", `has no button "Acknowledge"`},
		"the click is refused":         {"incident", "a click on Acknowledge: 502"},
		"the click is lost":            {"incident", "to say who has it"},
		"it says both":                 {"incident", "also that nobody has acknowledged it"},
		"the runbook link is dead":     {"incident", `the link "Runbook"`},
		"the status page lacks it":     {"incident", "a page without #ii-1"},
		"a link is missing":            {"incident", `no link "Status page"`},
		"look-ups are not mentioned":   {"incident", "to list free-times-availability"},
		"a second message on recovery": {"incident", "the channel has 2 new ones"},

		"the dashboard does not read its link": {"incident", "not the range of its link"},
		"the dashboard's range ends too early": {"incident", "not all of the incident"},
		"the dashboard's range stays":          {"incident", "as before the incident was resolved"},
	} {
		t.Run(defect, func(t *testing.T) {
			t.Parallel()
			_, cfg := newFakeSystem(t, defect)
			cfg.hurry = 5 // nothing in the fake system takes long
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
