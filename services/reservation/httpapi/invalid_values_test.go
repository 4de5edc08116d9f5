package httpapi_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// Unlike bad_input_test.go, this is input of the right form with a wrong value,
// or by a caller who may not send it. A route without a case fails the test.
func TestRefusesInvalidValuesOnEveryRoute(t *testing.T) {
	onEachStore(t, func(t *testing.T, c *client) {
		c.T = t
		c.createSchedule()
		slot := c.slotIDs()[6]
		booked := c.want(c.do("POST", "/v1/reservations", `{"slot_id":"`+slot+`","party":1}`, theo, "k"), 201, "")
		id := booked.body["id"].(string)
		handler, err := c.routes.Handler()
		if err != nil {
			t.Fatal(err)
		}
		covered := map[string]bool{}
		mux := http.NewServeMux() // finds the route of a case
		for _, r := range c.routes.List() {
			mux.HandleFunc(r.Pattern(), func(http.ResponseWriter, *http.Request) { covered[r.Pattern()] = true })
		}
		for _, invalid := range invalidCases(slot, id) {
			for i, r := range invalid.requests {
				req := r.build(t.Context(), "http://test")
				for name, value := range invalid.header {
					req.Header.Set(name, value)
				}
				mux.ServeHTTP(httptest.NewRecorder(), r.build(t.Context(), "http://test"))
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, req)
				got, err := readResponse(w.Result())
				pointer, _ := got.body["pointer"].(string)
				if err != nil || got.summary() != invalid.want || pointer != invalid.pointer {
					t.Errorf("%s (%d): %v %.80s got %q at %q, %v; want %q at %q",
						invalid.what, i, r, r.body, got.summary(), pointer, err, invalid.want, invalid.pointer)
				}
			}
		}
		for _, r := range c.routes.List() {
			if !covered[r.Pattern()] {
				t.Errorf("no case for %s", r.Pattern())
			}
		}
		now := c.want(c.do("GET", "/v1/reservations/"+id, "", theo, ""), 200, "")
		if now.body["status"] != "confirmed" || now.header.Get("ETag") != `"1"` {
			t.Errorf("a refused request has changed the reservation: %v", now)
		}
	})
}

// invalidCase is one mistake, made in each of requests. want is the summary of
// the response and pointer the member at fault.
type invalidCase struct {
	what, want, pointer string
	requests            []apiRequest
	header              map[string]string
}

func invalid(what, want, pointer string, requests ...apiRequest) invalidCase {
	return invalidCase{what: what, want: want, pointer: pointer, requests: requests}
}

const (
	mokran = "/v1/restaurants/mokran" // owner's
	mosu   = "/v1/restaurants/mosu"   // of none of the tests' owners
)

// tomorrow is a day on which mokran has slots.
func tomorrow() string { return time.Now().UTC().AddDate(0, 0, 1).Format(time.DateOnly) }

// invalidCases are about theo's reservation of that id, on that slot of mokran.
func invalidCases(slot, id string) []invalidCase {
	return slices.Concat(
		wrongCallers(slot, id), wrongBookings(slot, id), wrongGuests(slot), wrongVersions(id),
		wrongDays(), wrongClosures(), wrongLists(), wrongAvailability(), wrongSchedules())
}

