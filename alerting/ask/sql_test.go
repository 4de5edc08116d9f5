package ask

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"jari.example/alerting/query"
	"jari.example/telemetry/names/realpart"
)

func TestEveryStatementRunsInPostgreSQL(t *testing.T) {
	c := Client{Addresses{Database: realpart.Need(t, realpart.Postgres)}, 10 * time.Second}
	statements := 0
	for name, q := range builtIn(t) {
		if q.SQL == nil {
			continue
		}
		statements++
		if _, err := c.Ask(t.Context(), q, query.Options{Region: "kr"}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if statements < 3 {
		t.Errorf("only %d statements were tried", statements)
	}
}

func TestAStatementCannotWrite(t *testing.T) {
	c := Client{Addresses{Database: realpart.Need(t, realpart.Postgres)}, 10 * time.Second}
	q := query.Query{SQL: &query.SQL{Columns: []string{"x"}, Statement: "create table jarictl_wrote (x int)"}} // lint refuses it, too
	if _, err := c.Ask(t.Context(), q, query.Options{}); err == nil || !strings.Contains(err.Error(), "read-only transaction") {
		t.Errorf("got %v", err)
	}
}

func TestValuesOfAStatementAreThoseOfATable(t *testing.T) {
	c := Client{Addresses{Database: realpart.Need(t, realpart.Postgres)}, 10 * time.Second}
	q := query.Query{SQL: &query.SQL{Columns: []string{"region", "n", "yes", "at", "f", "none"},
		Statement: `select 'kr' as region, 5 as n, true as yes, now() as at, 1.5::float8 as f, null as none
			union all select null, 6, false, now(), 0, null
			union all select 'us', 7, false, now(), 0, null`}}
	answer, err := c.Ask(t.Context(), q, query.Options{Region: "kr"})
	if err != nil || len(answer.Rows) != 2 {
		t.Fatalf("got %v, %v; what belongs to no region belongs to all", answer, err)
	}
	row := answer.Rows[0]
	if _, isTime := row[3].(time.Time); row[1] != 5.0 || row[2] != true || !isTime || row[4] != 1.5 || row[5] != nil {
		t.Errorf("got %v", row)
	}
	q.SQL.Columns = []string{"region"}
	if _, err := c.Ask(t.Context(), q, query.Options{}); err == nil || !strings.Contains(err.Error(), "but the query says [region]") {
		t.Errorf("other columns than the query says: %v", err)
	}
}

func TestDoesNotPrintThePasswordOfTheDatabase(t *testing.T) {
	for address, want := range map[string]string{
		"postgres://u:secret@127.0.0.1:1/postgres": "PostgreSQL does not respond: refused",
		"postgres://u:secret@%zz/x":                "is no URL of PostgreSQL",
	} {
		_, err := Client{Addresses{Database: address}, time.Second}.Ask(t.Context(), builtIn(t)["database"], query.Options{})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestAWrongPasswordDoesNotMeanThatPostgreSQLIsDown(t *testing.T) {
	for code, caller := range map[string]bool{"28P01": true, "28000": true, "3D000": true, "53300": false, "57P03": false} {
		err := connectError(fmt.Errorf("connect: %w", &pgconn.PgError{Code: code, Message: "sorry"}))
		if _, is := errors.AsType[query.CallerError](err); is != caller || !strings.Contains(err.Error(), "sorry") {
			t.Errorf("%s: %v", code, err)
		}
	}
}
