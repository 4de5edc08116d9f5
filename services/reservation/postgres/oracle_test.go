package postgres_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"jari.example/internal/fault"
	"jari.example/internal/postgres/postgrestest"
	"jari.example/services/reservation"
	"jari.example/services/reservation/postgres"
	"jari.example/services/reservation/strategies"
)

type bookFunc func(context.Context, reservation.Booking) (reservation.Outcome, error)

// storedBooking is a reservation in the database, with the key that booked it.
type storedBooking struct {
	id    uuid.UUID
	diner uuid.UUID
	slot  reservation.SlotID
	party int
	key   string
	hash  string
}

const (
	oracleSlots  = 3
	oracleCovers = 12
)

// sendRandomBookings lets a few diners with a few keys each compete for three
// small slots, all at once and through every replica.
func sendRandomBookings(t testing.TB, random *rand.Rand, replicas []bookFunc) (sent []result) {
	t.Helper()
	diners, keys := make([]uuid.UUID, 14), []string{"a", "b", "c"}
	for i := range diners {
		diners[i] = uuid.New()
	}
	for range 60 {
		b := newBooking(reservation.SlotID(1+random.IntN(oracleSlots)), 1+random.IntN(6))
		b.DinerID, b.Key = diners[random.IntN(len(diners))], keys[random.IntN(len(keys))]
		if len(sent) > 0 && random.IntN(3) == 0 { // a retry at the same time as its original
			o := sent[random.IntN(len(sent))]
			b.DinerID, b.Key, b.SlotID, b.Party = o.DinerID, o.Key, o.SlotID, o.Party
		}
		b.RequestHash = fmt.Appendf(nil, "%d/%d", b.SlotID, b.Party)
		sent = append(sent, result{Booking: b})
	}
	var wg sync.WaitGroup
	for i := range sent {
		book := replicas[random.IntN(len(replicas))]
		wg.Go(func() { sent[i].out, sent[i].err = book(t.Context(), sent[i].Booking) })
	}
	wg.Wait()
	return sent
}

// oracle knows what the database holds after a round.
type oracle struct {
	byKey  map[dinerKey]storedBooking
	bySlot map[dinerSlot]storedBooking
	booked map[reservation.SlotID]int // covers
	wrong  []string
}

type dinerKey struct {
	diner uuid.UUID
	key   string
}

type dinerSlot struct {
	diner uuid.UUID
	slot  reservation.SlotID
}

func (o *oracle) report(format string, args ...any) {
	o.wrong = append(o.wrong, fmt.Sprintf(format, args...))
}

// contradictions lists the results of a round that the database contradicts.
// Nothing is cancelled in a round, so the covers left only shrink: a refusal must
// also be true at the end, and a key that was refused cannot have booked.
func contradictions(sent []result, rows []storedBooking, counters map[reservation.SlotID]int) []string {
	o := &oracle{byKey: map[dinerKey]storedBooking{}, bySlot: map[dinerSlot]storedBooking{}, booked: map[reservation.SlotID]int{}}
	for _, r := range rows {
		key, slot := dinerKey{r.diner, r.key}, dinerSlot{r.diner, r.slot}
		if _, twice := o.byKey[key]; twice {
			o.report("key %s of %s booked twice", r.key, r.diner)
		}
		if _, twice := o.bySlot[slot]; twice {
			o.report("%s has slot %d twice", r.diner, r.slot)
		}
		o.byKey[key], o.bySlot[slot] = r, r
		o.booked[r.slot] += r.party
	}
	for slot, n := range counters {
		if n != o.booked[slot] || n > oracleCovers {
			o.report("slot %d: the counter is %d, the rows have %d, the capacity is %d", slot, n, o.booked[slot], oracleCovers)
		}
	}
	created := map[uuid.UUID]bool{} // reservations that a result has reported as new
	for _, r := range sent {
		if r.err != nil {
			o.checkRefusal(r)
			continue
		}
		o.checkSuccess(r)
		if created[r.out.ID] && !r.out.Replayed {
			o.report("%s is new in two results", r.out.ID)
		}
		created[r.out.ID] = created[r.out.ID] || !r.out.Replayed
	}
	for _, r := range rows {
		if !created[r.id] {
			o.report("%s was booked and no result reported it as new", r.id)
		}
	}
	return o.wrong
}

// stored returns what r's key has booked, and whether it was for the same body.
func (o *oracle) stored(r result) (own storedBooking, known, same bool) {
	own, known = o.byKey[dinerKey{r.DinerID, r.Key}]
	return own, known, known && own.hash == string(r.RequestHash)
}

