package postgrestest

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"jari.example/internal/serve"
)

// Migrates checks of a daemon that `-task migrate` makes its schema in an empty database and ends,
// and that a second time changes nothing.
func Migrates(t *testing.T, run serve.Program) {
	t.Helper()
	url := Database(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var versions []int
	for range 2 {
		var stdout, stderr bytes.Buffer
		args := []string{"--task", "migrate", "--database-url", url, "--environment", "test", "--ops-addr", "127.0.0.1:0"}
		if err := run(ctx, args, func(string) string { return "" }, &stdout, &stderr); err != nil {
			t.Fatalf("%v; %s%s", err, &stdout, &stderr)
		}
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			t.Fatal(err)
		}
		var version int
		if err := conn.QueryRow(ctx, "SELECT version FROM schema_version").Scan(&version); err != nil {
			t.Error(err)
		}
		_ = conn.Close(ctx) // it was only read
		versions = append(versions, version)
	}
	if versions[0] == 0 || versions[0] != versions[1] {
		t.Errorf("the versions of the schema are %v", versions)
	}
}
