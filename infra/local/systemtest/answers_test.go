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

// TestEveryOperationAnswersAsDocumented goes through a diner's and an owner's
// day, one happy path per operation of docs/openapi.yaml, and holds each answer
// against the schema of its status. What the owner puts is what is there.
func TestEveryOperationAnswersAsDocumented(t *testing.T) {
	day := &day{t, realpart.Need(t, realpart.Edge), load(t), map[string]bool{}}
	mark := fmt.Sprint("answers-", time.Now().UnixNano())
	diner := day.visitor(mark)
	diner = day.does(ask{op: "refreshSession", status: 201, cookie: diner.cookie()})
	day.does(ask{op: "getMe", status: 200, token: diner.token()})
	day.does(ask{op: "getKeys", status: 200})

	owner := day.does(ask{op: "logIn", status: 201, body: object{"email": seed.OwnerEmail("kr"), "password": seed.OwnerPassword}})
	mine := owner.body["user"].(object)["own"].([]any)[0].(string)
	day.does(ask{op: "findRestaurants", status: 200, query: url.Values{"q": {"한식"}}})
	was := day.does(ask{op: "getRestaurant", status: 200, id: mine})
	same := maps.Clone(was.body)
	delete(same, "id") // what the server adds
	delete(same, "version")
	day.does(ask{op: "putRestaurant", status: 200, id: mine, token: owner.token(), body: same, match: was.header.Get("ETag")})
	day.does(ask{op: "putSchedule", status: 200, id: mine, token: owner.token(), body: seed.Schedule(was.body["time_zone"].(string))})
	day.does(ask{op: "getSchedule", status: 200, id: mine, token: owner.token()})

	slot := day.lastTime(mine)
	booked := day.does(ask{op: "book", status: 201, token: diner.token(), key: mark, body: object{"slot_id": slot.id, "party": slot.left, "note": "창가"}})
	id := booked.body["id"].(string)
	for _, when := range []string{"", "upcoming"} {
		if n := len(day.does(ask{op: "listReservations", status: 200, token: diner.token(), query: url.Values{"when": {when}}}).items()); n != 1 {
			t.Errorf("%d reservations are listed, want the one", n)
		}
	}
	if n := len(day.does(ask{op: "listReservations", status: 200, token: diner.token(), query: url.Values{"when": {"past"}}}).items()); n != 0 {
		t.Errorf("%d past reservations of somebody new", n)
	}
	day.does(ask{op: "getReservation", status: 200, id: id, token: diner.token()})
	day.waits(mark, slot, id, diner.token())
	day.does(ask{op: "cancelReservation", status: 200, id: id, token: diner.token(), key: mark})
	day.hosts(mark, mine, slot, owner.token())
	day.does(ask{op: "logOut", status: 204, token: diner.token(), cookie: diner.cookie()})

	if rest := day.without(day.tried); len(rest) > 0 {
		t.Errorf("operations of the document without a happy path here: %v", rest)
	}
}

type object = map[string]any

// day is what happens against one system, and which operations it has tried.
type day struct {
	*testing.T
	edge string
	document
	tried map[string]bool
}

// ask is one call of an operation and the status it must have.
type ask struct {
	op                              string
	status                          int
	id, date                        string // in the path
	token, cookie, key, match, none string // headers, where not ""
	query                           url.Values
	body                            object
}

type told struct {
	header http.Header
	body   object
}

func (a told) token() string  { return a.body["access_token"].(string) }
func (a told) cookie() string { c, _, _ := strings.Cut(a.header.Get("Set-Cookie"), ";"); return c }
func (a told) items() []any   { return a.body["items"].([]any) }

// does asks and ends the test when the answer is not as documented, because
// what follows needs it.
func (d *day) does(a ask) (out told) {
	d.Helper()
	op, known := d.operations[a.op]
	if !known {
		d.Fatalf("the document has no operation %s", a.op)
	}
	var body io.Reader
	if a.body != nil {
		b, err := json.Marshal(a.body)
		if err != nil {
			d.Fatal(err)
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(d.Context(), op.method, d.edge+strings.NewReplacer("{id}", a.id, "{date}", a.date).Replace(op.path)+"?"+a.query.Encode(), body)
	if err != nil {
		d.Fatal(err)
	}
	set := func(name, value string) {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	set("x-region", "KR")
	set("Idempotency-Key", a.key)
	set("If-Match", a.match)
	set("If-None-Match", a.none)
	set("Cookie", a.cookie)
	if a.token != "" {
		set("Authorization", "Bearer "+a.token)
	}
	if body != nil {
		set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		d.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		d.Fatal(err)
	}
	if res.StatusCode != a.status {
		d.Fatalf("%s: expected %d, got %d %.300s", a.op, a.status, res.StatusCode, raw)
	}
	if err := d.judge(a.op, res.StatusCode, res.Header, raw); err != nil {
		d.Fatalf("%s: %v", a.op, err)
	}
	d.tried[a.op] = true
	out.header = res.Header
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &out.body); err != nil {
			d.Fatal(err)
		}
	}
	return out
}
