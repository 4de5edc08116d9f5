package postgres

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"jari.example/internal/postgres/postgrestest"
)

func TestAHolderThatIsStoppedInsideATransactionDoesNotKeepTheLease(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	url := postgrestest.Database(t)
	stopped, err := Open(ctx, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer stopped.Close()
	other, err := Open(ctx, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	term, ok, err := stopped.Acquire(ctx, "stopped", time.Microsecond) // it ends at once
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	err = stopped.fenced(ctx, term, func(pgx.Tx) error {
		next, ok, err := other.Acquire(ctx, "other", time.Minute)
		if err != nil || !ok || next == term {
			t.Errorf("the other replica acquires the lease: %v, term %d, %v", ok, next, err)
		}
		return nil
	})
	if err == nil {
		t.Error("the transaction of the stopped holder was committed")
	}
}