func wrongCallers(slot, id string) []invalidCase {
	one, day := "/v1/reservations/"+id, tomorrow()
	closure := `{"date":"` + day + `"}`
	return []invalidCase{
		invalid("an owner of another restaurant", "403 forbidden", "",
			apiRequest{"PUT", mokran + "/schedule", scheduleJSON, otherOwner, ""},
			apiRequest{"GET", mokran + "/schedule", "", otherOwner, ""},
			apiRequest{"POST", mokran + "/closures", closure, otherOwner, ""},
			apiRequest{"DELETE", mokran + "/closures/" + day, "", otherOwner, ""},
			apiRequest{"GET", mokran + "/reservations?date=" + day, "", otherOwner, ""},
			apiRequest{"POST", mokran + "/reservations", `{"slot_id":"` + slot + `","party":1,"name":"Kim"}`, otherOwner, "n"},
			apiRequest{"GET", mosu + "/schedule", "", owner, ""}),
		invalid("a diner at an owner's endpoint", "403 forbidden", "",
			apiRequest{"PUT", mokran + "/schedule", scheduleJSON, theo, ""},
			apiRequest{"POST", mokran + "/closures", closure, theo, ""},
			apiRequest{"GET", mokran + "/reservations?date=" + day, "", theo, ""},
			apiRequest{"POST", one + "/seat", "", theo, "n"},
			apiRequest{"POST", one + "/no-show", "", theo, "n"},
			apiRequest{"POST", one + "/undo-no-show", "", theo, "u"}),
		invalid("another diner's reservation", "404 reservation_not_found", "",
			apiRequest{"GET", one, "", minji, ""},
			apiRequest{"PATCH", one, `{"party":2}`, minji, ""},
			apiRequest{"POST", one + "/cancel", "", minji, "n"},
			apiRequest{"POST", "/v1/waitlist/" + id + "/accept", "", minji, "n"},
			apiRequest{"POST", "/v1/waitlist/" + id + "/decline", "", minji, "n"},
			apiRequest{"DELETE", "/v1/waitlist/" + id, "", minji, ""},
			apiRequest{"POST", one + "/seat", "", otherOwner, "n"},
			apiRequest{"POST", one + "/no-show", "", otherOwner, "n"},
			apiRequest{"POST", one + "/undo-no-show", "", otherOwner, "u"}),
	}
}

// wrongBookings are bodies that a booking, a waitlist entry, an owner entry and a
// move refuse alike.
func wrongBookings(slot, id string) (cases []invalidCase) {
	one := "/v1/reservations/" + id
	// each is the four requests with these members; missing ones are added.
	each := func(members string) []apiRequest {
		body := func(more string) string {
			for name, value := range map[string]string{"slot_id": `"` + slot + `"`, "party": "1"} {
				if !strings.Contains(members, `"`+name+`"`) {
					more += fmt.Sprintf(",%q:%s", name, value)
				}
			}
			return "{" + members + more + "}"
		}
		return []apiRequest{
			{"POST", "/v1/reservations", body(""), minji, "n"},
			{"POST", "/v1/waitlist", body(""), minji, "n"},
			{"POST", mokran + "/reservations", body(`,"name":"Kim"`), owner, "n"},
			{"PATCH", one, body(""), theo, ""},
		}
	}
	for members, pointer := range map[string]string{
		`"party":0`: "/party", `"party":-1`: "/party", `"party":21`: "/party", `"party":2147483648`: "/party",
		`"slot_id":""`: "/slot_id", `"slot_id":"` + strings.Repeat("1", 41) + `"`: "/slot_id",
		`"note":"a\u0000b"`: "/note", `"note":"\u001b[2J"`: "/note", `"note":"\u202eabc"`: "/note", `"note":"\u200b"`: "/note",
		`"note":"` + strings.Repeat("자", 501) + `"`: "/note",
	} {
		cases = append(cases, invalid("a value out of bounds", "400 invalid_field", pointer, each(members)...))
	}
	for members, pointer := range map[string]string{
		`"party":1e400`: "/party", `"party":99999999999999999999`: "/party", `"party":2.5`: "/party",
		`"party":"2"`: "/party", `"party":true`: "/party",
		`"slot_id":` + slot: "/slot_id", `"slot_id":["` + slot + `"]`: "/slot_id", `"note":{}`: "/note",
	} {
		cases = append(cases, invalid("a value of another type", "400 wrong_type", pointer, each(members)...))
	}
	for _, unknown := range []string{"0", "-1", "9223372036854775807", "9223372036854775808", "01", "1 ", "x"} {
		cases = append(cases, invalid("an unknown slot", "404 slot_not_found", "", each(`"slot_id":"`+unknown+`"`)...))
	}
	five := `{"slot_id":"` + slot + `","party":5}`
	return append(cases,
		invalid("an unknown member", "400 unknown_field", "/status", each(`"status":"seated"`)...),
		invalid("a member twice", "400 malformed_json", "/party", each(`"party":1,"party":2`)...),
		invalid("a larger party than the restaurant seats", "400 invalid_field", "/party",
			apiRequest{"POST", "/v1/reservations", five, minji, "n"},
			apiRequest{"POST", "/v1/waitlist", five, minji, "n"},
			apiRequest{"PATCH", one, `{"party":5}`, theo, ""}))
}

