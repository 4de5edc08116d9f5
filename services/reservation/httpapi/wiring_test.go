package httpapi_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"jari.example/internal/postgres/postgrestest"
	"jari.example/services/internal/endpoint"
	"jari.example/services/internal/httpjson"
	"jari.example/services/internal/httpjson/httpjsontest"
	"jari.example/services/reservation"
	"jari.example/services/reservation/app"
	"jari.example/services/reservation/httpapi"
	"jari.example/services/reservation/inmem"
	"jari.example/services/reservation/postgres"
	"jari.example/services/reservation/storetest"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

const (
	minji = "01900000-0000-7000-8000-000000000001"
	theo  = "01900000-0000-7000-8000-000000000002"
)

// onEachStore runs test against the whole service, from HTTP to the store.
func onEachStore(t *testing.T, test func(t *testing.T, c *client)) {
	for name, open := range map[string]func(*testing.T) storetest.Store{
		"in memory": func(*testing.T) storetest.Store { return inmem.New() },
		"postgres": func(t *testing.T) storetest.Store {
			s, err := postgres.Open(t.Context(), postgrestest.Database(t), nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.Close)
			return s
		},
	} {
		t.Run(name, func(t *testing.T) { test(t, serve(t, open(t))) })
	}
}

type client struct {
	*testing.T
	url    string
	routes *httpjson.Routes
	rec    *telemetrytest.Recorder
}

func serve(t *testing.T, store reservation.Store) *client {
	t.Helper()
	rec := telemetrytest.Start(t)
	mw, err := endpoint.Shared(rec.Logger, nil)
	if err != nil {
		t.Fatal(err)
	}
	rs := httpjson.NewRoutes(rec.Logger)
	httpapi.AddRoutes(rs, httpapi.NewEndpoints(app.New(store, nil, nil, func() {}), mw))
	h, err := rs.Handler()
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return &client{T: t, url: srv.URL, routes: rs, rec: rec}
}

type answer struct {
	status int
	header http.Header
	body   map[string]any
}

