package systemtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"jari.example/infra/local/seed"
	"jari.example/telemetry/names/realpart"
)

// TestEveryOperationRespondsAsDocumented runs one happy path per operation of
// docs/openapi.yaml, as a diner and as an owner, and validates each response
// against the schema of its status. The owner's PUTs do not change the data.
func TestEveryOperationRespondsAsDocumented(t *testing.T) {
	sc := &scenario{t, realpart.Need(t, realpart.Edge), load(t), map[string]bool{}}
	runID := fmt.Sprint("responses-", time.Now().UnixNano())
	diner := sc.newDiner(runID)
	diner = sc.call(apiCall{op: "refreshSession", status: 201, cookie: diner.cookie()})
	sc.call(apiCall{op: "getMe", status: 200, token: diner.token()})
	sc.call(apiCall{op: "getKeys", status: 200})

	owner := sc.call(apiCall{op: "logIn", status: 201, body: object{"email": seed.OwnerEmail("kr"), "password": seed.OwnerPassword}})
	restaurant := owner.body["user"].(object)["own"].([]any)[0].(string)
	sc.call(apiCall{op: "findRestaurants", status: 200, query: url.Values{"q": {"한식"}}})
	before := sc.call(apiCall{op: "getRestaurant", status: 200, id: restaurant})
	unchanged := maps.Clone(before.body)
	delete(unchanged, "id") // the server adds it
	delete(unchanged, "version")
	sc.call(apiCall{op: "putRestaurant", status: 200, id: restaurant, token: owner.token(), body: unchanged, match: before.header.Get("ETag")})
	schedule := sc.call(apiCall{op: "getSchedule", status: 200, id: restaurant, token: owner.token()})
	sc.call(apiCall{op: "putSchedule", status: 200, id: restaurant, token: owner.token(),
		body: seed.Schedule(schedule.body["time_zone"].(string))})

	slot := sc.lastSlot(restaurant)
	booked := sc.call(apiCall{op: "book", status: 201, token: diner.token(), key: runID,
		body: object{"slot_id": slot.id, "party": slot.left, "note": "창가"}})
	id := booked.body["id"].(string)
	for _, query := range []url.Values{nil, {"when": {"upcoming"}}} {
		list := sc.call(apiCall{op: "listReservations", status: 200, token: diner.token(), query: query})
		if n := len(list.items()); n != 1 {
			t.Errorf("%v lists %d reservations, want 1", query, n)
		}
	}
	past := sc.call(apiCall{op: "listReservations", status: 200, token: diner.token(), query: url.Values{"when": {"past"}}})
	if n := len(past.items()); n != 0 {
		t.Errorf("a new diner has %d past reservations", n)
	}
	sc.call(apiCall{op: "getReservation", status: 200, id: id, token: diner.token()})
	sc.waitlistFlow(runID, slot, id, diner.token())
	sc.call(apiCall{op: "cancelReservation", status: 200, id: id, token: diner.token(), key: runID})
	sc.ownerFlow(runID, restaurant, slot, owner.token())
	sc.call(apiCall{op: "logOut", status: 204, token: diner.token(), cookie: diner.cookie()})

	if rest := sc.notIn(sc.tried); len(rest) > 0 {
		t.Errorf("operations of the document without a happy path in this test: %v", rest)
	}
}

type object = map[string]any

// scenario is a run against one system. tried has the operations that it has called.
type scenario struct {
	*testing.T
	edge string
	document
	tried map[string]bool
}

// apiCall is one call of an operation, with the expected status.
type apiCall struct {
	op                                   string
	status                               int
	id, date                             string // in the path
	token, cookie, key, match, noneMatch string // headers that are sent unless ""
	query                                url.Values
	body                                 object
}

type result struct {
	header http.Header
	body   object
}

func (a result) token() string  { return a.body["access_token"].(string) }
func (a result) cookie() string { c, _, _ := strings.Cut(a.header.Get("Set-Cookie"), ";"); return c }
func (a result) items() []any   { return a.body["items"].([]any) }

// call sends a request. If the response is not as documented, it ends the test,
// because later calls need the response.
func (sc *scenario) call(a apiCall) (out result) {
	sc.Helper()
	op, known := sc.operations[a.op]
	if !known {
		sc.Fatalf("docs/openapi.yaml has no operation %s", a.op)
	}
	var body io.Reader
	if a.body != nil {
		b, err := json.Marshal(a.body)
		if err != nil {
			sc.Fatal(err)
		}
		body = bytes.NewReader(b)
	}
	path := strings.NewReplacer("{id}", a.id, "{date}", a.date).Replace(op.path)
	req, err := http.NewRequestWithContext(sc.Context(), op.method, sc.edge+path+"?"+a.query.Encode(), body)
	if err != nil {
		sc.Fatal(err)
	}
	set := func(name, value string) {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	set("x-region", "KR")
	set("Idempotency-Key", a.key)
	set("If-Match", a.match)
	set("If-None-Match", a.noneMatch)
	set("Cookie", a.cookie)
	if a.token != "" {
		set("Authorization", "Bearer "+a.token)
	}
	if body != nil {
		set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		sc.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		sc.Fatal(err)
	}
	if res.StatusCode != a.status {
		sc.Fatalf("%s: expected %d, got %d %.300s", a.op, a.status, res.StatusCode, raw)
	}
	if err := sc.validate(a.op, res.StatusCode, res.Header, raw); err != nil {
		sc.Fatalf("%s: %v", a.op, err)
	}
	sc.tried[a.op] = true
	out.header = res.Header
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &out.body); err != nil {
			sc.Fatal(err)
		}
	}
	return out
}
