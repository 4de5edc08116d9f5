package httpapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
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
	"jari.example/telemetry/names"
)

// shaky is the whole service, from HTTP to a PostgreSQL behind a proxy that
// misbehaves on demand.
type shaky struct {
	t        *testing.T
	database string // itself, past the proxy
	proxy    *toxiproxy.Proxy
	store    *postgres.Store
	handler  http.Handler
	url      string
	admin    *pgx.Conn    // past the proxy, for the test itself
	busy     atomic.Int64 // requests under way
	slots    []string     // of the restaurant mokran, 4 covers each
}

// shake starts the service on a database of its own. Settings ("lock_timeout",
// "100ms") are those of the service's sessions.
func shake(t *testing.T, settings ...string) *shaky {
	t.Helper()
	return shakeOn(t, postgrestest.Database(t), settings...)
}

func shakeOn(t *testing.T, database string, settings ...string) *shaky {
	t.Helper()
	s := &shaky{t: t, database: database}
	s.admin = s.session()
	u, err := url.Parse(database)
	s.must(err)
	zerolog.SetGlobalLevel(zerolog.Disabled)
	s.proxy = toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), t.Name(), "127.0.0.1:0", u.Host)
	s.must(s.proxy.Start())
	t.Cleanup(s.proxy.Stop)
	u.Host = s.proxy.Listen
	q := u.Query()
	q.Set("sslmode", "disable")               // the proxy is not whom a certificate is for
	q.Set("pool_min_conns", fmt.Sprint(warm)) // a busy machine may take its time to connect
	for i := 0; i < len(settings); i += 2 {
		q.Set(settings[i], settings[i+1])
	}
	u.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20") // pgx knows no other space
	opening, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	s.store, err = postgres.Open(opening, u.String(), func(err error) { t.Log("opening: ", err) })
	s.must(err)
	t.Cleanup(s.store.Close)

	sessions := "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query NOT LIKE '%pg_stat_activity%'"
	s.until("the pool is open", func() bool { return s.number(sessions) >= warm })

	quiet := slog.New(slog.DiscardHandler)
	mw, err := endpoint.Shared(quiet, nil)
	s.must(err)
	rs := httpjson.NewRoutes(quiet)
	httpapi.AddRoutes(rs, httpapi.NewEndpoints(app.New(s.store, nil, nil, func() {}), mw))
	h, err := rs.Handler()
	s.must(err)
	s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.busy.Add(1)
		defer s.busy.Add(-1)
		h.ServeHTTP(w, r)
	})
	server := httptest.NewServer(s.handler)
	t.Cleanup(server.Close)
	s.url = server.URL

	s.want(ask{"PUT", "/v1/restaurants/mokran/schedule", scheduleJSON, "owner", ""}, 200)
	now := time.Now().UTC()
	free := s.want(ask{"GET", "/v1/restaurants/mokran/availability?from=" + now.Format(time.RFC3339) +
		"&to=" + now.Add(48*time.Hour).Format(time.RFC3339), "", "", ""}, 200)
	for _, item := range free.body["items"].([]any)[4:] { // whose cut-off is far away
		s.slots = append(s.slots, item.(map[string]any)["slot_id"].(string))
	}
	return s
}

func (s *shaky) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// bad adds a toxic to the proxy.
func (s *shaky) bad(kind, stream, attributes string) {
	s.t.Helper()
	_, err := s.proxy.Toxics.AddToxicJson(strings.NewReader(
		fmt.Sprintf(`{"type":%q,"stream":%q,"attributes":{%s}}`, kind, stream, attributes)))
	s.must(err)
}

func (s *shaky) good() { s.proxy.Toxics.ResetToxics(context.Background()) }

// exec runs SQL past the proxy.
func (s *shaky) exec(sql string) {
	s.t.Helper()
	_, err := s.admin.Exec(s.t.Context(), sql)
	s.must(err)
}

// number asks the database itself.
func (s *shaky) number(sql string) (n int) {
	s.t.Helper()
	s.must(s.admin.QueryRow(s.t.Context(), sql).Scan(&n))
	return n
}