func wrongGuests(slot string) (cases []invalidCase) {
	for members, pointer := range map[string]string{
		`"name":""`: "/name", `"name":"  "`: "/name", `"name":"a\u0000"`: "/name",
		`"name":"` + strings.Repeat("n", 101) + `"`:              "/name",
		`"name":"Kim","phone":"` + strings.Repeat("1", 41) + `"`: "/phone",
		`"name":"Kim","phone":"\u0000"`:                          "/phone",
		`"name":"\u3164"`:                                        "/name",
		`"name":"Jeju \u202eesuoH kroP"`:                         "/name",
		`"name":"Kim\nLee"`:                                      "/name",
		`"name":"Kim\u001b[31m"`:                                 "/name",
		`"name":"Kim","phone":"ask at the door"`:                 "/phone",
		`"name":"Kim","phone":"01012345678;ext=1"`:               "/phone",
	} {
		body := `{"slot_id":"` + slot + `","party":1,` + members + `}`
		cases = append(cases, invalid("a guest with "+members, "400 invalid_field", pointer,
			apiRequest{"POST", mokran + "/reservations", body, owner, "n"}))
	}
	return cases
}

func wrongVersions(id string) (cases []invalidCase) {
	for _, tag := range []string{`"2"`, `1`, `W/"1"`, `"01"`, `"-1"`, `"x"`, `"99999999999999999999"`} {
		c := invalid("If-Match "+tag, "412 version_mismatch", "", apiRequest{"PATCH", "/v1/reservations/" + id, `{"party":2}`, theo, ""})
		c.header = map[string]string{"If-Match": tag}
		cases = append(cases, c)
	}
	return cases
}

func wrongDays() (cases []invalidCase) {
	for _, date := range []string{"", "today", "2026-02-30", "2026-13-01", "26-01-01", "2026-1-1", "-001-01-01", "0000-00-00", "99999-01-01"} {
		what := "the date " + date
		cases = append(cases,
			invalid(what, "400 invalid_field", "/date",
				apiRequest{"POST", mokran + "/closures", fmt.Sprintf(`{"date":%q}`, date), owner, ""},
				apiRequest{"POST", "/v1/restaurants/other/closures", fmt.Sprintf(`{"date":%q}`, date), owner, ""}), // without a schedule
			invalid(what, "400 invalid_query", "/date",
				apiRequest{"GET", "/v1/availability?restaurant_id=mokran&date=" + date, "", anonymous, ""},
				apiRequest{"GET", mokran + "/reservations?date=" + date, "", owner, ""}))
		if date != "" {
			cases = append(cases, invalid(what, "400 invalid_field", "/date", apiRequest{"DELETE", mokran + "/closures/" + date, "", owner, ""}))
		}
	}
	return cases
}

func wrongClosures() []invalidCase {
	closure := func(reason string) apiRequest {
		return apiRequest{"POST", mokran + "/closures", `{"date":"` + tomorrow() + `","reason":"` + reason + `"}`, owner, ""}
	}
	return []invalidCase{
		invalid("a day in the past", "400 invalid_field", "/date",
			apiRequest{"POST", mokran + "/closures", `{"date":"2001-01-01"}`, owner, ""},
			apiRequest{"DELETE", mokran + "/closures/2001-01-01", "", owner, ""}),
		invalid("a malformed reason", "400 invalid_field", "/reason",
			closure(strings.Repeat("r", 201)), closure(`\u0000`), closure(`Closed\nBcc: a`), closure(`\u2066x`)),
	}
}

func wrongLists() (cases []invalidCase) {
	// each is the lists of the diner, the waitlist and the owner with that query.
	each := func(query string) []apiRequest {
		return []apiRequest{
			{"GET", "/v1/reservations?" + query, "", theo, ""},
			{"GET", "/v1/waitlist?" + query, "", theo, ""},
			{"GET", mokran + "/reservations?date=" + tomorrow() + "&" + query, "", owner, ""},
		}
	}
	for _, limit := range []string{"0", "51", "-1", "1e9", "99999999999999999999", "+5", "%2B5", "05"} {
		query := "limit=" + limit
		cases = append(cases, invalid(query, "400 invalid_query", "/limit", each(query)...))
	}
	outOfRange := base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat("\xff", 24)))
	for _, cursor := range []string{"x", "%01", "AAAA", outOfRange} {
		cases = append(cases, invalid("cursor "+cursor, "400 bad_cursor", "/cursor", each("cursor="+cursor)...))
	}
	return cases
}

