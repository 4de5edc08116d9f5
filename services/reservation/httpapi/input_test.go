package httpapi_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestBadInput generates what is wrong with any route. This is what is wrong
// with each of ours: right in form and wrong in what it says, or not theirs who
// ask. A route that is missing here fails the test.
func TestNonsense(t *testing.T) {
	onEachStore(t, func(t *testing.T, c *client) {
		c.T = t
		c.want(c.do("PUT", "/v1/restaurants/mokran/schedule", scheduleJSON, "owner", ""), 200, "")
		slot := c.free()[6]
		id := c.want(c.do("POST", "/v1/reservations", `{"slot_id":"`+slot+`","party":1}`, theo, "k"), 201, "").body["id"].(string)
		handler, err := c.routes.Handler()
		if err != nil {
			t.Fatal(err)
		}
		covered := map[string]bool{}
		mux := http.NewServeMux() // to learn which route a case is about
		for _, r := range c.routes.List() {
			mux.HandleFunc(r.Pattern(), func(http.ResponseWriter, *http.Request) { covered[r.Pattern()] = true })
		}
		for _, n := range nonsense(slot, id) {
			for i, a := range n.asks {
				req := a.request(t.Context(), "http://test")
				for name, value := range n.header {
					req.Header.Set(name, value)
				}
				mux.ServeHTTP(httptest.NewRecorder(), a.request(t.Context(), "http://test"))
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, req)
				got, err := read(w.Result())
				pointer, _ := got.body["pointer"].(string)
				if err != nil || got.word() != n.want || pointer != n.pointer {
					t.Errorf("%s (%d): %s %s %.80s answers %q at %q, %v; want %q at %q",
						n.what, i, a.method, a.path, a.body, got.word(), pointer, err, n.want, n.pointer)
				}
			}
		}
		for _, r := range c.routes.List() {
			if !covered[r.Pattern()] {
				t.Errorf("no nonsense is tried on %s", r.Pattern())
			}
		}
		if now := c.want(c.do("GET", "/v1/reservations/"+id, "", theo, ""), 200, ""); now.body["status"] != "confirmed" || now.header.Get("ETag") != `"1"` {
			t.Errorf("nonsense has changed something: %v", now)
		}
	})
}

type nonsenseCase struct {
	what, want, pointer string
	asks                []ask
	header              map[string]string
}