func (o *oracle) checkSuccess(r result) {
	own, _, same := o.stored(r)
	switch {
	case !same:
		o.report("a success whose key has no record of that request")
	case r.out.ID != own.id || r.out.Party != own.party || r.out.SlotID != own.slot:
		o.report("got %s for %d covers, the key has booked %s for %d", r.out.ID, r.out.Party, own.id, own.party)
	case r.out.Replayed == (r.out.ID == r.ID):
		o.report("replayed is %v, and the reservation is the request's own: %v", r.out.Replayed, r.out.ID == r.ID)
	}
}

func (o *oracle) checkRefusal(r result) {
	_, known, same := o.stored(r)
	onSlot, hasSlot := o.bySlot[dinerSlot{r.DinerID, r.SlotID}]
	left := oracleCovers - o.booked[r.SlotID]
	switch reason := fault.ReasonOf(r.err); {
	case reason == "idempotency_key_reused" && (!known || same):
		o.report("idempotency_key_reused for a key without another request")
	case reason == "idempotency_key_reused":
	case same:
		o.report("refused with %s, although the key has booked", reason)
	case reason == "already_booked" && (!hasSlot || onSlot.key == r.Key):
		o.report("already_booked without another booking on the slot")
	case reason == "already_booked":
	case reason == "slot_full" && r.Party <= left:
		o.report("slot_full for a party of %d with %d covers left", r.Party, left)
	case reason == "slot_full":
		if available, _ := fault.Of(r.err).Extra["available"].(int); available < left || available >= r.Party {
			o.report("slot_full for a party of %d with available %d; %d were left in the end", r.Party, available, left)
		}
	default:
		o.report("failed: %v", r.err)
	}
}

// readState reads what a round has left in the database.
func readState(t testing.TB, conn *pgx.Conn) (rows []storedBooking, counters map[reservation.SlotID]int) {
	t.Helper()
	found, _ := conn.Query(t.Context(), `
SELECT r.id, r.diner_id, r.slot_id, r.party, coalesce(i.key, ''), coalesce(convert_from(i.body_hash, 'UTF8'), '')
FROM reservations r
LEFT JOIN idempotency i ON i.diner_id = r.diner_id AND (i.answer->>'id')::uuid = r.id
  AND i.op = 'book' AND i.answer->>'version' = '1' AND i.answer->>'status' = 'confirmed'`)
	rows, err := pgx.CollectRows(found, func(row pgx.CollectableRow) (b storedBooking, err error) {
		return b, row.Scan(&b.id, &b.diner, &b.slot, &b.party, &b.key, &b.hash)
	})
	if err != nil {
		t.Fatal(err)
	}
	counters = map[reservation.SlotID]int{}
	found, _ = conn.Query(t.Context(), "SELECT id, booked FROM slots")
	var slot reservation.SlotID
	var n int
	if _, err := pgx.ForEachRow(found, []any{&slot, &n}, func() error { counters[slot] = n; return nil }); err != nil {
		t.Fatal(err)
	}
	var events int
	err = conn.QueryRow(t.Context(), `SELECT count(*) FROM outbox o JOIN reservations r ON r.id = o.reservation_id
WHERE o.kind = 'reservation.confirmed' AND o.payload->>'id' = r.id::text AND o.created_at = r.created_at`).Scan(&events)
	if err != nil {
		t.Fatal(err)
	}
	if events != len(rows) {
		t.Errorf("%d events for %d bookings", events, len(rows))
	}
	return rows, counters
}

// runRounds runs rounds until one has contradictions, at most n.
func runRounds(t testing.TB, n int, url string, replicas []bookFunc) (round int, wrong []string) {
	t.Helper()
	insertSlots(t, url, oracleSlots, oracleCovers)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	for round = range n {
		if _, err := conn.Exec(t.Context(), "TRUNCATE reservations, idempotency, outbox; UPDATE slots SET booked = 0"); err != nil {
			t.Fatal(err)
		}
		sent := sendRandomBookings(t, rand.New(rand.NewPCG(uint64(round), 4)), replicas)
		rows, counters := readState(t, conn)
		if wrong = contradictions(sent, rows, counters); len(wrong) > 0 {
			break
		}
	}
	return round, wrong
}

func TestResultsAgreeWithTheDatabase(t *testing.T) {
	url := postgrestest.Database(t)
	replicas := []bookFunc{open(t, url).Book, open(t, url).Book}
	if round, wrong := runRounds(t, 150, url, replicas); len(wrong) > 0 {
		t.Errorf("round %d:\n%s", round, strings.Join(wrong, "\n"))
	}
}

// Control: the oracle must detect a store that reads before it writes.
func TestOracleDetectsReadThenWrite(t *testing.T) {
	url := postgrestest.Database(t)
	store := open(t, url)
	var replicas []bookFunc
	for range 2 {
		b, err := strategies.Open(t.Context(), strategies.ReadThenWrite, url, postgres.SessionSettings(), store)
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		replicas = append(replicas, b.Book)
	}
	if _, wrong := runRounds(t, 150, url, replicas); len(wrong) == 0 {
		t.Error("150 rounds without a contradiction")
	}
}