// session is a connection past the proxy.
func (s *shaky) session() *pgx.Conn {
	s.t.Helper()
	conn, err := pgx.Connect(s.t.Context(), s.database)
	s.must(err)
	s.t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// hold lets somebody else sit on every slot until the returned function is
// called.
func (s *shaky) hold(sql string) (release func()) {
	s.t.Helper()
	holder := s.session()
	_, err := holder.Exec(s.t.Context(), "BEGIN; "+sql)
	s.must(err)
	return func() {
		_, err := holder.Exec(context.Background(), "COMMIT")
		s.must(err)
	}
}

// warm is how many connections are open before trouble begins: all that the
// store's pool has.
const warm = 19

const (
	holdSlots = "SELECT FROM slots FOR NO KEY UPDATE"
	waiting   = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)

// until polls for what must come true.
func (s *shaky) until(what string, true func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !true(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatal("waited in vain: ", what)
		}
	}
}

// waits polls until so many statements wait for locks.
func (s *shaky) waits(n int) {
	s.t.Helper()
	s.until(fmt.Sprint(n, " statements wait for a lock"), func() bool { return s.number(waiting) >= n })
}

// ask is one request; who is "owner", "stranger" (the owner of another house), a
// diner's id, or nobody.
type ask struct{ method, path, body, who, key string }

func (s *shaky) booking(slot, party int) ask {
	return ask{"POST", "/v1/reservations", fmt.Sprintf(`{"slot_id":%q,"party":%d}`, s.slots[slot], party), uuid.NewString(), uuid.NewString()}
}

func (a ask) request(ctx context.Context, url string) *http.Request {
	req, err := http.NewRequestWithContext(ctx, a.method, url+a.path, strings.NewReader(a.body))
	if err != nil {
		panic(err)
	}
	if a.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	switch a.who {
	case "":
	case "owner":
		req.Header.Set(names.HeaderUserID, theo)
		req.Header.Set(names.HeaderUserRole, endpoint.RoleOwner)
		req.Header.Set(names.HeaderUserOwn, "mokran,other")
	case "stranger":
		req.Header.Set(names.HeaderUserID, minji)
		req.Header.Set(names.HeaderUserRole, endpoint.RoleOwner)
		req.Header.Set(names.HeaderUserOwn, "elsewhere")
	default:
		req.Header.Set(names.HeaderUserID, a.who)
		req.Header.Set(names.HeaderUserRole, endpoint.RoleDiner)
	}
	if a.key != "" {
		req.Header.Set(names.HeaderIdempotency, a.key)
	}
	return req
}

// try sends a over the wire. A service that does not answer within three times
// its patience has broken its word.
func (s *shaky) try(ctx context.Context, a ask) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	res, err := http.DefaultClient.Do(a.request(ctx, s.url))
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	return read(res)
}

func read(res *http.Response) (answer, error) {
	raw, err := io.ReadAll(res.Body)
	got := answer{status: res.StatusCode, header: res.Header}
	if err == nil && len(raw) > 0 {
		err = json.Unmarshal(raw, &got.body)
	}
	return got, err
}

func (s *shaky) want(a ask, status int) answer {
	s.t.Helper()
	got, err := s.try(s.t.Context(), a)
	if err != nil || got.status != status {
		s.t.Fatalf("%s %s: %d %v %v, want %d", a.method, a.path, got.status, got.body, err, status)
	}
	return got
}

// word is an answer in short: "2xx", "503 unavailable". What a failure owes its
// caller is checked on the way.
func (a answer) word() string {
	reason, _ := a.body["reason"].(string)
	switch {
	case a.status >= 200 && a.status < 300:
		return "2xx"
	case a.status == 503 && a.header.Get("Retry-After") == "", a.status >= 400 && a.header.Get("Content-Type") != httpjson.ProblemType:
		return fmt.Sprint(a.status, " ", reason, " without its headers")
	}
	return fmt.Sprint(a.status, " ", reason)
}