func nonsense(slot, id string) (cases []nonsenseCase) {
	const house, other = "/v1/restaurants/mokran", "/v1/restaurants/mosu"
	add := func(what, want, pointer string, asks ...ask) {
		cases = append(cases, nonsenseCase{what: what, want: want, pointer: pointer, asks: asks})
	}
	one, day := "/v1/reservations/"+id, time.Now().UTC().AddDate(0, 0, 1).Format(time.DateOnly)

	// Whose it is not.
	add("another house", "403 forbidden", "",
		ask{"PUT", house + "/schedule", scheduleJSON, "stranger", ""}, ask{"GET", house + "/schedule", "", "stranger", ""},
		ask{"POST", house + "/closures", `{"date":"` + day + `"}`, "stranger", ""}, ask{"DELETE", house + "/closures/" + day, "", "stranger", ""},
		ask{"GET", house + "/reservations?date=" + day, "", "stranger", ""},
		ask{"POST", house + "/reservations", `{"slot_id":"` + slot + `","party":1,"name":"Kim"}`, "stranger", "n"},
		ask{"GET", other + "/schedule", "", "owner", ""})
	add("a diner at the owner's door", "403 forbidden", "",
		ask{"PUT", house + "/schedule", scheduleJSON, theo, ""}, ask{"POST", house + "/closures", `{"date":"` + day + `"}`, theo, ""},
		ask{"GET", house + "/reservations?date=" + day, "", theo, ""}, ask{"POST", one + "/seat", "", theo, "n"}, ask{"POST", one + "/no-show", "", theo, "n"})
	add("somebody else's", "404 reservation_not_found", "",
		ask{"GET", one, "", minji, ""}, ask{"PATCH", one, `{"party":2}`, minji, ""}, ask{"POST", one + "/cancel", "", minji, "n"},
		ask{"POST", "/v1/waitlist/" + id + "/accept", "", minji, "n"}, ask{"POST", "/v1/waitlist/" + id + "/decline", "", minji, "n"},
		ask{"DELETE", "/v1/waitlist/" + id, "", minji, ""}, ask{"POST", one + "/seat", "", "stranger", "n"}, ask{"POST", one + "/no-show", "", "stranger", "n"})

	// What a booking, an entry of the line, one of the owner's and a move have in
	// common.
	forms := func(members string) []ask {
		whole := func(more string) string { // what members leaves out is right
			for name, value := range map[string]string{"slot_id": `"` + slot + `"`, "party": "1"} {
				if !strings.Contains(members, `"`+name+`"`) {
					more += fmt.Sprintf(",%q:%s", name, value)
				}
			}
			return "{" + members + more + "}"
		}
		return []ask{
			{"POST", "/v1/reservations", whole(""), minji, "n"}, {"POST", "/v1/waitlist", whole(""), minji, "n"},
			{"POST", house + "/reservations", whole(`,"name":"Kim"`), "owner", "n"}, {"PATCH", one, whole(""), theo, ""},
		}
	}
	for members, pointer := range map[string]string{
		`"party":0`: "/party", `"party":-1`: "/party", `"party":21`: "/party", `"party":2147483648`: "/party",
		`"slot_id":""`: "/slot_id", `"slot_id":"` + strings.Repeat("1", 41) + `"`: "/slot_id",
		`"note":"a\u0000b"`: "/note", `"note":"` + strings.Repeat("자", 501) + `"`: "/note",
	} {
		add("a value out of bounds", "400 invalid_field", pointer, forms(members)...)
	}
	for members, pointer := range map[string]string{
		`"party":1e400`: "/party", `"party":99999999999999999999`: "/party", `"party":2.5`: "/party", `"party":"2"`: "/party", `"party":true`: "/party",
		`"slot_id":` + slot: "/slot_id", `"slot_id":["` + slot + `"]`: "/slot_id", `"note":{}`: "/note",
	} {
		add("another type", "400 wrong_type", pointer, forms(members)...)
	}
	add("a field nobody knows", "400 unknown_field", "/status", forms(`"status":"seated"`)...)
	add("a name twice", "400 malformed_json", "/party", forms(`"party":1,"party":2`)...)
	for _, none := range []string{"0", "-1", "9223372036854775807", "9223372036854775808", "01", "1 ", "x"} {
		add("a slot that is none", "404 slot_not_found", "", forms(`"slot_id":"`+none+`"`)...)
	}
	add("more than the house seats", "400 invalid_field", "/party", ask{"POST", "/v1/reservations", `{"slot_id":"` + slot + `","party":5}`, minji, "n"},
		ask{"POST", "/v1/waitlist", `{"slot_id":"` + slot + `","party":5}`, minji, "n"}, ask{"PATCH", one, `{"party":5}`, theo, ""})

	for name, pointer := range map[string]string{`""`: "/name", `"  "`: "/name", `"a\u0000"`: "/name", `"` + strings.Repeat("n", 101) + `"`: "/name",
		`"Kim","phone":"` + strings.Repeat("1", 41) + `"`: "/phone", `"Kim","phone":"\u0000"`: "/phone"} {
		add("a guest", "400 invalid_field", pointer, ask{"POST", house + "/reservations", `{"slot_id":"` + slot + `","party":1,"name":` + name + `}`, "owner", "n"})
	}

	for _, tag := range []string{`"2"`, `1`, `W/"1"`, `"01"`, `"-1"`, `"x"`, `"99999999999999999999"`} {
		cases = append(cases, nonsenseCase{what: "If-Match " + tag, want: "412 version_mismatch", header: map[string]string{"If-Match": tag},
			asks: []ask{{"PATCH", one, `{"party":2}`, theo, ""}}})
	}

	// Days.
	for _, date := range []string{"", "today", "2026-02-30", "2026-13-01", "26-01-01", "2026-1-1", "-001-01-01", "0000-00-00", "99999-01-01"} {
		add("no day, "+date, "400 invalid_field", "/date", ask{"POST", house + "/closures", fmt.Sprintf(`{"date":%q}`, date), "owner", ""})
		add("no day, "+date, "400 invalid_query", "/date", ask{"GET", house + "/reservations?date=" + date, "", "owner", ""})
		add("no day, "+date, "400 invalid_field", "/date", ask{"GET", "/v1/availability?restaurant_id=mokran&date=" + date, "", "", ""})
		if date != "" {
			add("no day, "+date, "400 invalid_field", "/date", ask{"DELETE", house + "/closures/" + date, "", "owner", ""})
		}
	}
	add("a day that is over", "400 invalid_field", "/date", ask{"POST", house + "/closures", `{"date":"2001-01-01"}`, "owner", ""}, ask{"DELETE", house + "/closures/2001-01-01", "", "owner", ""})
	add("a reason", "400 invalid_field", "/reason", ask{"POST", house + "/closures", `{"date":"` + day + `","reason":"` + strings.Repeat("r", 201) + `"}`, "owner", ""},
		ask{"POST", house + "/closures", `{"date":"` + day + `","reason":"\u0000"}`, "owner", ""})

	// Lists and windows.
	for _, q := range []string{"limit=0", "limit=51", "limit=-1", "limit=1e9", "limit=99999999999999999999"} {
		add(q, "400 invalid_query", "/limit", ask{"GET", "/v1/reservations?" + q, "", theo, ""}, ask{"GET", "/v1/waitlist?" + q, "", theo, ""},
			ask{"GET", house + "/reservations?date=" + day + "&" + q, "", "owner", ""})
	}
	for _, cursor := range []string{"x", "%00", "AAAA", base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat("\xff", 24)))} {
		add("cursor "+cursor, "400 bad_cursor", "/cursor", ask{"GET", "/v1/reservations?cursor=" + cursor, "", theo, ""}, ask{"GET", "/v1/waitlist?cursor=" + cursor, "", theo, ""},
			ask{"GET", house + "/reservations?date=" + day + "&cursor=" + cursor, "", "owner", ""})
	}
	add("a window", "400 invalid_query", "/from", ask{"GET", house + "/availability?to=2026-11-22T00:00:00Z", "", "", ""},
		ask{"GET", house + "/availability?from=9999-12-31T00:00:00Z&to=9999-12-31T01:00:00Z", "", "", ""}, ask{"GET", house + "/availability?from=%00&to=x", "", "", ""})
	add("a party of availability", "400 invalid_query", "/party", ask{"GET", house + "/availability?from=2026-11-22T00:00:00Z&to=2026-11-23T00:00:00Z&party=21", "", "", ""},
		ask{"GET", "/v1/availability?restaurant_id=mokran&date=" + day + "&party=99999999999999999999", "", "", ""})
	add("no house", "404 restaurant_not_found", "", ask{"GET", "/v1/restaurants/M%00/availability", "", "", ""}, ask{"GET", "/v1/restaurants/" + strings.Repeat("x", 65) + "/schedule", "", "owner", ""})

	// Schedules.
	for change, pointer := range map[string]string{
		`"time_zone":"Asia/Seoul"->"time_zone":"../../etc/passwd"`:                          "/time_zone",
		`"time_zone":"Asia/Seoul"->"time_zone":"Asia/Seoul\u0000"`:                          "/time_zone",
		`"interval_minutes":120->"interval_minutes":0`:                                      "/interval_minutes",
		`"covers":4->"covers":1001`:                                                         "/covers",
		`"covers":4->"covers":-1`:                                                           "/covers",
		`"min":1->"min":5`:                                                                  "/party/max",
		`"days_ahead":2->"days_ahead":2147483647`:                                           "/days_ahead",
		`"days_ahead":2->"days_ahead":2,"dining_minutes":29`:                                "/dining_minutes",
		`"days_ahead":2->"days_ahead":2,"cancel_cutoff_minutes":10081`:                      "/cancel_cutoff_minutes",
		`"day":"mon"->"day":"someday"`:                                                      "/weekly/0/day",
		`"opens":"00:00"->"opens":"24:00"`:                                                  "/weekly/0/opens",
		`"closes":"23:59"->"closes":"00:00"`:                                                "/weekly/0/closes",
		`"days_ahead":2->"days_ahead":2,"exceptions":[{"date":"2026-02-30","openings":[]}]`: "/exceptions/0/date",
		`"days_ahead":2->"days_ahead":2,"exceptions":[{"date":"2026-12-24"}]`:               "/exceptions/0/openings",
		`"days_ahead":2->"days_ahead":2,"drops":[{"from":"2026-12-01","to":"2027-12-31","opens_at":"2026-11-01T00:00:00Z"}]`: "/drops/0/to",
		`"days_ahead":2->"days_ahead":2,"drops":[{"from":"2026-12-01","to":"2026-12-31","opens_at":"0001-01-01T00:00:00Z"}]`: "/drops/0/opens_at",
	} {
		from, to, _ := strings.Cut(change, "->")
		add(to, "400 invalid_field", pointer, ask{"PUT", house + "/schedule", strings.Replace(scheduleJSON, from, to, 1), "owner", ""})
	}
	return cases
}
