package systemtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"jari.example/infra/local/slack"
)

// The headlines of the incidents of these tests.
const (
	bookingsFail = "Bookings are failing"
	edgeFails    = "Region kr does not answer the edge"
	blind        = "No telemetry arrives"
)

// page is the message of one incident in Slack.
type page struct {
	slack.Message
	body string // the texts of its blocks, one a line
}

// pages are the messages of all incidents in all channels, oldest first.
func (sc *onCall) pages() (all []page) {
	sc.Helper()
	found := get[struct{ Messages []slack.Message }](sc.T, sc.slack+"/control/messages")
	for _, m := range found.Messages {
		if m.ThreadTS == "" || m.ThreadTS == m.TS {
			all = append(all, page{m, blockTexts(sc.T, m.Blocks)})
		}
	}
	return all
}

// added are the pages since the begin of the test, by headline.
func (sc *onCall) added() map[string]page {
	sc.Helper()
	all := map[string]page{}
	for _, p := range sc.pages() {
		if !sc.before[p.TS] {
			all[p.headline()] = p
		}
	}
	return all
}

// awaitPage waits for the page with the headline until done.
func (sc *onCall) awaitPage(limit time.Duration, headline, what string, done func(page) bool) (p page) {
	sc.Helper()
	sc.await(limit, fmt.Sprintf("“%s” %s", headline, what), func() (bool, any) {
		added := sc.added()
		var ok bool
		if p, ok = added[headline]; ok {
			return done(p), p
		}
		return false, fmt.Sprintf("no such message, only %q", slices.Sorted(maps.Keys(added)))
	})
	return p
}

// awaitQuiet waits until all incidents have ended so long ago that the next fault
// opens a new one in place of going on with an old one: 30 minutes after its end and an
// hour after its last bad event, of which the local system makes 30 and 60 seconds. An
// incident that a failed test has left open ends with good bookings, a ticket not before
// its window of 6 minutes is free of failures.
func (sc *onCall) awaitQuiet() {
	sc.Helper()
	open := func() (bool, any) {
		for _, p := range sc.pages() {
			if !p.ended() {
				return true, p
			}
		}
		return false, nil
	}
	if isOpen, _ := open(); isOpen {
		d := sc.diners(patient)
		sc.await(8*time.Minute, "the end of earlier incidents", func() (bool, any) { isOpen, p := open(); return !isOpen, p })
		d.stop()
	}
	sc.await(5*time.Minute, "no incident, for a minute", func() (bool, any) {
		sc.before = map[string]bool{}
		for _, p := range sc.pages() {
			sc.before[p.TS] = true
			if age := time.Since(p.edited(sc.T)); !p.ended() || age < 65*time.Second {
				return false, p
			}
		}
		status, reason := sc.ready()
		return status == http.StatusOK, reason
	})
}

func blockTexts(t *testing.T, raw json.RawMessage) string {
	t.Helper()
	var blocks []any
	if err := json.Unmarshal(raw, &blocks); err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	var lines []string
	for _, b := range blocks {
		lines = append(lines, textOf(b))
	}
	return strings.Join(lines, "\n")
}

// textOf is what is to be read in a block or a part of one, a time as its fallback.
func textOf(part any) string {
	switch part := part.(type) {
	case string:
		return part
	case []any:
		text := ""
		for _, inner := range part {
			text += textOf(inner)
		}
		return text
	case map[string]any:
		return textOf(part["text"]) + textOf(part["fallback"]) + textOf(part["elements"])
	}
	return ""
}

// headline is the incident's, without its state.
func (p page) headline() string {
	line, _, _ := strings.Cut(p.Text, ":")
	for _, state := range []string{"✅ Resolved", "⚪ Closed", "🟡 Ticket"} {
		if line == state {
			line, _, _ = strings.Cut(strings.TrimPrefix(p.Text, state+": "), ":")
		}
	}
	return strings.TrimPrefix(line, "🔴 ")
}

func (p page) ended() bool {
	return strings.HasPrefix(p.Text, "✅ Resolved: ") || strings.HasPrefix(p.Text, "⚪ Closed: ")
}

func (p page) String() string { return fmt.Sprintf("%s\n%s", p.Text, p.body) }

// edited is when the page was changed last.
func (p page) edited(t *testing.T) time.Time {
	t.Helper()
	ts := p.TS
	if p.Edited != nil {
		ts = p.Edited.TS
	}
	seconds, err := strconv.ParseFloat(ts, 64)
	if err != nil {
		t.Fatal(err)
	}
	return time.UnixMilli(int64(seconds * 1000))
}

// figures is what a page says about all attempts since its fault began.
type figures struct {
	bad, total int
	regions    string // "kr (3), us (1)"
}

var counted = regexp.MustCompile(`(\d+) of (\d+) (?:[^.:]*)?failed\*?(?:[^.]*?, in ([^.]*))?\.`)

func (p page) figures() (f figures) {
	if m := counted.FindStringSubmatch(p.body); m != nil {
		f.bad, _ = strconv.Atoi(m[1])
		f.total, _ = strconv.Atoi(m[2])
		f.regions = m[3]
	}
	return f
}

// allFailed are the figures of a fault in which so many attempts were made.
func allFailed(attempts int) figures {
	return figures{attempts, attempts, fmt.Sprintf("%s (%d)", region, attempts)}
}
