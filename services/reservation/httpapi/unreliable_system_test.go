package httpapi_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/rs/zerolog"

	"jari.example/internal/postgres/postgrestest"
	"jari.example/services/internal/endpoint"
	"jari.example/services/internal/httpjson"
	"jari.example/services/reservation/app"
	"jari.example/services/reservation/httpapi"
	"jari.example/services/reservation/postgres"
)

// unreliableSystem is the whole service, from HTTP to a PostgreSQL behind a proxy
// that injects network faults.
type unreliableSystem struct {
	t        *testing.T
	database string // the URL without the proxy
	proxy    *toxiproxy.Proxy
	store    *postgres.Store
	handler  http.Handler
	url      string
	admin    *pgx.Conn    // the test's own, without the proxy
	inFlight atomic.Int64 // requests in the handler
	slots    []string     // of the restaurant mokran, 4 covers each
}

// startUnreliable starts the service on a database of its own, and creates slots.
// Settings ("lock_timeout", "100ms") are those of the service's sessions.
func startUnreliable(t *testing.T, settings ...string) *unreliableSystem {
	t.Helper()
	s := startUnreliableOn(t, postgrestest.Database(t), settings...)
	s.createSlots()
	return s
}

// startUnreliableOn starts the service on a database, without slots.
func startUnreliableOn(t *testing.T, database string, settings ...string) *unreliableSystem {
	t.Helper()
	s := &unreliableSystem{t: t, database: database}
	s.admin = s.connect()
	s.openStore(settings)

	quiet := slog.New(slog.DiscardHandler)
	mw, err := endpoint.Shared(quiet, nil)
	s.must(err)
	rs := httpjson.NewRoutes(quiet)
	httpapi.AddRoutes(rs, httpapi.NewEndpoints(app.New(s.store, nil, nil, func() {}), mw))
	h, err := rs.Handler()
	s.must(err)
	s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.inFlight.Add(1)
		defer s.inFlight.Add(-1)
		h.ServeHTTP(w, r)
	})
	server := httptest.NewServer(s.handler)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// createSlots gives the restaurant mokran its slots.
func (s *unreliableSystem) createSlots() {
	s.t.Helper()
	s.mustSend(apiRequest{"PUT", "/v1/restaurants/mokran/schedule", scheduleJSON, owner, ""}, 200)
	now := time.Now().UTC()
	free := s.mustSend(apiRequest{"GET", "/v1/restaurants/mokran/availability?from=" + now.Format(time.RFC3339) +
		"&to=" + now.Add(48*time.Hour).Format(time.RFC3339), "", anonymous, ""}, 200)
	for _, item := range free.body["items"].([]any)[4:] { // the first ones are close to their cut-off
		s.slots = append(s.slots, item.(map[string]any)["slot_id"].(string))
	}
}

// openStore opens the store through a new proxy, and waits until its pool has all
// its connections.
func (s *unreliableSystem) openStore(settings []string) {
	s.t.Helper()
	u, err := url.Parse(s.database)
	s.must(err)
	zerolog.SetGlobalLevel(zerolog.Disabled)
	toxics := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	s.proxy = toxiproxy.NewProxy(toxics, s.t.Name(), "127.0.0.1:0", u.Host)
	s.must(s.proxy.Start())
	s.t.Cleanup(s.proxy.Stop)
	u.Host = s.proxy.Listen
	q := u.Query()
	q.Set("sslmode", "disable") // a certificate would not be the proxy's
	q.Set("pool_min_conns", fmt.Sprint(poolSize))
	for i := 0; i < len(settings); i += 2 {
		q.Set(settings[i], settings[i+1])
	}
	u.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20") // pgx does not decode a plus sign
	opening, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
	defer cancel()
	s.store, err = postgres.Open(opening, u.String(), func(err error) { s.t.Log("opening: ", err) })
	s.must(err)
	s.t.Cleanup(s.store.Close)

	sessions := "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query NOT LIKE '%pg_stat_activity%'"
	s.waitUntil("the pool is open", func() bool { return s.queryInt(sessions) >= poolSize })
}

func (s *unreliableSystem) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// addToxic adds a fault to the proxy.
func (s *unreliableSystem) addToxic(kind, stream, attributes string) {
	s.t.Helper()
	_, err := s.proxy.Toxics.AddToxicJson(strings.NewReader(
		fmt.Sprintf(`{"type":%q,"stream":%q,"attributes":{%s}}`, kind, stream, attributes)))
	s.must(err)
}

