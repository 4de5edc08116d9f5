package postgres_test

import (
	"context"
	"fmt"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"jari.example/internal/fault"
	"jari.example/internal/postgres/postgrestest"
	"jari.example/services/reservation"
	"jari.example/services/reservation/postgres"
	"jari.example/services/reservation/strategies"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
)

type bookFunc func(context.Context, reservation.Booking) (reservation.Outcome, error)

// kept is what the database holds after a round.
type kept struct {
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

// play lets a crowd of a few diners with a few keys each loose on three small
// slots, all at once and through every replica.
func play(t testing.TB, random *rand.Rand, replicas []bookFunc) (asked []answered) {
	t.Helper()
	diners, keys := make([]uuid.UUID, 14), []string{"a", "b", "c"}
	for i := range diners {
		diners[i] = uuid.New()
	}
	for range 60 {
		b := someBooking(reservation.SlotID(1+random.IntN(oracleSlots)), 1+random.IntN(6))
		b.DinerID, b.Key = diners[random.IntN(len(diners))], keys[random.IntN(len(keys))]
		if len(asked) > 0 && random.IntN(3) == 0 { // a retry beside its original, or soon after
			o := asked[random.IntN(len(asked))]
			b.DinerID, b.Key, b.SlotID, b.Party = o.DinerID, o.Key, o.SlotID, o.Party
		}
		b.RequestHash = fmt.Appendf(nil, "%d/%d", b.SlotID, b.Party)
		asked = append(asked, answered{Booking: b})
	}
	var wg sync.WaitGroup
	for i := range asked {
		book := replicas[random.IntN(len(replicas))]
		wg.Go(func() { asked[i].out, asked[i].err = book(t.Context(), asked[i].Booking) })
	}
	wg.Wait()
	return asked
}

// examine lists what in the answers of a round the database does not explain.
// Nothing is given back in a round, so what is left only shrinks: a refusal must
// be true of the end, too, and who was refused under a key cannot have booked
// with it.
func examine(asked []answered, rows []kept, booked map[reservation.SlotID]int) (wrong []string) {
	blame := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	type name struct {
		diner uuid.UUID
		key   string
	}
	type place struct {
		diner uuid.UUID
		slot  reservation.SlotID
	}
	byKey, byPlace, sold := map[name]kept{}, map[place]kept{}, map[reservation.SlotID]int{}
	for _, r := range rows {
		if _, twice := byKey[name{r.diner, r.key}]; twice {
			blame("key %s of %s booked twice", r.key, r.diner)
		}
		if _, twice := byPlace[place{r.diner, r.slot}]; twice {
			blame("%s has slot %d twice", r.diner, r.slot)
		}
		byKey[name{r.diner, r.key}], byPlace[place{r.diner, r.slot}] = r, r
		sold[r.slot] += r.party
	}
	for slot, n := range booked {
		if n != sold[slot] || n > oracleCovers {
			blame("slot %d: the counter says %d, the rows %d, of %d", slot, n, sold[slot], oracleCovers)
		}
	}
	fresh := map[uuid.UUID]bool{}
	for _, a := range asked {
		mine, remembered := byKey[name{a.DinerID, a.Key}]
		same := remembered && mine.hash == string(a.RequestHash)
		there, holds := byPlace[place{a.DinerID, a.SlotID}]
		left := oracleCovers - sold[a.SlotID]
		switch reason := fault.ReasonOf(a.err); {
		case a.err == nil && !same:
			blame("answered with a booking of which its key knows nothing")
		case a.err == nil && (a.out.ID != mine.id || a.out.Party != mine.party || a.out.SlotID != mine.slot):
			blame("answered with %s for %d, its key has %s for %d", a.out.ID, a.out.Party, mine.id, mine.party)
		case a.err == nil && a.out.Replayed == (a.out.ID == a.ID):
			blame("a booking of one's own is none of before, and the other way round")
		case a.err == nil:
			if fresh[a.out.ID] && !a.out.Replayed {
				blame("%s is new twice", a.out.ID)
			}
			fresh[a.out.ID] = fresh[a.out.ID] || !a.out.Replayed
		case reason == "idempotency_key_reused" && (!remembered || same):
			blame("told of another request under a key that has none")
		case reason == "idempotency_key_reused":
		case same:
			blame("refused with %s, and booked under that key", reason)
		case reason == "already_booked" && (!holds || there.key == a.Key):
			blame("told of a booking that is not there")
		case reason == "already_booked":
		case reason == "slot_full" && a.Party <= left:
			blame("a party of %d was refused with %d left", a.Party, left)
		case reason == "slot_full":
			if available, _ := fault.Of(a.err).Extra["available"].(int); available < left || available >= a.Party {
				blame("a party of %d was told that %d are left; %d were in the end", a.Party, available, left)
			}
		default:
			blame("failed: %v", a.err)
		}
	}
	for _, r := range rows {
		if !fresh[r.id] {
			blame("%s was booked and nobody was told", r.id)
		}
	}
	return wrong
}

// look reads what a round has left.
func look(t testing.TB, conn *pgx.Conn) (rows []kept, booked map[reservation.SlotID]int) {
	t.Helper()
	found, _ := conn.Query(t.Context(), `
SELECT r.id, r.diner_id, r.slot_id, r.party, coalesce(i.key, ''), coalesce(convert_from(i.body_hash, 'UTF8'), '')
FROM reservations r
LEFT JOIN idempotency i ON i.diner_id = r.diner_id AND (i.answer->>'id')::uuid = r.id
  AND i.op = 'book' AND i.answer->>'version' = '1' AND i.answer->>'status' = 'confirmed'`)
	rows, err := pgx.CollectRows(found, func(row pgx.CollectableRow) (k kept, err error) {
		return k, row.Scan(&k.id, &k.diner, &k.slot, &k.party, &k.key, &k.hash)
	})
	if err != nil {
		t.Fatal(err)
	}
	booked = map[reservation.SlotID]int{}
	found, _ = conn.Query(t.Context(), "SELECT id, booked FROM slots")
	var slot reservation.SlotID
	var n int
	if _, err := pgx.ForEachRow(found, []any{&slot, &n}, func() error { booked[slot] = n; return nil }); err != nil {
		t.Fatal(err)
	}
	var told int
	err = conn.QueryRow(t.Context(), `SELECT count(*) FROM outbox o JOIN reservations r ON r.id = o.reservation_id
WHERE o.kind = 'reservation.confirmed' AND o.payload->>'id' = r.id::text AND o.created_at = r.created_at`).Scan(&told)
	if err != nil {
		t.Fatal(err)
	}
	if told != len(rows) {
		t.Errorf("%d events for %d bookings", told, len(rows))
	}
	return rows, booked
}

// rounds plays until something is wrong, at most n times.
func rounds(t testing.TB, n int, url string, replicas []bookFunc) (round int, wrong []string) {
	t.Helper()
	makeSlots(t, url, oracleSlots, oracleCovers)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	for round = range n {
		if _, err := conn.Exec(t.Context(), "TRUNCATE reservations, idempotency, outbox; UPDATE slots SET booked = 0"); err != nil {
			t.Fatal(err)
		}
		asked := play(t, rand.New(rand.NewPCG(uint64(round), 4)), replicas)
		rows, booked := look(t, conn)
		if wrong = examine(asked, rows, booked); len(wrong) > 0 {
			break
		}
	}
	return round, wrong
}

func TestEveryAnswerIsExplainedByWhatIsKept(t *testing.T) {
	url := postgrestest.Database(t)
	replicas := []bookFunc{open(t, url).Book, open(t, url).Book}
	if round, wrong := rounds(t, 150, url, replicas); len(wrong) > 0 {
		t.Errorf("round %d:\n%s", round, strings.Join(wrong, "\n"))
	}
}

// The examination is worth nothing if it lets reading before writing pass.
func TestReadingBeforeWritingIsConvicted(t *testing.T) {
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
	if _, wrong := rounds(t, 150, url, replicas); len(wrong) == 0 {
		t.Error("150 rounds, and nothing wrong with it")
	}
}