func wrongAvailability() []invalidCase {
	get := func(path string) apiRequest { return apiRequest{"GET", path, "", anonymous, ""} }
	return []invalidCase{
		invalid("a window without a valid start", "400 invalid_query", "/from",
			get(mokran+"/availability?to=2026-11-22T00:00:00Z"),
			get(mokran+"/availability?from=9999-12-31T00:00:00Z&to=9999-12-31T01:00:00Z"),
			get(mokran+"/availability?from=%00&to=x"),
			get(mokran+"/availability?from=2026-12-01T0:00:00Z&to=2026-12-02T00:00:00Z"),
			get(mokran+"/availability?from=2026-12-01T00:00:00,5Z&to=2026-12-02T00:00:00Z"),
			get(mokran+"/availability?from=2026-12-01T00:00:00%2B24:00&to=2026-12-02T00:00:00Z"),
			get(mokran+"/availability?from=2026-12-01T00:00:00+09:00&to=2026-12-02T00:00:00Z")),
		invalid("a party out of bounds", "400 invalid_query", "/party",
			get(mokran+"/availability?from=2026-11-22T00:00:00Z&to=2026-11-23T00:00:00Z&party=21"),
			get("/v1/availability?restaurant_id=mokran&date="+tomorrow()+"&party=99999999999999999999")),
		invalid("a malformed restaurant id", "404 restaurant_not_found", "",
			get("/v1/restaurants/M%00/availability"),
			apiRequest{"GET", "/v1/restaurants/" + strings.Repeat("x", 65) + "/schedule", "", owner, ""}),
	}
}

// wrongSchedules are scheduleJSON with one change each.
func wrongSchedules() (cases []invalidCase) {
	const days = `"days_ahead":2`
	for _, c := range []struct{ from, to, pointer string }{
		{`"time_zone":"Asia/Seoul"`, `"time_zone":"../../etc/passwd"`, "/time_zone"},
		{`"time_zone":"Asia/Seoul"`, `"time_zone":"Asia/Seoul\u0000"`, "/time_zone"},
		{`"time_zone":"Asia/Seoul"`, `"time_zone":"right/Asia/Seoul"`, "/time_zone"},
		{`"interval_minutes":120`, `"interval_minutes":0`, "/interval_minutes"},
		{`"covers":4`, `"covers":1001`, "/covers"},
		{`"covers":4`, `"covers":-1`, "/covers"},
		{`"min":1`, `"min":5`, "/party/max"},
		{days, `"days_ahead":2147483647`, "/days_ahead"},
		{days, days + `,"dining_minutes":29`, "/dining_minutes"},
		{days, days + `,"cancel_cutoff_minutes":10081`, "/cancel_cutoff_minutes"},
		{`"day":"mon"`, `"day":"someday"`, "/weekly/0/day"},
		{`"opens":"00:00"`, `"opens":"24:00"`, "/weekly/0/opens"},
		{`"closes":"23:59"`, `"closes":"00:00"`, "/weekly/0/closes"},
		{days, days + `,"exceptions":[{"date":"2026-02-30","openings":[]}]`, "/exceptions/0/date"},
		{days, days + `,"exceptions":[{"date":"2026-12-24"}]`, "/exceptions/0/openings"},
		{days, days + `,"drops":[{"from":"2026-12-01","to":"2027-12-31","opens_at":"2026-11-01T00:00:00Z"}]`, "/drops/0/to"},
		{days, days + `,"drops":[{"from":"2026-12-01","to":"2026-12-31","opens_at":"0001-01-01T00:00:00Z"}]`, "/drops/0/opens_at"},
	} {
		body := strings.Replace(scheduleJSON, c.from, c.to, 1)
		cases = append(cases, invalid("a schedule with "+c.to, "400 invalid_field", c.pointer,
			apiRequest{"PUT", mokran + "/schedule", body, owner, ""}))
	}
	return cases
}