func (s *unreliableSystem) removeToxics() { s.proxy.Toxics.ResetToxics(context.Background()) }

// exec runs SQL without the proxy.
func (s *unreliableSystem) exec(sql string) {
	s.t.Helper()
	_, err := s.admin.Exec(s.t.Context(), sql)
	s.must(err)
}

// queryInt reads one number without the proxy.
func (s *unreliableSystem) queryInt(sql string) (n int) {
	s.t.Helper()
	s.must(s.admin.QueryRow(s.t.Context(), sql).Scan(&n))
	return n
}

// connect opens a connection without the proxy.
func (s *unreliableSystem) connect() *pgx.Conn {
	s.t.Helper()
	conn, err := pgx.Connect(s.t.Context(), s.database)
	s.must(err)
	s.t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// holdLocks runs sql, which locks something, in another session, and holds the
// locks until release is called.
func (s *unreliableSystem) holdLocks(sql string) (release func()) {
	s.t.Helper()
	holder := s.connect()
	_, err := holder.Exec(s.t.Context(), "BEGIN; "+sql)
	s.must(err)
	return func() {
		_, err := holder.Exec(context.Background(), "COMMIT")
		s.must(err)
	}
}

// poolSize is how many connections are open before a fault begins: all of the
// store's pool. A busy machine may be slow to connect.
const poolSize = 19

const (
	lockSlotsSQL = "SELECT FROM slots FOR NO KEY UPDATE"
	// lockWaitersSQL counts the statements that wait for a lock.
	lockWaitersSQL = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)

// waitUntil polls until condition holds, for at most 20 s.
func (s *unreliableSystem) waitUntil(what string, condition func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !condition(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatal("not within 20 s: ", what)
		}
	}
}

// waitForLockWaiters polls until at least n statements wait for locks.
func (s *unreliableSystem) waitForLockWaiters(n int) {
	s.t.Helper()
	s.waitUntil(fmt.Sprint(n, " statements wait for a lock"), func() bool { return s.queryInt(lockWaitersSQL) >= n })
}

// booking is a request by a new diner, under a new key, for the slot with that
// index in s.slots.
func (s *unreliableSystem) booking(slot, party int) apiRequest {
	body := fmt.Sprintf(`{"slot_id":%q,"party":%d}`, s.slots[slot], party)
	return apiRequest{"POST", "/v1/reservations", body, uuid.NewString(), uuid.NewString()}
}

// cancellation cancels what r, a booking, has booked under id.
func cancellation(r apiRequest, id string) apiRequest {
	return apiRequest{"POST", "/v1/reservations/" + id + "/cancel", "", r.caller, uuid.NewString()}
}

// send sends r over the network. The service limits a request to 5 s; a response
// that takes three times as long is an error.
func (s *unreliableSystem) send(ctx context.Context, r apiRequest) (response, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	res, err := http.DefaultClient.Do(r.build(ctx, s.url))
	if err != nil {
		return response{}, err
	}
	defer res.Body.Close()
	return readResponse(res)
}

// mustSend fails the test unless r gets that status.
func (s *unreliableSystem) mustSend(r apiRequest, status int) response {
	s.t.Helper()
	got, err := s.send(s.t.Context(), r)
	if err != nil || got.status != status {
		s.t.Fatalf("%v: got %d %v %v, want %d", r, got.status, got.body, err, status)
	}
	return got
}

// mustBook sends r, a booking, and returns the reservation's id.
func (s *unreliableSystem) mustBook(r apiRequest) (id string) {
	s.t.Helper()
	return s.mustSend(r, 201).body["id"].(string)
}

