package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"jari.example/internal/postgres/postgrestest"
	"jari.example/services/internal/endpoint"
	"jari.example/services/internal/httpjson"
	"jari.example/services/reservation"
	"jari.example/services/reservation/app"
	"jari.example/services/reservation/httpapi"
	"jari.example/services/reservation/inmem"
	"jari.example/services/reservation/postgres"
	"jari.example/services/reservation/storetest"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

// onEachStore runs test on the whole service, from HTTP to the store, once with
// each store.
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

// do sends a request; see [apiRequest] for caller and key.
func (c *client) do(method, path, body, caller, key string) response {
	c.Helper()
	r := apiRequest{method, path, body, caller, key}
	res, err := http.DefaultClient.Do(r.build(c.Context(), c.url))
	if err != nil {
		c.Fatal(err)
	}
	defer res.Body.Close()
	got, err := readResponse(res)
	if err != nil || got.body == nil {
		c.Fatalf("%v: %d, %v, want a body of JSON", r, got.status, err)
	}
	return got
}

// want fails the test unless got has that status and, for a problem, that reason.
func (c *client) want(got response, status int, reason string) response {
	c.Helper()
	if r, _ := got.body["reason"].(string); got.status != status || r != reason {
		c.Fatalf("got %d %q (%v), want %d %q", got.status, r, got.body, status, reason)
	}
	return got
}

// slotIDs lists the slots of the next two days at mokran.
func (c *client) slotIDs() (ids []string) {
	c.Helper()
	now := time.Now().UTC()
	a := c.want(c.do("GET", "/v1/restaurants/mokran/availability?from="+now.Format(time.RFC3339)+
		"&to="+now.Add(48*time.Hour).Format(time.RFC3339), "", "", ""), 200, "")
	for _, item := range a.body["items"].([]any) {
		ids = append(ids, item.(map[string]any)["slot_id"].(string))
	}
	return ids
}

// createSchedule gives the restaurant mokran its slots.
func (c *client) createSchedule() {
	c.Helper()
	created := c.want(c.do("PUT", "/v1/restaurants/mokran/schedule", scheduleJSON, owner, ""), 200, "")
	if n := created.body["slots"].(float64); n < 24 {
		c.Fatalf("the schedule has %v slots, want 24 or more", n)
	}
}

func TestOnlyTheOwnerSetsTheSchedule(t *testing.T) {
	onEachStore(t, func(t *testing.T, c *client) {
		c.T = t
		c.want(c.do("PUT", "/v1/restaurants/mokran/schedule", scheduleJSON, anonymous, ""), 401, "unauthenticated")
		c.want(c.do("PUT", "/v1/restaurants/mokran/schedule", scheduleJSON, minji, ""), 403, "forbidden")
		c.want(c.do("PUT", "/v1/restaurants/mosu/schedule", scheduleJSON, owner, ""), 403, "forbidden")
		c.createSchedule()
	})
}

func TestBooksOncePerIdempotencyKey(t *testing.T) {
	onEachStore(t, func(t *testing.T, c *client) {
		c.T = t
		c.createSchedule()
		slots := c.slotIDs()
		book := `{"slot_id":"` + slots[2] + `","party":3,"note":"창가"}`

		c.want(c.do("POST", "/v1/reservations", book, minji, ""), 400, "idempotency_key_missing")
		first := c.want(c.do("POST", "/v1/reservations", book, minji, "k1"), 201, "")
		id := first.body["id"].(string)
		if first.header.Get("Location") != "/v1/reservations/"+id || first.body["status"] != "confirmed" ||
			first.body["slot_id"] != slots[2] || first.body["time_zone"] != "Asia/Seoul" || first.body["note"] != "창가" {
			t.Fatalf("booked %v", first)
		}
		again := c.want(c.do("POST", "/v1/reservations", book, minji, "k1"), 201, "")
		if again.header.Get("Idempotency-Replayed") != "true" || again.body["id"] != id ||
			again.body["created_at"] != first.body["created_at"] {
			t.Fatalf("the same key again got %v, want a replay of %v", again, first)
		}
		other := `{"slot_id":"` + slots[2] + `","party":1}`
		c.want(c.do("POST", "/v1/reservations", other, minji, "k1"), 422, "idempotency_key_reused")
		c.want(c.do("POST", "/v1/reservations", book, minji, "k2"), 409, "already_booked")
		c.want(c.do("POST", "/v1/reservations", book, theo, "k1"), 409, "slot_full")
		c.want(c.do("POST", "/v1/reservations", `{"slot_id":"no slot","party":1}`, theo, "k2"), 404, "slot_not_found")
		for body, pointer := range map[string]string{
			`{"slot_id":"` + slots[3] + `","party":5}`:  "/party",
			`{"slot_id":"1","party":1,"note":"\u0000"}`: "/note",
		} {
			if p := c.want(c.do("POST", "/v1/reservations", body, theo, "k2"), 400, "invalid_field"); p.body["pointer"] != pointer {
				t.Errorf("%s: points at %v, want %s", body, p.body["pointer"], pointer)
			}
		}
	})
}

