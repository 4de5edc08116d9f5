package httpapi

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"jari.example/internal/fault"
	"jari.example/services/internal/httpjson"
	"jari.example/services/reservation"
	"jari.example/services/reservation/app"
)

// AddRoutes adds the service's public API (docs/openapi.yaml) to rs.
func AddRoutes(rs *httpjson.Routes, e Endpoints) {
	httpjson.HandleWith(rs, "GET /v1/restaurants/{id}/availability", e.Availability, decodeWindow, encodeAvailability)
	httpjson.HandleWith(rs, "GET /v1/availability", e.Date, decodeDate, encodeAvailability)

	one := []httpjson.Option{httpjson.NeedsIdempotencyKey(), httpjson.NoBody()}
	httpjson.HandleWith(rs, "POST /v1/reservations", e.Book, decodeBook, encodeCreated, httpjson.NeedsIdempotencyKey())
	httpjson.HandleWith(rs, "GET /v1/reservations", e.List, decodeList, encodeList)
	httpjson.HandleWith(rs, "GET /v1/reservations/{id}", e.Get, decodeGet, encodeReservation)
	httpjson.HandleWith(rs, "PATCH /v1/reservations/{id}", e.Move, decodeMove, encodeChanged)
	httpjson.HandleWith(rs, "POST /v1/reservations/{id}/cancel", e.Cancel, decodeReservation, encodeChanged, one...)

	httpjson.HandleWith(rs, "POST /v1/waitlist", e.Join, decodeBook, encodeCreated, httpjson.NeedsIdempotencyKey())
	httpjson.HandleWith(rs, "GET /v1/waitlist", e.List, decodeWaiting, encodeList)
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

// decodeReservation reads a command on one reservation.
func decodeReservation(r *http.Request) (app.ReservationRequest, error) {
	key, err := httpjson.IdempotencyKey(r)
	return app.ReservationRequest{ID: r.PathValue("id"), Key: key}, err
}

func decodeID(r *http.Request) (app.ReservationRequest, error) {
	return app.ReservationRequest{ID: r.PathValue("id")}, nil
}

func decodeGet(r *http.Request) (app.GetRequest, error) {
	return app.GetRequest{ID: r.PathValue("id")}, nil
}

func decodeMove(r *http.Request) (app.MoveRequest, error) {
	m, err := httpjson.Body[app.MoveRequest](r)
	m.ID = r.PathValue("id")
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
	q := r.URL.Query()
	if w.RestaurantID, err = restaurant(r); err != nil {
		return w, err
	}
	if w.From, err = instant(q, "from"); err != nil {
		return w, err
	}
	if w.To, err = instant(q, "to"); err != nil {
		return w, err
	}
	if length := w.To.Sub(w.From); length < 0 || length > longestWindow {
		return w, badQuery("to", "to must be at most 31 days after from.")
	}
	w.IfNoneMatch = r.Header.Get("If-None-Match")
	w.Party, err = number(q, "party", 1, reservation.MaxParty, 1)
	return w, err
}

func decodeDate(r *http.Request) (d app.DateQuery, err error) {
	q := r.URL.Query()
	d.RestaurantIDs, d.Date, d.IfNoneMatch = q["restaurant_id"], q.Get("date"), r.Header.Get("If-None-Match")
	if n := len(d.RestaurantIDs); n == 0 || n > app.MaxRestaurants {
		return d, badQuery("restaurant_id", "restaurant_id names 1 to "+strconv.Itoa(app.MaxRestaurants)+" restaurants.")
	}
	for _, id := range d.RestaurantIDs {
		if !restaurantID.MatchString(id) {
			return d, badQuery("restaurant_id", "restaurant_id is a restaurant's id.")
		}
	}
	d.Party, err = number(q, "party", 1, reservation.MaxParty, 1)
	return d, err
}

func decodeList(r *http.Request) (app.ListRequest, error) {
	q := r.URL.Query()
	status, err := statusOf(q)
	if err != nil {
		return app.ListRequest{}, err
	}
	l := app.ListRequest{When: app.When(q.Get("when"))}
	if status != "" {
		l.Statuses = []reservation.Status{status}
	}
	if l.When != "" && l.When != app.Upcoming && l.When != app.Past {
		return l, badQuery("when", "when is upcoming or past.")
	}
	l.After, l.Limit, err = pageOf(q)
	return l, err
}

// decodeWaiting asks for the diner's waitlist entries and offers.
func decodeWaiting(r *http.Request) (app.ListRequest, error) {
	l := app.ListRequest{When: app.Upcoming, Statuses: []reservation.Status{reservation.Waiting, reservation.Offered}}
	var err error
	l.After, l.Limit, err = pageOf(r.URL.Query())
	return l, err
}

func statusOf(q url.Values) (reservation.Status, error) {
	s := reservation.Status(q.Get("status"))
	if s != "" && !s.Valid() {
		return s, badQuery("status", "status is not one of the statuses.")
	}
	return s, nil
}

func pageOf(q url.Values) (after reservation.Position, limit int, err error) {
	if limit, err = number(q, "limit", 1, 50, 20); err != nil {
		return after, limit, err
	}
	after, err = app.ParseCursor(q.Get("cursor"))
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

// instant reads a required RFC 3339 time, of a year that every store can hold.
func instant(q url.Values, name string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, q.Get(name))
	if err != nil || t.Year() < 2000 || t.Year() > 3000 {
		return t, badQuery(name, name+" must be a time such as 2026-11-22T10:00:00Z.")
	}
	return t, nil
}

// number reads an integer within [low, high], or returns absent if there is none.
func number(q url.Values, name string, low, high, absent int) (int, error) {
	if !q.Has(name) {
		return absent, nil
	}
	n, err := strconv.Atoi(q.Get(name))
	if err != nil || n < low || n > high {
		return 0, badQuery(name, name+" must be between "+strconv.Itoa(low)+" and "+strconv.Itoa(high)+".")
	}
	return n, nil
}

func badQuery(name, detail string) error {
	return fault.New(fault.Invalid, "invalid_query", "%s", detail).At("/" + name)
}
