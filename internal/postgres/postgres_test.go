package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"golang.org/x/sync/errgroup"

	"jari.example/internal/fault"
	"jari.example/internal/faultinject"
	"jari.example/internal/postgres"
	"jari.example/internal/postgres/postgrestest"
	"jari.example/internal/wait"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

var migrations = fstest.MapFS{"migrations/001_things.sql": {Data: []byte(`
create table things (id int primary key, name text constraint name_free unique);
---- create above / drop below ----
drop table things;
`)}}

func TestReplicasThatStartTogetherMigrateOnce(t *testing.T) {
	url := postgrestest.Database(t)
	var group errgroup.Group
	for range 4 {
		group.Go(func() error {
			pool, err := postgres.Open(t.Context(), postgres.Config{URL: url, Migrations: migrations})
			if err == nil {
				pool.Close()
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
}

func TestAProcessOfTheVersionBeforeStartsAfterAMigration(t *testing.T) {
	url := postgrestest.Database(t)
	next := fstest.MapFS{"migrations/002_colour.sql": {Data: []byte("alter table things add colour text;\n")}}
	maps.Copy(next, migrations)
	for _, version := range []fstest.MapFS{next, migrations} {
		pool, err := postgres.Open(t.Context(), postgres.Config{URL: url, Migrations: version})
		if err != nil {
			t.Fatal(err)
		}
		defer pool.Close()
		if _, err := pool.Exec(t.Context(), "insert into things (id) values ($1)", len(version)); err != nil {
			t.Error(err)
		}
	}
}

func TestRefusedConnectionsAreUnavailableAndRecover(t *testing.T) {
	url := postgrestest.Database(t)
	pool, err := postgres.Open(t.Context(), postgres.Config{URL: url, Migrations: migrations})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	rec := telemetrytest.Start(t)
	ctx, request := otel.Tracer("test").Start(t.Context(), "request")
	accept := postgrestest.Refuse(t, url)
	for range 3 { // the first may still meet a connection that has just been ended
		start := time.Now()
		_, err = pool.Exec(ctx, "select 1")
		if got := fault.CodeOf(postgres.Explain(err)); got != fault.Unavailable {
			t.Errorf("got %q for %v", got, err)
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("failed only after %s", took)
		}
	}
	request.End()
	refused := rec.Span(t, names.SpanConnect)
	if refused.Parent().TraceID() != request.SpanContext().TraceID() || refused.Status().Description != "55000" {
		t.Errorf("the request's trace lacks the refused connection: %v %v", refused.Parent().TraceID(), refused.Status())
	}
	accept()
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if _, err = pool.Exec(t.Context(), "select 1"); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("did not recover: %v", err)
		}
	}
}

func TestFaultsDoNotContainArguments(t *testing.T) {
	url := postgrestest.Database(t)
	pool, err := postgres.Open(t.Context(), postgres.Config{URL: url, Migrations: migrations})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	const insert = "insert into things values ($1, $2)"
	_, err = pool.Exec(t.Context(), insert, "kim@example.com", "x") // cannot be encoded as int
	if f := fault.Of(postgres.Explain(err)); f.Code != fault.Internal || strings.Contains(f.Error(), "kim@") {
		t.Errorf("got %v", f)
	}
	for i := range 2 {
		_, err = pool.Exec(t.Context(), insert, i, "kim@example.com")
	}
	if f := fault.Of(postgres.Explain(err)); !strings.Contains(f.Error(), "23505 name_free") || strings.Contains(f.Error(), "kim@") {
		t.Errorf("got %v", f)
	}
}

func TestTheServersLogHasNoValuesOfAFailedStatement(t *testing.T) {
	pool, err := postgres.Open(t.Context(), postgres.Config{URL: postgrestest.Database(t), Migrations: fstest.MapFS{
		"migrations/001_people.sql": {Data: []byte(`
create table people (email text not null unique, note text not null, party int check (party > 0));
insert into people values ('taken@example.com', '', 1);
---- create above / drop below ----
drop table people;
`)}}})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	const insert = "insert into people values ($1, $2, $3)"
	log := postgrestest.ServerLog(t)
	for code, args := range map[string][]any{
		"23505": {"taken@example.com", "nut allergy", 1},
		"23514": {"kim@example.com", "nut allergy", 0}, // its detail has the whole row
		"23502": {"kim@example.com", nil, 1},
	} {
		_, err := pool.Exec(t.Context(), insert, args...)
		if pg, ok := errors.AsType[*pgconn.PgError](err); !ok || pg.Code != code {
			t.Fatalf("got %v, want SQLSTATE %s", err, code)
		}
	}
	got := log()
	if strings.Count(got, insert) < 3 {
		t.Errorf("the log lacks the failed statements, so the check proves nothing:\n%s", got)
	}
	for _, value := range []string{"taken@", "kim@", "allergy"} {
		if strings.Contains(got, value) {
			t.Errorf("the server's log has %q:\n%s", value, got)
		}
	}
}

func TestExplain(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want fault.Code
	}{
		"nil":                   {nil, ""},
		"a fault is unchanged":  {fmt.Errorf("x: %w", fault.New(fault.Conflict, "c", "c")), fault.Conflict},
		"the server shuts down": {&pgconn.PgError{Code: "57P01"}, fault.Unavailable},
		"a statement cancelled": {&pgconn.PgError{Code: "57014"}, fault.Timeout},
		"too many connections":  {&pgconn.PgError{Code: "53300"}, fault.Unavailable},
		"an invalid statement":  {&pgconn.PgError{Code: "42601"}, fault.Internal},
		"anything else":         {errors.New("?"), fault.Internal},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fault.CodeOf(postgres.Explain(c.err)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	if !errors.Is(postgres.Explain(pgx.ErrNoRows), pgx.ErrNoRows) {
		t.Error("ErrNoRows was replaced")
	}
}

func TestOpenRetriesUntilTheContextEnds(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	var delays []time.Duration
	last := time.Now()
	_, err := postgres.Open(ctx, postgres.Config{URL: "postgres://127.0.0.1:1/x", Migrations: migrations, Waiting: func(error) {
		delays = append(delays, time.Since(last))
		last = time.Now()
	}})
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "refused") {
		t.Errorf("got %v, want the deadline and the last cause", err)
	}
	if len(delays) < 2 || len(delays) > 3 || delays[1] < 100*time.Millisecond {
		t.Errorf("retries after %v, want 0, 100 ms, 200 ms", delays)
	}
}

func TestOpenDoesNotRetryAPermanentError(t *testing.T) {
	broken := fstest.MapFS{"migrations/001_things.sql": {Data: []byte("create tabel things ();\n")}}
	start := time.Now()
	_, err := postgres.Open(t.Context(), postgres.Config{
		URL: postgrestest.Database(t), Migrations: broken, Waiting: func(err error) { t.Errorf("retried after %v", err) },
	})
	if err == nil || !strings.Contains(err.Error(), "syntax error") {
		t.Errorf("got %v after %s, want the syntax error", err, time.Since(start))
	}
}

func TestAPoolIsBusyWhileItsFlagIsOn(t *testing.T) {
	url := postgrestest.Database(t)
	rec := telemetrytest.Start(t)
	path := filepath.Join(t.TempDir(), "flags.json")
	stop, err := faultinject.Start(path, rec.Logger)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	pool, err := postgres.Open(t.Context(), postgres.Config{Name: "busy", URL: url, MaxConns: 2, Migrations: migrations})
	if err != nil {
		t.Fatal(err)
	}
	busy := attribute.String(names.PoolName, "busy")
	await := func(what string, ok func(waiting int64) bool) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		if err := wait.Until(ctx, 5*time.Millisecond, func() bool { return ok(rec.Count(t, names.MetricPoolPending, busy)) }); err != nil {
			t.Fatal(what)
		}
	}
	on := `{"flags": {"pool-busy": {"state": "ENABLED", "defaultVariant": "on", "variants": {"on": {"waiting": 4, "hold_ms": 10}}}}}`
	if err := os.WriteFile(path, []byte(on), 0o644); err != nil {
		t.Fatal(err)
	}
	await("nobody waits", func(waiting int64) bool { return waiting >= 4 })
	if _, err := pool.Exec(t.Context(), "select 1"); err != nil {
		t.Errorf("a caller gets no connection any more: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	await("somebody still waits", func(waiting int64) bool { return waiting == 0 })
	if err := os.WriteFile(path, []byte(on), 0o644); err != nil {
		t.Fatal(err)
	}
	await("nobody waits again", func(waiting int64) bool { return waiting >= 4 })
	pool.Close() // must not wait for them
}
