package httpapi

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"jari.example/internal/fault"
	"jari.example/services/internal/httpjson"
	"jari.example/services/reservation"
	"jari.example/services/reservation/app"
	"jari.example/services/reservation/schedule"
)

// AddRoutes adds the service's public API (docs/openapi.yaml) to rs.
func AddRoutes(rs *httpjson.Routes, e Endpoints) {
	httpjson.HandleWith(rs, "GET /v1/restaurants/{id}/availability", e.Availability, decodeWindow, encodeAvailability,
		httpjson.Takes("from", "to", "party"))
	httpjson.HandleWith(rs, "GET /v1/availability", e.Date, decodeDate, encodeAvailability,
		httpjson.TakesSeveral("restaurant_id", app.MaxRestaurants), httpjson.Takes("date", "party"))

	page := httpjson.Takes("limit", "cursor")
	one := []httpjson.Option{httpjson.NeedsIdempotencyKey(), httpjson.NoBody()}
	httpjson.HandleWith(rs, "POST /v1/reservations", e.Book, decodeBook, encodeCreated, httpjson.NeedsIdempotencyKey())
	httpjson.HandleWith(rs, "GET /v1/reservations", e.List, decodeList, encodeList, page, httpjson.Takes("status", "when"))
	httpjson.HandleWith(rs, "GET /v1/reservations/{id}", e.Get, decodeGet, encodeReservation)
	httpjson.HandleWith(rs, "PATCH /v1/reservations/{id}", e.Move, decodeMove, encodeChanged)
	httpjson.HandleWith(rs, "POST /v1/reservations/{id}/cancel", e.Cancel, decodeReservation, encodeChanged, one...)

	httpjson.HandleWith(rs, "POST /v1/waitlist", e.Join, decodeBook, encodeCreated, httpjson.NeedsIdempotencyKey())
	httpjson.HandleWith(rs, "GET /v1/waitlist", e.List, decodeWaiting, encodeList, page)
	httpjson.HandleWith(rs, "POST /v1/waitlist/{id}/accept", e.Accept, decodeReservation, encodeChanged, one...)
	httpjson.HandleWith(rs, "POST /v1/waitlist/{id}/decline", e.Decline, decodeReservation, encodeChanged, one...)
	httpjson.HandleWith(rs, "DELETE /v1/waitlist/{id}", e.Leave, decodeID, encodeNothing[reservation.Outcome])

	addOwnerRoutes(rs, e)
}

var restaurantID = regexp.MustCompile(`^[a-z0-9-]{3,64}$`)

// restaurant reads the path's id. A malformed one is not found.
func restaurant(r *http.Request) (string, error) {
	id := r.PathValue("id")
	if !restaurantID.MatchString(id) {
		return "", fault.New(fault.NotFound, "restaurant_not_found", "There is no such restaurant.")
	}
	return id, nil
}

func decodeBook(r *http.Request) (app.BookRequest, error) {
	key, err := httpjson.IdempotencyKey(r)
	if err != nil {
		return app.BookRequest{}, err
	}
	req, err := httpjson.Body[app.BookRequest](r)
	req.Key = key
	return req, err
}

// reservationID reads the path's id. A malformed one is not found.
func reservationID(r *http.Request) (string, error) {
	id, ok := httpjson.PathID(r)
	if !ok {
		return "", reservation.NotFound()
	}
	return id.String(), nil
}

// decodeReservation reads a command on one reservation.
func decodeReservation(r *http.Request) (app.ReservationRequest, error) {
	key, err := httpjson.IdempotencyKey(r)
	if err != nil {
		return app.ReservationRequest{}, err
	}
	id, err := reservationID(r)
	return app.ReservationRequest{ID: id, Key: key}, err
}

func decodeID(r *http.Request) (app.ReservationRequest, error) {
	id, err := reservationID(r)
	return app.ReservationRequest{ID: id}, err
}

func decodeGet(r *http.Request) (app.GetRequest, error) {
	id, err := reservationID(r)
	return app.GetRequest{ID: id}, err
}

func decodeMove(r *http.Request) (app.MoveRequest, error) {
	id, err := reservationID(r)
	if err != nil {
		return app.MoveRequest{}, err
	}
	m, err := httpjson.Body[app.MoveRequest](r)
	m.ID = id
	if err != nil {
		return m, err
	}
	switch tag := r.Header.Get("If-Match"); {
	case tag == "" || tag == "*":
	default:
		if _, err := fmt.Sscanf(tag, `"%d"`, &m.Version); err != nil || m.Version <= 0 || versionTag(m.Version) != tag {
			m.Version = -1 // matches no version
		}
	}
	return m, nil
}

func versionTag(version int) string { return `"` + strconv.Itoa(version) + `"` }

const longestWindow = 31 * 24 * time.Hour

