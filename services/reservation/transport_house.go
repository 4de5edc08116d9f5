package reservation

import (
	"net/http"
	"time"

	"jari.example/services/internal/httpjson"
)

// addHouseRoutes puts the owner's side on rs.
func addHouseRoutes(rs *httpjson.Routes, e Endpoints) {
	httpjson.Handle(rs, "PUT /v1/restaurants/{id}/schedule", e.PutSchedule, decodeSchedule, http.StatusOK,
		httpjson.BodyOf[scheduleBody]())
	httpjson.Handle(rs, "GET /v1/restaurants/{id}/schedule", e.GetSchedule, restaurant, http.StatusOK, httpjson.NoInput())
	httpjson.Handle(rs, "POST /v1/restaurants/{id}/closures", e.Close, decodeClosure, http.StatusCreated)
	httpjson.HandleWith(rs, "DELETE /v1/restaurants/{id}/closures/{date}", e.Close, decodeReopening,
		encodeNothing[ClosureResponse], httpjson.NoInput())
	httpjson.HandleWith(rs, "GET /v1/restaurants/{id}/reservations", e.Day, decodeDay, encodeDay,
		httpjson.BadQueries("", "date=today", "date=2026-02-30", "date=2026-11-22&status=maybe", "date=2026-11-22&limit=0",
			"date=2026-11-22&cursor=x"))
	httpjson.HandleWith(rs, "POST /v1/restaurants/{id}/reservations", e.Enter, decodeEntry, encodeEntered, httpjson.NeedsIdempotencyKey())

	one := []httpjson.Option{httpjson.NeedsIdempotencyKey(), httpjson.NoBody()}
	httpjson.HandleWith(rs, "POST /v1/reservations/{id}/seat", e.Seat, decodeOne, encodeArrival, one...)
	httpjson.HandleWith(rs, "POST /v1/reservations/{id}/no-show", e.NoShow, decodeOne, encodeArrival, one...)
}

func decodeClosure(r *http.Request) (ClosureRequest, error) {
	id, err := restaurant(r)
	if err != nil {
		return ClosureRequest{}, err
	}
	c, err := httpjson.Body[ClosureRequest](r)
	c.RestaurantID = id
	return c, err
}

func decodeReopening(r *http.Request) (ClosureRequest, error) {
	id, err := restaurant(r)
	return ClosureRequest{RestaurantID: id, Date: r.PathValue("date"), Open: true}, err
}

func decodeDay(r *http.Request) (d DayRequest, err error) {
	if d.RestaurantID, err = restaurant(r); err != nil {
		return d, err
	}
	q := r.URL.Query()
	d.Date = q.Get("date")
	if _, err := parseDay(d.Date); err != nil {
		return d, badQuery("date", "date is a day of the calendar, YYYY-MM-DD.")
	}
	if d.Status, err = statusOf(q); err != nil {
		return d, err
	}
	d.After, d.Limit, err = pageOf(q)
	return d, err
}

func decodeEntry(r *http.Request) (EnterRequest, error) {
	id, err := restaurant(r)
	if err != nil {
		return EnterRequest{}, err
	}
	key, err := httpjson.IdempotencyKey(r)
	if err != nil {
		return EnterRequest{}, err
	}
	req, err := httpjson.Body[EnterRequest](r)
	req.RestaurantID, req.Key = id, key
	return req, err
}

// listed is a reservation as its owner gets it, the only one besides the diner
// who reads the note, and who is told name and number.
type listed struct {
	shown
	Name       string `json:"name,omitempty"`
	Phone      string `json:"phone,omitempty"`
	Source     string `json:"source"` // who made it, "diner" or "owner"
	MailFailed string `json:"mail_failed,omitempty"`
}

func list(l Listed) listed {
	shownTo := listed{
		shown: show(l.Reservation), Name: l.Guest.Name.Reveal(), Phone: l.Guest.Phone.Reveal(),
		Source: "diner", MailFailed: l.MailFailed,
	}
	if l.DinerID == nobody {
		shownTo.Source = "owner"
	}
	return shownTo
}

type listedPage struct {
	Items      []listed   `json:"items"`
	NextCursor string     `json:"next_cursor,omitempty"`
	Slots      []heldSlot `json:"slots"`
	Closed     bool       `json:"closed"`
}

// heldSlot is a slot as its owner sees it.
type heldSlot struct {
	SlotID   SlotID    `json:"slot_id"`
	Start    time.Time `json:"start"`
	Capacity int       `json:"capacity"`
	Booked   int       `json:"booked"`
}

func encodeDay(_ http.Header, d DayResponse) (int, any) {
	page := listedPage{
		Items: make([]listed, len(d.Items)), NextCursor: d.NextCursor,
		Slots: make([]heldSlot, len(d.Slots)), Closed: d.Closed,
	}
	for i, one := range d.Items {
		page.Items[i] = list(one)
	}
	for i, s := range d.Slots {
		page.Slots[i] = heldSlot{s.ID, s.Start, s.Capacity, s.Booked}
	}
	return http.StatusOK, page
}

func encodeEntered(h http.Header, out Outcome) (int, any) {
	encodeBooked(h, out)
	return http.StatusCreated, list(Listed{Reservation: out.Reservation, Guest: out.Reservation.Guest})
}

func encodeArrival(h http.Header, out Outcome) (int, any) {
	encodeChanged(h, out)
	return http.StatusOK, list(Listed{Reservation: out.Reservation, Guest: out.Reservation.Guest})
}
