// Package postgres stores accounts in PostgreSQL.
package postgres

import (
	"context"
	"embed"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"jari.example/internal/postgres"
	"jari.example/internal/secret"
	"jari.example/services/user"
	"jari.example/telemetry/pgxtelemetry"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is a [user.Store].
type Store struct{ pool *pgxtelemetry.Pool }

var _ user.Store = (*Store)(nil)

// Open connects to the database at url and migrates its schema. waiting is called
// before each retry while the server cannot be reached; it may be nil.
func Open(ctx context.Context, url string, waiting func(error)) (*Store, error) {
	pool, err := postgres.Open(ctx, postgres.Config{Name: "user", URL: url, Migrations: migrations, Waiting: waiting})
	if err != nil {
		return nil, err
	}
	return &Store{pool}, nil
}

// Close waits for running calls and closes the connections.
func (s *Store) Close() { s.pool.Close() }

// Ping implements [user.Store].
func (s *Store) Ping(ctx context.Context) error { return postgres.Explain(s.pool.Ping(ctx)) }

const columns = `id, email, name, locale, role, own, password, created_at, phone`

const insertSQL = `-- name: user.insert
INSERT INTO users (` + columns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (email) DO NOTHING`

// Insert implements [user.Store]. A taken address is no error of the statement,
// because the server would write the address into its log.
func (s *Store) Insert(ctx context.Context, u user.User) error {
	done, err := s.pool.Exec(ctx, insertSQL, u.ID, u.Email.Reveal(), u.Name.Reveal(), u.Locale, u.Role, u.Own, u.Password.Reveal(),
		u.CreatedAt, u.Phone.Reveal())
	if err == nil && done.RowsAffected() == 0 {
		return user.EmailTaken()
	}
	return postgres.Explain(err)
}

const byEmailSQL = `-- name: user.by_email
SELECT ` + columns + ` FROM users WHERE email = $1`

// ByEmail implements [user.Store].
func (s *Store) ByEmail(ctx context.Context, email secret.String) (user.User, error) {
	return s.one(ctx, byEmailSQL, email.Reveal())
}

const byIDSQL = `-- name: user.by_id
SELECT ` + columns + ` FROM users WHERE id = $1`

// ByID implements [user.Store].
func (s *Store) ByID(ctx context.Context, id uuid.UUID) (user.User, error) {
	return s.one(ctx, byIDSQL, id)
}

const byIDsSQL = `-- name: user.by_ids
SELECT ` + columns + ` FROM users WHERE id = ANY($1)`

// ByIDs implements [user.Store].
func (s *Store) ByIDs(ctx context.Context, ids []uuid.UUID) ([]user.User, error) {
	rows, _ := s.pool.Query(ctx, byIDsSQL, ids)
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[row])
	if err != nil {
		return nil, postgres.Explain(err)
	}
	users := make([]user.User, len(found))
	for i, r := range found {
		users[i] = r.user()
	}
	return users, nil
}

const grantSQL = `-- name: user.grant
UPDATE users SET role = $2, own = $3 WHERE id = $1 RETURNING ` + columns

// Grant implements [user.Store].
func (s *Store) Grant(ctx context.Context, g user.Grant) (user.User, error) {
	return s.one(ctx, grantSQL, g.ID, g.Role, g.Own)
}

// row is a User as the driver scans it.
type row struct {
	ID           uuid.UUID
	Email, Name  string
	Locale, Role string
	Own          []string
	Password     string
	CreatedAt    time.Time
	Phone        string
}

func (r row) user() user.User {
	return user.User{
		ID: r.ID, Email: secret.New(r.Email), Name: secret.New(r.Name), Phone: secret.New(r.Phone),
		Locale: r.Locale, Role: r.Role, Own: r.Own, Password: secret.New(r.Password), CreatedAt: r.CreatedAt.UTC(),
	}
}

func (s *Store) one(ctx context.Context, sql string, args ...any) (user.User, error) {
	rows, _ := s.pool.Query(ctx, sql, args...)
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[row])
	if errors.Is(err, pgx.ErrNoRows) {
		return user.User{}, user.NotFound()
	}
	if err != nil {
		return user.User{}, postgres.Explain(err)
	}
	return r.user(), nil
}
