package httpapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"jari.example/services/internal/endpoint"
	"jari.example/services/internal/httpjson"
	"jari.example/telemetry/names"
)

// Accounts of the tests.
const (
	minji = "01900000-0000-7000-8000-000000000001"
	theo  = "01900000-0000-7000-8000-000000000002"
)

// Callers other than a diner's id.
const (
	anonymous  = ""
	owner      = "owner"       // theo, who owns the restaurants mokran and other
	otherOwner = "other owner" // minji, who owns another restaurant
)

// apiRequest is one request of the API: caller is one of the constants or the id
// of a diner, and key the Idempotency-Key, "" for none.
type apiRequest struct{ method, path, body, caller, key string }

func (r apiRequest) String() string { return r.method + " " + r.path }

// build returns the request with the headers that the gateway sets.
func (r apiRequest) build(ctx context.Context, baseURL string) *http.Request {
	req, err := http.NewRequestWithContext(ctx, r.method, baseURL+r.path, strings.NewReader(r.body))
	if err != nil {
		panic(err)
	}
	if r.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	switch r.caller {
	case anonymous:
	case owner:
		req.Header.Set(names.HeaderUserID, theo)
		req.Header.Set(names.HeaderUserRole, endpoint.RoleOwner)
		req.Header.Set(names.HeaderUserOwn, "mokran,other")
	case otherOwner:
		req.Header.Set(names.HeaderUserID, minji)
		req.Header.Set(names.HeaderUserRole, endpoint.RoleOwner)
		req.Header.Set(names.HeaderUserOwn, "elsewhere")
	default:
		req.Header.Set(names.HeaderUserID, r.caller)
		req.Header.Set(names.HeaderUserRole, endpoint.RoleDiner)
	}
	if r.key != "" {
		req.Header.Set(names.HeaderIdempotency, r.key)
	}
	return req
}

type response struct {
	status int
	header http.Header
	body   map[string]any // nil for an empty body
}

func readResponse(res *http.Response) (response, error) {
	raw, err := io.ReadAll(res.Body)
	got := response{status: res.StatusCode, header: res.Header}
	if err == nil && len(raw) > 0 {
		err = json.Unmarshal(raw, &got.body)
	}
	return got, err
}

// success is the summary of every response with a 2xx status.
const success = "2xx"

// summary is [success], or the status and reason of a problem: "503 unavailable".
// It says so if the problem lacks a header that the API promises.
func (r response) summary() string {
	reason, _ := r.body["reason"].(string)
	switch {
	case r.status >= 200 && r.status < 300:
		return success
	case r.status == 503 && r.header.Get("Retry-After") == "":
		return fmt.Sprint(r.status, " ", reason, " without Retry-After")
	case r.status >= 400 && r.header.Get("Content-Type") != httpjson.ProblemType:
		return fmt.Sprint(r.status, " ", reason, " without the content type of a problem")
	}
	return fmt.Sprint(r.status, " ", reason)
}

// scheduleJSON seats people every two hours, around the clock, for two days:
// 4 covers each.
const scheduleJSON = `{"time_zone":"Asia/Seoul","interval_minutes":120,"covers":4,"party":{"min":1,"max":4},"days_ahead":2,
	"weekly":[{"day":"mon","opens":"00:00","closes":"23:59"},{"day":"tue","opens":"00:00","closes":"23:59"},
	{"day":"wed","opens":"00:00","closes":"23:59"},{"day":"thu","opens":"00:00","closes":"23:59"},
	{"day":"fri","opens":"00:00","closes":"23:59"},{"day":"sat","opens":"00:00","closes":"23:59"},
	{"day":"sun","opens":"00:00","closes":"23:59"}]}`