// mixedRequests is one request of each kind and ten bookings. None of them makes
// another fail.
func (s *unreliableSystem) mixedRequests() []apiRequest {
	s.t.Helper()
	toCancel, toMove := s.booking(0, 2), s.booking(1, 1)
	cancelled, moved := s.mustBook(toCancel), s.mustBook(toMove)
	s.mustBook(s.booking(2, 4)) // sold out, for the waitlist
	today := time.Now().UTC().Format(time.DateOnly)
	move := fmt.Sprintf(`{"slot_id":%q,"party":3}`, s.slots[3])
	join := fmt.Sprintf(`{"slot_id":%q,"party":2}`, s.slots[2])
	entry := fmt.Sprintf(`{"slot_id":%q,"party":1,"name":"Kim"}`, s.slots[4])
	requests := []apiRequest{
		cancellation(toCancel, cancelled),
		{"PATCH", "/v1/reservations/" + moved, move, toMove.caller, ""},
		{"POST", "/v1/waitlist", join, uuid.NewString(), uuid.NewString()},
		{"POST", "/v1/restaurants/mokran/reservations", entry, owner, uuid.NewString()},
		{"PUT", "/v1/restaurants/other/schedule", scheduleJSON, owner, ""},
		{"GET", "/v1/restaurants/mokran/schedule", "", owner, ""},
		{"GET", "/v1/restaurants/mokran/reservations?date=" + today, "", owner, ""},
		{"GET", "/v1/reservations", "", toMove.caller, ""},
		{"GET", "/v1/reservations/" + moved, "", toMove.caller, ""},
		{"GET", "/v1/availability?restaurant_id=elsewhere&date=" + today, "", anonymous, ""},
	}
	for i := range 10 {
		requests = append(requests, s.booking(5+i%3, 1))
	}
	return requests
}

// sendAll sends everything at once and returns the summaries of the responses.
func (s *unreliableSystem) sendAll(requests []apiRequest) (summaries []string) {
	var all sync.WaitGroup
	summaries = make([]string, len(requests))
	for i, r := range requests {
		all.Go(func() {
			got, err := s.send(s.t.Context(), r)
			if summaries[i] = got.summary(); err != nil {
				summaries[i] = "no response: " + err.Error()
			}
		})
	}
	all.Wait()
	return summaries
}

// checkRecovery sends the requests again under the same keys, without any restart,
// until each has succeeded. Then it checks that nothing was lost or doubled.
func (s *unreliableSystem) checkRecovery(requests []apiRequest) {
	s.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; {
		summaries := s.sendAll(requests)
		if !slices.ContainsFunc(summaries, func(got string) bool { return got != success }) {
			break
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("the service has not recovered within 30 s: %q", summaries)
		}
	}
	for _, problem := range s.inconsistencies() {
		s.t.Error(problem)
	}
	bookings, diners := 0, []string{}
	for _, r := range requests {
		if r.path == "/v1/reservations" && r.method == "POST" {
			bookings, diners = bookings+1, append(diners, "'"+r.caller+"'")
		}
	}
	if n := s.queryInt("SELECT count(*) FROM reservations WHERE diner_id IN (" + strings.Join(diners, ",") + ")"); n != bookings {
		s.t.Errorf("%d rows for %d bookings", n, bookings)
	}
}

// inconsistencies lists what is wrong in the database, according to the service's
// own audit and to independent queries: each slot's counter, and for each
// reservation one idempotency record and one event of its creation.
func (s *unreliableSystem) inconsistencies() (found []string) {
	s.t.Helper()
	audit, err := s.store.Audit(s.t.Context(), time.Now())
	s.must(err)
	if audit.Slots == 0 {
		found = append(found, "the audit looked at no slot")
	}
	for _, m := range audit.Mismatches {
		found = append(found, fmt.Sprintf("audit: %+v", m))
	}
	for what, sql := range map[string]string{
		"slots with a wrong counter": `SELECT count(*) FROM slots s WHERE booked > capacity OR booked <> (
			SELECT coalesce(sum(party), 0) FROM reservations WHERE slot_id = s.id AND status IN ('offered', 'confirmed', 'seated'))`,
		"reservations without exactly one idempotency record": `SELECT count(*) FROM reservations r WHERE 1 <> (
			SELECT count(*) FROM idempotency WHERE answer ->> 'id' = r.id::text AND op IN ('book', 'join', 'enter'))`,
		"reservations without exactly one first event": `SELECT count(*) FROM reservations r WHERE diner_id IS NOT NULL AND 1 <> (
			SELECT count(*) FROM outbox WHERE reservation_id = r.id AND kind IN ('reservation.confirmed', 'waitlist.joined'))`,
		"events without a reservation": `SELECT count(*) FROM outbox o WHERE NOT EXISTS (
			SELECT FROM reservations WHERE id = o.reservation_id)`,
	} {
		if n := s.queryInt(sql); n != 0 {
			found = append(found, fmt.Sprint(n, " ", what))
		}
	}
	return found
}