// evening is a request of each sort, none in another's way.
func (s *shaky) evening() []ask {
	s.t.Helper()
	one := func(slot, party int) (string, string) {
		a := s.booking(slot, party)
		return s.want(a, 201).body["id"].(string), a.who
	}
	cancelled, canceller := one(0, 2)
	moved, mover := one(1, 1)
	one(2, 4)
	asks := []ask{
		{"POST", "/v1/reservations/" + cancelled + "/cancel", "", canceller, uuid.NewString()},
		{"PATCH", "/v1/reservations/" + moved, fmt.Sprintf(`{"slot_id":%q,"party":3}`, s.slots[3]), mover, ""},
		{"POST", "/v1/waitlist", fmt.Sprintf(`{"slot_id":%q,"party":2}`, s.slots[2]), uuid.NewString(), uuid.NewString()},
		{"POST", "/v1/restaurants/mokran/reservations", fmt.Sprintf(`{"slot_id":%q,"party":1,"name":"Kim"}`, s.slots[4]), "owner", uuid.NewString()},
		{"PUT", "/v1/restaurants/other/schedule", scheduleJSON, "owner", ""},
		{"GET", "/v1/restaurants/mokran/schedule", "", "owner", ""},
		{"GET", "/v1/restaurants/mokran/reservations?date=" + time.Now().UTC().Format(time.DateOnly), "", "owner", ""},
		{"GET", "/v1/reservations", "", mover, ""},
		{"GET", "/v1/reservations/" + moved, "", mover, ""},
		{"GET", "/v1/availability?restaurant_id=elsewhere&date=" + time.Now().UTC().Format(time.DateOnly), "", "", ""},
	}
	for i := range 10 {
		asks = append(asks, s.booking(5+i%3, 1))
	}
	return asks
}

// all sends everything at once and returns the words of the answers.
func (s *shaky) all(asks []ask) (words []string) {
	var all sync.WaitGroup
	words = make([]string, len(asks))
	for i, a := range asks {
		all.Go(func() {
			got, err := s.try(s.t.Context(), a)
			if words[i] = got.word(); err != nil {
				words[i] = "no answer: " + err.Error()
			}
		})
	}
	all.Wait()
	return words
}

// settled asks again, under the same keys and without any restart, until each
// request has had its way, and then looks whether anything was lost or doubled.
func (s *shaky) settled(asks []ask) {
	s.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; {
		words := s.all(asks)
		if !slices.ContainsFunc(words, func(w string) bool { return w != "2xx" }) {
			break
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("the service has not recovered: %q", words)
		}
	}
	for _, wrong := range s.complaints() {
		s.t.Error(wrong)
	}
	bookings, diners := 0, []string{}
	for _, a := range asks {
		if a.path == "/v1/reservations" && a.method == "POST" {
			bookings, diners = bookings+1, append(diners, "'"+a.who+"'")
		}
	}
	if n := s.number("SELECT count(*) FROM reservations WHERE diner_id IN (" + strings.Join(diners, ",") + ")"); n != bookings {
		s.t.Errorf("%d rows of %d bookings", n, bookings)
	}
}

// complaints is what is wrong with the books, by the service's own audit and by
// a count of our own: covers, and for each reservation one remembered answer and
// one event that tells of its making.
func (s *shaky) complaints() (wrong []string) {
	s.t.Helper()
	audit, err := s.store.Audit(s.t.Context(), time.Now())
	s.must(err)
	if audit.Slots == 0 {
		wrong = append(wrong, "the audit has looked at nothing")
	}
	for _, m := range audit.Mismatches {
		wrong = append(wrong, fmt.Sprintf("audit: %+v", m))
	}
	for what, sql := range map[string]string{
		"slots whose counter is wrong": `SELECT count(*) FROM slots s WHERE booked > capacity OR booked <> (SELECT coalesce(sum(party), 0)
			FROM reservations WHERE slot_id = s.id AND status IN ('offered', 'confirmed', 'seated'))`,
		"reservations without exactly one answer": `SELECT count(*) FROM reservations r WHERE 1 <> (
			SELECT count(*) FROM idempotency WHERE answer ->> 'id' = r.id::text AND op IN ('book', 'join', 'enter'))`,
		"reservations without exactly one first event": `SELECT count(*) FROM reservations r WHERE diner_id IS NOT NULL AND 1 <> (
			SELECT count(*) FROM outbox WHERE reservation_id = r.id AND kind IN ('reservation.confirmed', 'waitlist.joined'))`,
		"events about no reservation": `SELECT count(*) FROM outbox o WHERE NOT EXISTS (SELECT FROM reservations WHERE id = o.reservation_id)`,
	} {
		if n := s.number(sql); n != 0 {
			wrong = append(wrong, fmt.Sprint(n, " ", what))
		}
	}
	return wrong
}