func decodeWindow(r *http.Request) (w app.Window, err error) {
	if w.RestaurantID, err = restaurant(r); err != nil {
		return w, err
	}
	q := httpjson.Query(r)
	w.From, w.To, w.Party = q.Time("from"), q.Time("to"), partyOf(q)
	if length := w.To.Sub(w.From); length < 0 || length > longestWindow {
		q.Fail("to", "to must be at most 31 days after from.")
	}
	w.IfNoneMatch = r.Header.Get("If-None-Match")
	return w, q.Err()
}

func decodeDate(r *http.Request) (app.DateQuery, error) {
	q := httpjson.Query(r)
	d := app.DateQuery{
		RestaurantIDs: q.All("restaurant_id"), Date: dateOf(q), Party: partyOf(q), IfNoneMatch: r.Header.Get("If-None-Match"),
	}
	if len(d.RestaurantIDs) == 0 {
		q.Fail("restaurant_id", "restaurant_id names 1 to %d restaurants.", app.MaxRestaurants)
	}
	for _, id := range d.RestaurantIDs {
		if !restaurantID.MatchString(id) {
			q.Fail("restaurant_id", "restaurant_id is a restaurant's id.")
		}
	}
	return d, q.Err()
}

func decodeList(r *http.Request) (app.ListRequest, error) {
	q := httpjson.Query(r)
	l := app.ListRequest{When: httpjson.OneOf(q, "when", app.Upcoming, app.Past)}
	if status := statusOf(q); status != "" {
		l.Statuses = []reservation.Status{status}
	}
	var err error
	l.After, l.Limit, err = pageOf(q)
	return l, err
}

// decodeWaiting asks for the diner's waitlist entries and offers.
func decodeWaiting(r *http.Request) (app.ListRequest, error) {
	l := app.ListRequest{When: app.Upcoming, Statuses: []reservation.Status{reservation.Waiting, reservation.Offered}}
	var err error
	l.After, l.Limit, err = pageOf(httpjson.Query(r))
	return l, err
}

func partyOf(q *httpjson.Values) int { return q.Int("party", 1, reservation.MaxParty, 1) }

func statusOf(q *httpjson.Values) reservation.Status {
	return httpjson.OneOf(q, "status", reservation.Statuses...)
}

// dateOf reads a required local day.
func dateOf(q *httpjson.Values) string {
	date := q.Text("date", len(time.DateOnly))
	if _, err := schedule.ParseDate(date); err != nil {
		q.Fail("date", "date is a day of the calendar, YYYY-MM-DD.")
	}
	return date
}

// pageOf reads limit and cursor. Its error is the query's first.
func pageOf(q *httpjson.Values) (after reservation.Position, limit int, err error) {
	limit, cursor := q.Int("limit", 1, 50, 20), q.Text("cursor", 1000)
	if err := q.Err(); err != nil {
		return after, limit, err
	}
	after, err = app.ParseCursor(cursor)
	return after, limit, err
}

// dinerView is a reservation as its diner sees it, with the note.
type dinerView struct {
	reservation.Reservation
	Note string `json:"note,omitempty"`
}

func viewForDiner(r reservation.Reservation) dinerView { return dinerView{r, r.Note.Reveal()} }

type dinerPage struct {
	Items      []dinerView `json:"items"`
	NextCursor string      `json:"next_cursor,omitempty"`
}

func encodeReservation(h http.Header, r reservation.Reservation) (int, any) {
	h.Set("ETag", versionTag(r.Version))
	return http.StatusOK, viewForDiner(r)
}

func encodeAvailability(h http.Header, a app.Availability) (int, any) {
	h.Set("ETag", a.ETag)
	h.Set("Cache-Control", "public, max-age=1")
	if a.NotModified {
		return http.StatusNotModified, nil
	}
	return http.StatusOK, a.Body
}

func encodeNothing[Resp any](http.Header, Resp) (int, any) { return http.StatusNoContent, nil }

func encodeList(_ http.Header, l app.ListResponse) (int, any) {
	page := dinerPage{Items: make([]dinerView, len(l.Items)), NextCursor: l.NextCursor}
	for i, r := range l.Items {
		page.Items[i] = viewForDiner(r)
	}
	return http.StatusOK, page
}

func encodeCreated(h http.Header, out reservation.Outcome) (int, any) {
	h.Set("Location", "/v1/reservations/"+out.ID.String())
	_, body := encodeChanged(h, out)
	return http.StatusCreated, body
}

func encodeChanged(h http.Header, out reservation.Outcome) (int, any) {
	h.Set("ETag", versionTag(out.Version))
	if out.Replayed {
		h.Set("Idempotency-Replayed", "true")
	}
	return http.StatusOK, viewForDiner(out.Reservation)
}
