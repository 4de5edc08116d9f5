package postgres

import (
	"encoding/json"
	"testing"
	"time"

	"jari.example/internal/postgres/postgrestest"
)

const burst = `
alter table events set (autovacuum_enabled = false);
insert into events (id, kind, occurred_at, diner_id, reservation_id, restaurant_id, slot_id, starts_at, time_zone,
  party, note, traceparent, accepted_at, due_at, state, settled_at)
select gen_random_uuid(), 'reservation.confirmed', now(), gen_random_uuid(), gen_random_uuid(), 'mosu', '42', now(), 'Asia/Seoul',
  2, '', '', now(), case when i % 100 = 0 then now() else now() + interval '1 hour' end,
  case when i <= 20000 then 'sent' else 'pending' end, case when i <= 20000 then now() end
from generate_series(1, 40000) as i`

// A burst arrives before PostgreSQL has counted the table again, and most of its mails
// are postponed. The plan must not depend on the number of mails: each prepared
// statement gets a generic one.
func TestALeaseReadsFewRowsHoweverManyWait(t *testing.T) {
	url := postgrestest.Database(t)
	s, err := Open(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	postgrestest.Exec(t, url, burst)
	conn, err := s.pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	if _, err := conn.Exec(t.Context(), "set plan_cache_mode = force_generic_plan"); err != nil {
		t.Fatal(err)
	}
	var text []byte
	now := time.Now().Add(time.Second)
	err = conn.QueryRow(t.Context(), "explain (analyze, buffers, format json) "+leaseSQL, 16, now, now.Add(time.Minute)).Scan(&text)
	if err != nil {
		t.Fatal(err)
	}
	var plans []struct {
		Plan struct {
			Rows int `json:"Actual Rows"`
			Hit  int `json:"Shared Hit Blocks"`
			Read int `json:"Shared Read Blocks"`
		}
	}
	if err := json.Unmarshal(text, &plans); err != nil {
		t.Fatal(err)
	}
	if p := plans[0].Plan; p.Rows != 16 || p.Hit+p.Read > 500 {
		t.Errorf("it leased %d rows and read %d blocks:\n%s", p.Rows, p.Hit+p.Read, text)
	}
}
