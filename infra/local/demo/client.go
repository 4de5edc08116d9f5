package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The parts of the public API's schemas (docs/openapi.yaml) that the demo reads.
type (
	text struct {
		Ko string `json:"ko"`
		En string `json:"en"`
	}
	restaurant struct {
		ID          string         `json:"id"`
		Name        text           `json:"name"`
		Description text           `json:"description"`
		Cuisine     string         `json:"cuisine"`
		Area        text           `json:"area"`
		Price       int            `json:"price"`
		Address     string         `json:"address"`
		Location    map[string]any `json:"location,omitempty"`
	}
	availability struct {
		TimeZone string     `json:"time_zone"` // of the restaurant's schedule
		Items    []freeTime `json:"items"`
	}
	freeTime struct {
		SlotID    string    `json:"slot_id"`
		Start     time.Time `json:"start"`
		Available int       `json:"available"`
		OpensAt   time.Time `json:"opens_at"` // zero: it can be booked now

		zone string // of the restaurant
	}
	reservation struct {
		ID           string    `json:"id"`
		SlotID       string    `json:"slot_id"`
		RestaurantID string    `json:"restaurant_id"`
		Start        time.Time `json:"start"`
		Party        int       `json:"party"`
		Status       string    `json:"status"`
		Position     int       `json:"position"`
		OfferEndsAt  time.Time `json:"offer_ends_at"`
	}
	list[T any] struct {
		Items []T `json:"items"`
	}
)

// response is a response with its body unparsed.
type response struct {
	status int
	header http.Header
	body   []byte
}

// reason is the reason of a problem document, or "" if the body is none.
func (a response) reason() string {
	var p struct{ Reason string }
	_ = json.Unmarshal(a.body, &p)
	return p.Reason
}

func (a response) String() string {
	return fmt.Sprintf("%d %s", a.status, bytes.TrimSpace(a.body[:min(len(a.body), 300)]))
}

// web is the HTTP client of all users.
var web = &http.Client{
	Timeout:   30 * time.Second,
	Transport: &http.Transport{MaxIdleConnsPerHost: 128, MaxConnsPerHost: 128},
}

// send makes one request; in is sent as JSON, or as a form if it is one, unless nil.
func send(ctx context.Context, method, address string, header http.Header, in any) (response, error) {
	var body io.Reader
	kind := "application/json"
	if form, ok := in.(url.Values); ok {
		body, kind = strings.NewReader(form.Encode()), "application/x-www-form-urlencoded"
	} else if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return response{}, err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return response{}, err
	}
	if header != nil {
		req.Header = header
	}
	if in != nil {
		req.Header.Set("Content-Type", kind)
	}
	res, err := web.Do(req)
	if err != nil {
		return response{}, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return response{res.StatusCode, res.Header, b}, err
}

// get reads a JSON document from the mailbox, the Slack simulator or OpenSearch.
func get[T any](ctx context.Context, url string) (out T, err error) {
	a, err := send(ctx, http.MethodGet, url, nil, nil)
	if err != nil {
		return out, err
	}
	if a.status != http.StatusOK {
		return out, fmt.Errorf("GET %s: the response is %s", url, a)
	}
	return out, json.Unmarshal(a.body, &out)
}

// call sends a request to the public API through the edge and expects a status.
func call[T any](ctx context.Context, sc *scenario, u *user, method, path string, in any, want int, header ...string) (out T, err error) {
	a, err := u.request(ctx, sc, method, path, in, header...)
	if err != nil {
		return out, err
	}
	if a.status != want {
		return out, fmt.Errorf("%s %s: expected %d, got %s", method, path, want, a)
	}
	if len(a.body) == 0 {
		return out, nil
	}
	return out, json.Unmarshal(a.body, &out)
}

func query(pairs ...string) string {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return "?" + v.Encode()
}
