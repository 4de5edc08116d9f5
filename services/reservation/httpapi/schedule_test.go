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

// stated is a body with what rest adds.
func stated(rest string) string {
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

func TestWhatAScheduleLeavesOutIsNotZero(t *testing.T) {
	for name, c := range map[string]struct {
		rest           string
		dining, cutoff int
		pointer        string
	}{
		"left out":                 {"", 90, 120, ""},
		"null is left out":         {`,"dining_minutes":null,"cancel_cutoff_minutes":null`, 90, 120, ""},
		"stated":                   {`,"dining_minutes":120,"cancel_cutoff_minutes":1440`, 120, 1440, ""},
		"cancel until the start":   {`,"cancel_cutoff_minutes":0`, 90, 0, ""},
		"a dinner of no time":      {`,"dining_minutes":0`, 0, 120, "/dining_minutes"},
		"an exception with no day": {`,"exceptions":[{"openings":[]}]`, 90, 120, "/exceptions/0/date"},
		"openings left out":        {`,"exceptions":[{"date":"2026-12-24"}]`, 90, 120, "/exceptions/0/openings"},
		"a drop without an hour":   {`,"drops":[{"from":"2026-12-24","to":"2026-12-24"}]`, 90, 120, "/drops/0/opens_at"},
		"an unknown field within":  {`,"exceptions":[{"date":"2026-12-24","openings":[{"opens":"10:00","shuts":"11:00"}]}]`, 0, 0, "/exceptions/0/openings/0/shuts"},
		"a time that is none":      {`,"drops":[{"from":"2026-12-24","to":"2026-12-24","opens_at":"soon"}]`, 0, 0, "/drops/0/opens_at"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := decode(stated(c.rest))
			pointer := ""
			if err != nil {
				pointer = fault.Of(err).Pointer
			}
			if pointer != c.pointer || s.DiningMinutes != c.dining || s.CancelCutoffMinutes != c.cutoff {
				t.Fatalf("dining %d, cut-off %d, points at %q (%v)", s.DiningMinutes, s.CancelCutoffMinutes, pointer, err)
			}
		})
	}
}

// What an owner reads can be stated again, and what a store keeps is what was stated.
func TestAScheduleSurvivesItsJSON(t *testing.T) {
	s, err := decode(stated(`,"cancel_cutoff_minutes":0,
		"exceptions":[{"date":"2026-12-24","openings":[]},{"date":"2026-12-25","openings":[{"opens":"12:00","closes":"15:00"}],"covers":0}],
		"drops":[{"from":"2026-12-01","to":"2026-12-31","opens_at":"2026-11-25T10:00:00Z"}]`))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var kept schedule.Schedule
	if err := json.Unmarshal(raw, &kept); err != nil || !reflect.DeepEqual(kept, s) {
		t.Errorf("kept %+v, want %+v (%v)", kept, s, err)
	}
	if again, err := decode(string(raw)); err != nil || !reflect.DeepEqual(again, s) {
		t.Errorf("stated again %+v, want %+v (%v)", again, s, err)
	}
}
