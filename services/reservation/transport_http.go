package reservation

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"jari.example/services/internal/fault"
	"jari.example/services/internal/httpjson"
)

// AddRoutes puts the service's public API (docs/openapi.yaml) on rs.
func AddRoutes(rs *httpjson.Routes, e Endpoints) {
	httpjson.Handle(rs, "PUT /v1/restaurants/{id}/schedule", e.PutSchedule, decodeSchedule, http.StatusOK,
		httpjson.BodyOf[scheduleBody]())
	httpjson.Handle(rs, "GET /v1/restaurants/{id}/availability", e.Availability, decodeWindow, http.StatusOK,
		httpjson.BadQueries("", "from=2026-11-22T00:00:00Z", "from=today&to=tomorrow",
			"from=2026-11-22T00:00:00Z&to=2026-12-24T00:00:00Z", "from=2026-11-23T00:00:00Z&to=2026-11-22T00:00:00Z",
			"from=2026-11-22T00:00:00Z&to=2026-11-23T00:00:00Z&party=0", "from=2026-11-22T00:00:00Z&to=2026-11-23T00:00:00Z&party=two"))
	httpjson.HandleWith(rs, "POST /v1/reservations", e.Book, decodeBook, encodeBooked, httpjson.NeedsIdempotencyKey())
	httpjson.HandleWith(rs, "GET /v1/reservations", e.List, decodeList, encodeList,
		httpjson.BadQueries("status=maybe", "limit=0", "limit=51", "limit=x", "cursor=x", "cursor=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"))
	httpjson.HandleWith(rs, "GET /v1/reservations/{id}", e.Get, decodeGet, encodeGot, httpjson.NoInput())
	httpjson.HandleWith(rs, "POST /v1/reservations/{id}/cancel", e.Cancel, decodeCancel, encodeCancelled,
		httpjson.NeedsIdempotencyKey(), httpjson.NoBody())
}

var restaurantID = regexp.MustCompile(`^[a-z0-9-]{3,64}$`)

// restaurant reads the path's id; what cannot be one names no restaurant.
func restaurant(r *http.Request) (string, error) {
	id := r.PathValue("id")
	if !restaurantID.MatchString(id) {
		return "", fault.New(fault.NotFound, "restaurant_not_found", "There is no such restaurant.")
	}
	return id, nil
}

func decodeBook(r *http.Request) (BookRequest, error) {
	key, err := httpjson.IdempotencyKey(r)
	if err != nil {
		return BookRequest{}, err
	}
	req, err := httpjson.Body[BookRequest](r)
	req.Key = key
	return req, err
}

func decodeCancel(r *http.Request) (CancelRequest, error) {
	key, err := httpjson.IdempotencyKey(r)
	return CancelRequest{ID: r.PathValue("id"), Key: key}, err
}

func decodeGet(r *http.Request) (GetRequest, error) { return GetRequest{ID: r.PathValue("id")}, nil }

const longestWindow = 31 * 24 * time.Hour

func decodeWindow(r *http.Request) (w Window, err error) {
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
	w.Party, err = number(q, "party", 1, MaxParty, 1)
	return w, err
}

func decodeList(r *http.Request) (l ListRequest, err error) {
	q := r.URL.Query()
	l.Status = Status(q.Get("status"))
	if l.Status != "" && !l.Status.Valid() {
		return l, badQuery("status", "status is not one of the statuses.")
	}
	if l.Limit, err = number(q, "limit", 1, 50, 20); err != nil {
		return l, err
	}
	l.After, err = parseCursor(q.Get("cursor"))
	return l, err
}

// shown is a reservation as its diner gets it, the only one who reads the note
// from here.
type shown struct {
	Reservation
	Note string `json:"note,omitempty"`
}

func show(r Reservation) shown { return shown{r, r.Note.Reveal()} }

type shownPage struct {
	Items      []shown `json:"items"`
	NextCursor string  `json:"next_cursor,omitempty"`
}

func encodeGot(_ http.Header, r Reservation) (int, any) { return http.StatusOK, show(r) }

func encodeList(_ http.Header, l ListResponse) (int, any) {
	page := shownPage{Items: make([]shown, len(l.Items)), NextCursor: l.NextCursor}
	for i, r := range l.Items {
		page.Items[i] = show(r)
	}
	return http.StatusOK, page
}

func encodeBooked(h http.Header, out Outcome) (int, any) {
	h.Set("Location", "/v1/reservations/"+out.ID.String())
	markReplay(h, out)
	return http.StatusCreated, show(out.Reservation)
}

func encodeCancelled(h http.Header, out Outcome) (int, any) {
	markReplay(h, out)
	return http.StatusOK, show(out.Reservation)
}

func markReplay(h http.Header, out Outcome) {
	if out.Replayed {
		h.Set("Idempotency-Replayed", "true")
	}
}

// instant reads a required RFC 3339 time of a year that every store can hold.
func instant(q url.Values, name string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, q.Get(name))
	if err != nil || t.Year() < 2000 || t.Year() > 3000 {
		return t, badQuery(name, name+" must be a time such as 2026-11-22T10:00:00Z.")
	}
	return t, nil
}

// number reads an integer within [low, high], or what stands for its absence.
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