func TestOnlyTheDinerReadsAndCancelsAReservation(t *testing.T) {
	onEachStore(t, func(t *testing.T, c *client) {
		c.T = t
		c.createSchedule()
		book := `{"slot_id":"` + c.slotIDs()[2] + `","party":3,"note":"창가"}`
		id := c.want(c.do("POST", "/v1/reservations", book, minji, "k1"), 201, "").body["id"].(string)
		c.want(c.do("POST", "/v1/reservations", book, theo, "k1"), 409, "slot_full")

		if got := c.want(c.do("GET", "/v1/reservations/"+id, "", minji, ""), 200, ""); got.body["note"] != "창가" {
			t.Fatalf("the diner's own note is %v", got.body["note"])
		}
		c.want(c.do("GET", "/v1/reservations/"+id, "", theo, ""), 404, "reservation_not_found")
		c.want(c.do("POST", "/v1/reservations/"+id+"/cancel", "", theo, "c1"), 404, "reservation_not_found")
		cancelled := c.want(c.do("POST", "/v1/reservations/"+id+"/cancel", "", minji, "c1"), 200, "")
		if cancelled.body["status"] != "cancelled" || cancelled.header.Get("Idempotency-Replayed") != "" {
			t.Fatalf("cancelled %v", cancelled)
		}
		cancelled = c.want(c.do("POST", "/v1/reservations/"+id+"/cancel", "", minji, "c1"), 200, "")
		if cancelled.header.Get("Idempotency-Replayed") != "true" {
			t.Fatal("the second cancellation under the same key is not a replay")
		}
		c.want(c.do("POST", "/v1/reservations/"+id+"/cancel", "", minji, "c2"), 409, "not_cancellable")
		c.want(c.do("POST", "/v1/reservations", book, theo, "k1"), 201, "") // a refusal leaves no idempotency record
	})
}

func TestListsReservationsInPages(t *testing.T) {
	onEachStore(t, func(t *testing.T, c *client) {
		c.T = t
		c.createSchedule()
		for _, slot := range c.slotIDs()[1:6] {
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
					t.Fatalf("%d reservations on %d pages, want 5 on 3", len(seen), pages)
				}
				break
			}
			cursor = "&cursor=" + next
		}
		if a := c.do("GET", "/v1/reservations", "", theo, ""); len(a.body["items"].([]any)) != 0 {
			t.Fatalf("another diner lists %v", a.body)
		}
	})
}

func TestAccessLogAndSpansNameTheBooking(t *testing.T) {
	store, err := postgres.Open(t.Context(), postgrestest.Database(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	c := serve(t, store)
	c.createSchedule()
	slot := c.slotIDs()[2]
	booked := c.want(c.do("POST", "/v1/reservations", `{"slot_id":"`+slot+`","party":3,"note":"a secret note"}`, minji, "k"), 201, "")
	c.want(c.do("POST", "/v1/reservations", `{"slot_id":"`+slot+`","party":3}`, theo, "k"), 409, "slot_full")

	statement := c.rec.Span(t, "reservation.book.alone")
	server := c.rec.Span(t, "POST /v1/reservations")
	if statement.SpanContext().TraceID() != server.SpanContext().TraceID() ||
		telemetrytest.Attr(statement, names.PeerService) != "postgresql" || telemetrytest.Attr(statement, names.DBSystem) != "postgresql" {
		t.Errorf("the statement's span has %v", statement.Attributes())
	}
	for name, want := range map[string]any{
		names.SlotID: slot, names.Party: int64(3), names.ReservationID: booked.body["id"], names.RestaurantID: "mokran",
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
		t.Error("no access log line has the refusal")
	}
	if strings.Contains(c.rec.Output(), "a secret note") {
		t.Error("a note reached the log")
	}
}
