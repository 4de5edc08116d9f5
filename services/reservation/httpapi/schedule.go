package httpapi

import (
	"net/http"

	"jari.example/internal/fault"
	"jari.example/services/internal/httpjson"
	"jari.example/services/reservation/app"
	"jari.example/services/reservation/schedule"
)

// scheduleBody distinguishes a missing field from 0: 0 covers close every slot, and
// a cut-off of 0 lets diners cancel until the start.
type scheduleBody struct {
	schedule.Schedule
	Covers              *int `json:"covers"`
	DiningMinutes       *int `json:"dining_minutes"`
	CancelCutoffMinutes *int `json:"cancel_cutoff_minutes"`
}

func decodeSchedule(r *http.Request) (app.ScheduleRequest, error) {
	id, err := restaurant(r)
	if err != nil {
		return app.ScheduleRequest{}, err
	}
	body, err := httpjson.Body[scheduleBody](r)
	switch {
	case err != nil:
		return app.ScheduleRequest{}, err
	case body.Covers == nil:
		return app.ScheduleRequest{}, fault.BadField("/covers", "covers is required.")
	}
	s := body.Schedule
	s.Covers = *body.Covers
	s.DiningMinutes = or(body.DiningMinutes, schedule.DefaultDiningMinutes)
	s.CancelCutoffMinutes = or(body.CancelCutoffMinutes, schedule.DefaultCancelCutoffMinutes)
	return app.ScheduleRequest{RestaurantID: id, Schedule: s}, nil
}

func or(n *int, absent int) int {
	if n == nil {
		return absent
	}
	return *n
}
