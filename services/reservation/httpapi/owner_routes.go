package httpapi

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"jari.example/services/internal/httpjson"
	"jari.example/services/reservation"
	"jari.example/services/reservation/app"
)

// addOwnerRoutes adds the owner's routes to rs.
func addOwnerRoutes(rs *httpjson.Routes, e Endpoints) {
	httpjson.Handle(rs, "PUT /v1/restaurants/{id}/schedule", e.PutSchedule, decodeSchedule, http.StatusOK,
		httpjson.BodyOf[scheduleBody]())
	httpjson.Handle(rs, "GET /v1/restaurants/{id}/schedule", e.GetSchedule, restaurant, http.StatusOK)
	httpjson.Handle(rs, "POST /v1/restaurants/{id}/closures", e.Close, decodeClosure, http.StatusCreated)
	httpjson.HandleWith(rs, "DELETE /v1/restaurants/{id}/closures/{date}", e.Close, decodeReopening,
		encodeNothing[app.ClosureResponse])
	httpjson.HandleWith(rs, "GET /v1/restaurants/{id}/reservations", e.Day, decodeDay, encodeDay,
		httpjson.Takes("date", "status", "limit", "cursor"))
	httpjson.HandleWith(rs, "POST /v1/restaurants/{id}/reservations", e.Enter, decodeEntry, encodeEntered, httpjson.NeedsIdempotencyKey())

	one := []httpjson.Option{httpjson.NeedsIdempotencyKey(), httpjson.NoBody()}
	httpjson.HandleWith(rs, "POST /v1/reservations/{id}/seat", e.Seat, decodeReservation, encodeAttendance, one...)
	httpjson.HandleWith(rs, "POST /v1/reservations/{id}/no-show", e.NoShow, decodeReservation, encodeAttendance, one...)
	httpjson.HandleWith(rs, "POST /v1/reservations/{id}/undo-no-show", e.UndoNoShow, decodeReservation, encodeAttendance, one...)
}

func decodeClosure(r *http.Request) (app.ClosureRequest, error) {
	id, err := restaurant(r)
	if err != nil {
		return app.ClosureRequest{}, err
	}
	c, err := httpjson.Body[app.ClosureRequest](r)
	c.RestaurantID = id
	return c, err
}

func decodeReopening(r *http.Request) (app.ClosureRequest, error) {
	id, err := restaurant(r)
	return app.ClosureRequest{RestaurantID: id, Date: r.PathValue("date"), Open: true}, err
}

func decodeDay(r *http.Request) (d app.DayRequest, err error) {
	if d.RestaurantID, err = restaurant(r); err != nil {
		return d, err
	}
	q := httpjson.Query(r)
	d.Date, d.Status = dateOf(q), statusOf(q)
	d.After, d.Limit, err = pageOf(q)
	return d, err
}

func decodeEntry(r *http.Request) (app.OwnerEntryRequest, error) {
	id, err := restaurant(r)
	if err != nil {
		return app.OwnerEntryRequest{}, err
	}
	key, err := httpjson.IdempotencyKey(r)
	if err != nil {
		return app.OwnerEntryRequest{}, err
	}
	req, err := httpjson.Body[app.OwnerEntryRequest](r)
	req.RestaurantID, req.Key = id, key
	return req, err
}

// ownerView is a reservation as the restaurant's owner sees it: with the note, the
// name and the phone number, which nobody else but the diner may see.
type ownerView struct {
	dinerView
	Name       string `json:"name,omitempty"`
	Phone      string `json:"phone,omitempty"`
	Source     string `json:"source"` // who made it, "diner" or "owner"
	MailFailed string `json:"mail_failed,omitempty"`
}

func viewForOwner(l app.OwnerReservation) ownerView {
	shownTo := ownerView{
		dinerView: viewForDiner(l.Reservation), Name: l.Guest.Name.Reveal(), Phone: l.Guest.Phone.Reveal(),
		Source: "diner", MailFailed: l.MailFailed,
	}
	if l.DinerID == uuid.Nil {
		shownTo.Source = "owner"
	}
	return shownTo
}

type ownerPage struct {
	Items      []ownerView `json:"items"`
	NextCursor string      `json:"next_cursor,omitempty"`
	Slots      []ownerSlot `json:"slots"`
	Closed     bool        `json:"closed"`
}

// ownerSlot is a slot as the owner sees it.
type ownerSlot struct {
	SlotID   reservation.SlotID `json:"slot_id"`
	Start    time.Time          `json:"start"`
	Capacity int                `json:"capacity"`
	Booked   int                `json:"booked"`
}

func encodeDay(_ http.Header, d app.DayResponse) (int, any) {
	page := ownerPage{
		Items: make([]ownerView, len(d.Items)), NextCursor: d.NextCursor,
		Slots: make([]ownerSlot, len(d.Slots)), Closed: d.Closed,
	}
	for i, one := range d.Items {
		page.Items[i] = viewForOwner(one)
	}
	for i, s := range d.Slots {
		page.Slots[i] = ownerSlot{s.ID, s.Start, s.Capacity, s.Booked}
	}
	return http.StatusOK, page
}

func encodeEntered(h http.Header, out reservation.Outcome) (int, any) {
	encodeCreated(h, out)
	return http.StatusCreated, viewForOwner(app.OwnerReservation{Reservation: out.Reservation, Guest: out.Reservation.Guest})
}

func encodeAttendance(h http.Header, out reservation.Outcome) (int, any) {
	encodeChanged(h, out)
	return http.StatusOK, viewForOwner(app.OwnerReservation{Reservation: out.Reservation, Guest: out.Reservation.Guest})
}
