package notification

import (
	"fmt"
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"
)

// entry parses a calendar entry as a calendar does, and returns what is wrong
// with it.
func entry(raw string) (method string, table *ics.VEvent, err error) {
	if !strings.HasSuffix(raw, "\r\n") || strings.Count(raw, "\n") != strings.Count(raw, "\r\n") {
		return "", nil, fmt.Errorf("lines do not end with CRLF (RFC 5545)")
	}
	for line := range strings.SplitSeq(raw, "\r\n") {
		if len(line) > 75 {
			return "", nil, fmt.Errorf("a line of %d octets: %q", len(line), line)
		}
	}
	c, err := ics.ParseCalendar(strings.NewReader(raw))
	if err != nil {
		return "", nil, err
	}
	for _, p := range c.CalendarProperties {
		if p.IANAToken == string(ics.PropertyMethod) {
			method = p.Value
		}
	}
	if len(c.Events()) != 1 || method == "" {
		return "", nil, fmt.Errorf("%d events, method %q", len(c.Events()), method)
	}
	return method, c.Events()[0], nil
}

func TestCalendarEntryFollowsTheReservation(t *testing.T) {
	wants := map[Kind]struct{ method, status string }{
		Confirmed: {"PUBLISH", "CONFIRMED"}, Moved: {"PUBLISH", "CONFIRMED"},
		Cancelled: {"CANCEL", "CANCELLED"}, Closed: {"CANCEL", "CANCELLED"},
	}
	name := `모수, "the one"; at \the corner` + strings.Repeat(" 아주 긴 이름", 12)
	for _, kind := range Kinds {
		e := newEvent(kind)
		m, err := compose(e, from, user("Kim", "kim@example.com", "ko"), Restaurant{Ko: name, Address: "서울, 용산구"}, noon)
		if err != nil {
			t.Fatal(err)
		}
		r := receive(t, m)
		raw, attached := r.parts["text/calendar"]
		want, wanted := wants[kind]
		if attached != wanted {
			t.Errorf("%s: an entry is attached: %v, want %v", kind, attached, wanted)
		}
		if !attached {
			continue
		}
		method, table, err := entry(raw)
		if err != nil {
			t.Fatalf("%s: %v\n%s", kind, err, raw)
		}
		if method != want.method || r.parts["text/calendar method"] != want.method {
			t.Errorf("%s: methods %s and %s, want %s", kind, method, r.parts["text/calendar method"], want.method)
		}
		for property, want := range map[ics.ComponentProperty]string{
			ics.ComponentPropertyUniqueId:  e.Reservation.ID.String(),
			ics.ComponentPropertySequence:  "2", // of version 3
			ics.ComponentPropertyDtStart:   "20261123T093000Z",
			ics.ComponentPropertyDtEnd:     "20261123T110000Z",
			ics.ComponentPropertyDtstamp:   "20261122T030000Z",
			ics.ComponentPropertyStatus:    want.status,
			ics.ComponentPropertySummary:   name,
			ics.ComponentPropertyOrganizer: "mailto:" + from.Address,
		} {
			if got := table.GetProperty(property); got == nil || got.Value != want {
				t.Errorf("%s: %s is %+v, want %q", kind, property, got, want)
			}
		}
		place := table.GetProperty(ics.ComponentPropertyLocation)
		if coming := kind == Confirmed || kind == Moved; coming != (place != nil) || coming && place.Value != "서울, 용산구" {
			t.Errorf("%s: location %+v", kind, place)
		}
		if strings.Contains(raw, "kim@") || strings.Contains(raw, "Kim") {
			t.Errorf("%s: the entry has the diner's name or address", kind)
		}
	}
}

// TestEntryDetectsInvalidCalendars is the negative control of entry.
func TestEntryDetectsInvalidCalendars(t *testing.T) {
	good, _, _ := calendar(newEvent(Confirmed), templateData{Restaurant: strings.Repeat("모수 ", 40)}, from)
	if _, _, err := entry(good); err != nil {
		t.Fatalf("a valid calendar is rejected: %v", err)
	}
	for name, bad := range map[string]string{
		"bare line feeds":        strings.ReplaceAll(good, "\r\n", "\n"),
		"lines not folded":       strings.ReplaceAll(good, "\r\n ", ""),
		"no method":              strings.Replace(good, "METHOD:PUBLISH\r\n", "", 1),
		"no end":                 strings.Replace(good, "END:VEVENT\r\n", "", 1),
		"a line without a colon": strings.Replace(good, "SEQUENCE:2\r\n", "SEQUENCE:2\r\nanything\r\n", 1),
	} {
		if _, _, err := entry(bad); err == nil {
			t.Errorf("%s: not detected", name)
		}
	}
}

func TestNoCalendarEntryWithoutAnEnd(t *testing.T) {
	e := newEvent(Confirmed)
	e.Reservation.End = time.Time{}
	if _, _, ok := calendar(e, templateData{}, from); ok {
		t.Error("an entry without an end")
	}
}
