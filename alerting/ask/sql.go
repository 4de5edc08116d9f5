package ask

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"jari.example/alerting/query"
)

// sql runs a statement in a read-only transaction of a read-only session.
func (c Client) sql(ctx context.Context, s query.SQL) (t query.Table, err error) {
	if c.Addresses.Database == "" {
		return t, query.Missing(query.DatabaseURL)
	}
	config, err := pgx.ParseConfig(c.Addresses.Database)
	if err != nil {
		return t, query.Callerf("the address of the database is no URL of PostgreSQL") // err would print the password
	}
	config.RuntimeParams["default_transaction_read_only"] = "on"
	config.RuntimeParams["application_name"] = "jarictl"
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return t, connectError(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{AccessMode: pgx.ReadOnly})
	if err != nil {
		return t, fmt.Errorf("PostgreSQL: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	rows, err := tx.Query(ctx, s.Statement)
	if err != nil {
		return t, fmt.Errorf("PostgreSQL: %w", err)
	}
	defer rows.Close()
	for _, f := range rows.FieldDescriptions() {
		t.Columns = append(t.Columns, f.Name)
	}
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return t, fmt.Errorf("PostgreSQL: %w", err)
		}
		for i, v := range values {
			values[i] = number(v)
		}
		t.Rows = append(t.Rows, values)
	}
	if err := rows.Err(); err != nil {
		return t, fmt.Errorf("PostgreSQL: %w", err)
	}
	if !slices.Equal(t.Columns, s.Columns) {
		return t, fmt.Errorf("the statement has the columns %v, but the query says %v", t.Columns, s.Columns)
	}
	return t, nil
}

// connectError says why there is no connection. Only a wrong user, password or database is
// the caller's mistake: classes 28 and 3D of PostgreSQL's error codes.
func connectError(err error) error {
	refused, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case !ok:
		return fmt.Errorf("PostgreSQL does not respond: %s", why(err))
	case strings.HasPrefix(refused.Code, "28"), strings.HasPrefix(refused.Code, "3D"):
		return query.Callerf("PostgreSQL refuses -%s: %s", query.DatabaseURL, refused.Message)
	}
	return fmt.Errorf("PostgreSQL refuses: %s", refused.Message)
}

// number turns whole numbers into the only type of numbers that a table has.
func number(value any) any {
	switch v := value.(type) {
	case int16:
		return float64(v)
	case int32:
		return float64(v)
	case int64:
		return float64(v)
	case uint32: // an oid
		return float64(v)
	}
	return value
}
