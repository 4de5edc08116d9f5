package ask

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"jari.example/alerting/query"
)

// sql runs a statement in a read-only transaction of a read-only session.
func (c Client) sql(ctx context.Context, s query.SQL) (t query.Table, err error) {
	if c.Addresses.Database == "" {
		return t, query.MissingError{Name: query.DatabaseURL}
	}
	config, err := pgx.ParseConfig(c.Addresses.Database)
	if err != nil {
		return t, errors.New("the address of the database is no URL of PostgreSQL") // err would print the password
	}
	config.RuntimeParams["default_transaction_read_only"] = "on"
	config.RuntimeParams["application_name"] = "jarictl"
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return t, fmt.Errorf("PostgreSQL does not respond: %s", why(err))
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
