package httpapi

import (
	"log/slog"
	"net/http"

	"jari.example/internal/fault"
	"jari.example/services/internal/httpjson"
	"jari.example/services/search"
	"jari.example/services/search/app"
)

// NewRoutes returns the service's routes.
func NewRoutes(e Endpoints, logger *slog.Logger) *httpjson.Routes {
	rs := httpjson.NewRoutes(logger)
	httpjson.Handle(rs, "GET /v1/restaurants", e.Find, decodeFind, http.StatusOK,
		httpjson.TakesEmpty("q"), httpjson.Takes("cuisine", "cursor", "limit"))
	httpjson.HandleWith(rs, "GET /v1/restaurants/{id}", e.Get, decodeGet, encodeRestaurant)
	httpjson.HandleWith(rs, "PUT /v1/restaurants/{id}", e.Put, decodePut, encodePut, httpjson.BodyOf[putBody]())
	return rs
}

func decodeFind(r *http.Request) (app.FindRequest, error) {
	q := httpjson.Query(r)
	req := app.FindRequest{
		Words: q.Text("q", search.MaxWords), Cuisine: q.Text("cuisine", search.MaxCuisine), Cursor: q.Text("cursor", 1000),
		Limit: q.Int("limit", 1, search.MaxLimit, 0),
	}
	return req, q.Err()
}

func decodeGet(r *http.Request) (app.GetRequest, error) {
	return app.GetRequest{ID: r.PathValue("id")}, nil
}

// putBody is a profile. It was once sent with a time_zone.
type putBody struct {
	search.Profile
	TimeZone removed `json:"time_zone"`
}

// removed is a member that the API no longer has. It becomes true when a body has
// it, whatever its value.
type removed bool

// UnmarshalJSON implements json.Unmarshaler.
func (r *removed) UnmarshalJSON([]byte) error { *r = true; return nil }

func decodePut(r *http.Request) (app.PutRequest, error) {
	body, err := httpjson.Body[putBody](r)
	if err == nil && bool(body.TimeZone) {
		err = fault.BadField("/time_zone", "A profile has no time zone: the schedule of the restaurant sets it.")
	}
	return app.PutRequest{ID: r.PathValue("id"), Profile: body.Profile, IfMatch: r.Header.Get("If-Match")}, err
}

func encodeRestaurant(h http.Header, r search.Restaurant) (int, any) {
	h.Set("ETag", r.ETag())
	return http.StatusOK, r
}

func encodePut(h http.Header, p app.PutResponse) (int, any) {
	status, body := encodeRestaurant(h, p.Restaurant)
	if p.Created {
		status = http.StatusCreated
	}
	return status, body
}