// do sends a request as the gateway would for who; key may be "".
func (c *client) do(method, path, body, who, key string) answer {
	c.Helper()
	req, err := http.NewRequestWithContext(c.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		c.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	switch who {
	case "":
	case "owner":
		req.Header.Set(names.HeaderUserID, theo)
		req.Header.Set(names.HeaderUserRole, endpoint.RoleOwner)
		req.Header.Set(names.HeaderUserOwn, "mokran,other")
	default:
		req.Header.Set(names.HeaderUserID, who)
		req.Header.Set(names.HeaderUserRole, endpoint.RoleDiner)
	}
	if key != "" {
		req.Header.Set(names.HeaderIdempotency, key)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		c.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		c.Fatal(err)
	}
	a := answer{status: res.StatusCode, header: res.Header}
	if err := json.Unmarshal(raw, &a.body); err != nil {
		c.Fatalf("%s %s: %d %q", method, path, res.StatusCode, raw)
	}
	return a
}

func (c *client) want(a answer, status int, reason string) answer {
	c.Helper()
	got, _ := a.body["reason"].(string)
	if a.status != status || got != reason {
		c.Fatalf("answered %d %q (%v), want %d %q", a.status, got, a.body, status, reason)
	}
	return a
}

const scheduleJSON = `{"time_zone":"Asia/Seoul","interval_minutes":120,"covers":4,"party":{"min":1,"max":4},"days_ahead":2,
	"weekly":[{"day":"mon","opens":"00:00","closes":"23:59"},{"day":"tue","opens":"00:00","closes":"23:59"},
	{"day":"wed","opens":"00:00","closes":"23:59"},{"day":"thu","opens":"00:00","closes":"23:59"},
	{"day":"fri","opens":"00:00","closes":"23:59"},{"day":"sat","opens":"00:00","closes":"23:59"},
	{"day":"sun","opens":"00:00","closes":"23:59"}]}`

// free lists the slot ids of the next two days.
func (c *client) free() (ids []string) {
	c.Helper()
	now := time.Now().UTC()
	a := c.want(c.do("GET", "/v1/restaurants/mokran/availability?from="+now.Format(time.RFC3339)+
		"&to="+now.Add(48*time.Hour).Format(time.RFC3339), "", "", ""), 200, "")
	for _, item := range a.body["items"].([]any) {
		ids = append(ids, item.(map[string]any)["slot_id"].(string))
	}
	return ids
}

func TestAnEvening(t *testing.T) {
	onEachStore(t, func(t *testing.T, c *client) {
		c.T = t
		c.want(c.do("PUT", "/v1/restaurants/mokran/schedule", scheduleJSON, "", ""), 401, "unauthenticated")
		c.want(c.do("PUT", "/v1/restaurants/mokran/schedule", scheduleJSON, minji, ""), 403, "forbidden")
		c.want(c.do("PUT", "/v1/restaurants/mosu/schedule", scheduleJSON, "owner", ""), 403, "forbidden")
		made := c.want(c.do("PUT", "/v1/restaurants/mokran/schedule", scheduleJSON, "owner", ""), 200, "")
		if made.body["slots"].(float64) < 24 {
			t.Fatalf("slots %v", made.body)
		}
		slots := c.free()
		book := `{"slot_id":"` + slots[2] + `","party":3,"note":"창가"}`

		c.want(c.do("POST", "/v1/reservations", book, minji, ""), 400, "idempotency_key_missing")
		first := c.want(c.do("POST", "/v1/reservations", book, minji, "k1"), 201, "")
		id := first.body["id"].(string)
		if first.header.Get("Location") != "/v1/reservations/"+id || first.body["status"] != "confirmed" ||
			first.body["slot_id"] != slots[2] || first.body["time_zone"] != "Asia/Seoul" || first.body["note"] != "창가" {
			t.Fatalf("booked %v", first)
		}
		again := c.want(c.do("POST", "/v1/reservations", book, minji, "k1"), 201, "")
		if again.header.Get("Idempotency-Replayed") != "true" || again.body["id"] != id || again.body["created_at"] != first.body["created_at"] {
			t.Fatalf("again %v", again)
		}
		c.want(c.do("POST", "/v1/reservations", `{"slot_id":"`+slots[2]+`","party":1}`, minji, "k1"), 422, "idempotency_key_reused")
		c.want(c.do("POST", "/v1/reservations", book, minji, "k2"), 409, "already_booked")
		c.want(c.do("POST", "/v1/reservations", book, theo, "k1"), 409, "slot_full")
		c.want(c.do("POST", "/v1/reservations", `{"slot_id":"nonsense","party":1}`, theo, "k2"), 404, "slot_not_found")
		if p := c.want(c.do("POST", "/v1/reservations", `{"slot_id":"`+slots[3]+`","party":5}`, theo, "k2"), 400, "invalid_field"); p.body["pointer"] != "/party" {
			t.Fatalf("points at %v", p.body["pointer"])
		}
		if p := c.want(c.do("POST", "/v1/reservations", `{"slot_id":"1","party":1,"note":"\u0000"}`, theo, "k2"), 400, "invalid_field"); p.body["pointer"] != "/note" {
			t.Fatalf("points at %v", p.body["pointer"])
		}

		if got := c.want(c.do("GET", "/v1/reservations/"+id, "", minji, ""), 200, ""); got.body["note"] != "창가" {
			t.Fatalf("their own note came as %v", got.body["note"])
		}
		c.want(c.do("GET", "/v1/reservations/"+id, "", theo, ""), 404, "reservation_not_found")
		c.want(c.do("POST", "/v1/reservations/"+id+"/cancel", "", theo, "c1"), 404, "reservation_not_found")
		gone := c.want(c.do("POST", "/v1/reservations/"+id+"/cancel", "", minji, "c1"), 200, "")
		if gone.body["status"] != "cancelled" || gone.header.Get("Idempotency-Replayed") != "" {
			t.Fatalf("cancelled %v", gone)
		}
		gone = c.want(c.do("POST", "/v1/reservations/"+id+"/cancel", "", minji, "c1"), 200, "")
		if gone.header.Get("Idempotency-Replayed") != "true" {
			t.Fatal("a cancellation again is a replay")
		}
		c.want(c.do("POST", "/v1/reservations/"+id+"/cancel", "", minji, "c2"), 409, "not_cancellable")
		c.want(c.do("POST", "/v1/reservations", book, theo, "k1"), 201, "") // the refusal was not remembered
	})
}

func TestPages(t *testing.T) {
	onEachStore(t, func(t *testing.T, c *client) {
		c.T = t
		c.want(c.do("PUT", "/v1/restaurants/mokran/schedule", scheduleJSON, "owner", ""), 200, "")
		for _, slot := range c.free()[1:6] {
			c.want(c.do("POST", "/v1/reservations", `{"slot_id":"`+slot+`","party":1}`, minji, slot), 201, "")
		}
		seen, cursor := map[any]bool{}, ""
		for pages := 1; ; pages++ {
			a := c.want(c.do("GET", "/v1/reservations?status=confirmed&limit=2"+cursor, "", minji, ""), 200, "")
			for _, item := range a.body["items"].([]any) {
				seen[item.(map[string]any)["id"]] = true
			}
			next, more := a.body["next_cursor"].(string)
			if !more {
				if pages != 3 || len(seen) != 5 {
					t.Fatalf("%d reservations on %d pages", len(seen), pages)
				}
				break
			}
			cursor = "&cursor=" + next
		}
		if a := c.do("GET", "/v1/reservations", "", theo, ""); len(a.body["items"].([]any)) != 0 {
			t.Fatalf("somebody else's: %v", a.body)
		}
	})
}

func TestBadInput(t *testing.T) {
	onEachStore(t, func(t *testing.T, c *client) {
		h, err := c.routes.Handler()
		if err != nil {
			t.Fatal(err)
		}
		httpjsontest.Suite{Handler: h, Routes: c.routes.List()}.Run(t)
	})
}

func TestTheAccessLineAndSpansSayWhatWasBooked(t *testing.T) {
	store, err := postgres.Open(t.Context(), postgrestest.Database(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	c := serve(t, store)
	c.want(c.do("PUT", "/v1/restaurants/mokran/schedule", scheduleJSON, "owner", ""), 200, "")
	slot := c.free()[2]
	a := c.want(c.do("POST", "/v1/reservations", `{"slot_id":"`+slot+`","party":3,"note":"secret wish"}`, minji, "k"), 201, "")
	c.want(c.do("POST", "/v1/reservations", `{"slot_id":"`+slot+`","party":3}`, theo, "k"), 409, "slot_full")

	statement := c.rec.Span(t, "reservation.book.alone")
	server := c.rec.Span(t, "POST /v1/reservations")
	if statement.SpanContext().TraceID() != server.SpanContext().TraceID() ||
		telemetrytest.Attr(statement, names.PeerService) != "postgresql" || telemetrytest.Attr(statement, names.DBSystem) != "postgresql" {
		t.Errorf("statement %v", statement.Attributes())
	}
	for name, want := range map[string]any{
		names.SlotID: slot, names.Party: int64(3), names.ReservationID: a.body["id"], names.RestaurantID: "mokran",
	} {
		if got := telemetrytest.Attr(server, name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	refused := false
	for _, line := range c.rec.Lines(t, names.EventAccess) {
		refused = refused || line[names.Reason] == "slot_full" && line[names.SlotID] == slot
	}
	if !refused {
		t.Error("no access line tells of the refusal")
	}
	if strings.Contains(c.rec.Output(), "secret wish") {
		t.Error("a note reached the log")
	}
}
