package httpapi

import (
	"encoding/json"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"jari.example/internal/fault"
	"jari.example/services/reservation/schedule"
)

// scheduleWith is the body of a schedule with the members of rest.
func scheduleWith(rest string) string {
	return `{"time_zone":"Asia/Seoul","weekly":[{"day":"mon","opens":"18:00","closes":"24:00"}],"interval_minutes":30,
		"covers":0,"party":{"min":1,"max":4},"days_ahead":28` + rest + `}`
}

func decode(body string) (schedule.Schedule, error) {
	r := httptest.NewRequest("PUT", "/v1/restaurants/mokran/schedule", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.SetPathValue("id", "mokran")
	request, err := decodeSchedule(r)
	if err == nil {
		err = request.Validate()
	}
	return request.Schedule, err
}

func TestScheduleHasDefaultsForMissingMembers(t *testing.T) {
	for name, c := range map[string]struct {
		rest           string
		dining, cutoff int
		pointer        string
	}{
		"missing":                         {"", 90, 120, ""},
		"null is not the same as missing": {`,"dining_minutes":null,"cancel_cutoff_minutes":null`, 0, 0, "/dining_minutes"},
		"present":                         {`,"dining_minutes":120,"cancel_cutoff_minutes":1440`, 120, 1440, ""},
		"cancel until the start":          {`,"cancel_cutoff_minutes":0`, 90, 0, ""},
		"dining for no time":              {`,"dining_minutes":0`, 0, 120, "/dining_minutes"},
		"an exception without a date":     {`,"exceptions":[{"openings":[]}]`, 90, 120, "/exceptions/0/date"},
		"an exception without openings":   {`,"exceptions":[{"date":"2026-12-24"}]`, 90, 120, "/exceptions/0/openings"},
		"a drop without a time":           {`,"drops":[{"from":"2026-12-24","to":"2026-12-24"}]`, 90, 120, "/drops/0/opens_at"},
		"an unknown nested member": {
			`,"exceptions":[{"date":"2026-12-24","openings":[{"opens":"10:00","shuts":"11:00"}]}]`,
			0, 0, "/exceptions/0/openings/0/shuts",
		},
		"a malformed time": {`,"drops":[{"from":"2026-12-24","to":"2026-12-24","opens_at":"soon"}]`, 0, 0, "/drops/0/opens_at"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := decode(scheduleWith(c.rest))
			pointer := ""
			if err != nil {
				pointer = fault.Of(err).Pointer
			}
			if pointer != c.pointer || s.DiningMinutes != c.dining || s.CancelCutoffMinutes != c.cutoff {
				t.Fatalf("got dining %d, cut-off %d, pointer %q (%v); want %d, %d, %q",
					s.DiningMinutes, s.CancelCutoffMinutes, pointer, err, c.dining, c.cutoff, c.pointer)
			}
		})
	}
}

// Stores keep a schedule as JSON, and owners send back what they have read.
func TestScheduleSurvivesARoundTripThroughJSON(t *testing.T) {
	s, err := decode(scheduleWith(`,"cancel_cutoff_minutes":0,
		"exceptions":[{"date":"2026-12-24","openings":[]},{"date":"2026-12-25","openings":[{"opens":"12:00","closes":"15:00"}],"covers":0}],
		"drops":[{"from":"2026-12-01","to":"2026-12-31","opens_at":"2026-11-25T10:00:00Z"}]`))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var stored schedule.Schedule
	if err := json.Unmarshal(raw, &stored); err != nil || !reflect.DeepEqual(stored, s) {
		t.Errorf("stored %+v, want %+v (%v)", stored, s, err)
	}
	if again, err := decode(string(raw)); err != nil || !reflect.DeepEqual(again, s) {
		t.Errorf("sent again %+v, want %+v (%v)", again, s, err)
	}
}
