package postgres_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"jari.example/alerting/count"
	"jari.example/alerting/postgres"
	"jari.example/alerting/slo"
	"jari.example/alerting/storetest"
	"jari.example/internal/postgres/postgrestest"
)

func open(t *testing.T) storetest.Store {
	s, err := postgres.Open(t.Context(), postgrestest.Database(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestStore(t *testing.T) { storetest.Run(t, open) }

// The unique index protects against a mistake in the code.
func TestTheTableRejectsASecondOpenIncident(t *testing.T) {
	url := postgrestest.Database(t)
	s, err := postgres.Open(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	insert := `insert into incident (id, slo, severity, started_at, opened_at, updated_at, facts)
		values (gen_random_uuid(), 'a', 'page', now(), now(), now(), '{}')`
	if _, err := conn.Exec(t.Context(), insert); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), insert); err == nil || !strings.Contains(err.Error(), "one_open_incident_per_slo") {
		t.Errorf("a second open incident: %v", err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// A tick without new events must not write: at time scale 60, six ticks a second
// would rewrite the same buckets again and again.
func TestSavingUnchangedBucketsWritesNothing(t *testing.T) {
	url := postgrestest.Database(t)
	s, err := postgres.Open(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	term, _, err := s.Acquire(t.Context(), "me", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC)
	batch := count.Batch{Span: count.Span{From: now, To: now.Add(2 * time.Minute)}, Buckets: map[slo.Key][]count.Bucket{
		"a": {{At: now, Count: slo.Count{Good: 1}}, {At: now.Add(time.Minute), Count: slo.Count{Bad: 1}}},
	}}
	versions := func() (v string) {
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close(t.Context()) }()
		err = conn.QueryRow(t.Context(), `select string_agg(v, ' ') from (
			select xmin::text || ctid::text as v from bucket union all
			select xmin::text from progress union all select xmin::text from hour order by 1) _`).Scan(&v)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	save := func() {
		if err := s.Save(t.Context(), term, batch); err != nil {
			t.Fatal(err)
		}
	}
	save()
	before := versions()
	save()
	if after := versions(); after != before {
		t.Errorf("rows were rewritten: %s → %s", before, after)
	}
	batch.Buckets["a"][1].Bad = 2
	save()
	if after := versions(); after == before {
		t.Error("an event that arrived late was not written")
	}
}
