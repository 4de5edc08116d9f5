package postgres

import (
	"context"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Provision makes the database and the user of url if they are missing, and sets the user's
// password, by the administrator admin: a user who may make databases and users, and need be no
// superuser. The user owns the database, and nobody else may connect to it but the readers, other
// users of the same database who may read every table. Provision may be repeated. Without an
// admin it does nothing.
func Provision(ctx context.Context, admin, url string, readers ...string) error {
	if admin == "" {
		return nil
	}
	owner, err := connConfig(url)
	if err != nil {
		return err
	}
	by, err := connConfig(admin)
	if err != nil {
		return err
	}
	err = with(ctx, by, func(conn *pgx.Conn) error {
		if err := setUser(ctx, conn, owner); err != nil {
			return err
		}
		for _, r := range readers {
			reader, err := connConfig(r)
			if err != nil {
				return err
			}
			if err := setUser(ctx, conn, reader); err != nil {
				return err
			}
		}
		return makeDatabase(ctx, conn, owner)
	})
	if err != nil {
		return fmt.Errorf("make the database %s and its users: %w", owner.Database, err)
	}
	err = with(ctx, owner, func(conn *pgx.Conn) error { return grant(ctx, conn, owner, readers) })
	if err != nil {
		return fmt.Errorf("grant rights in the database %s: %w", owner.Database, err)
	}
	return nil
}

func connConfig(url string) (*pgx.ConnConfig, error) {
	config, err := pgxpool.ParseConfig(url) // it knows the settings of a pool, too
	if err != nil {
		return nil, errors.New("database URL: PostgreSQL cannot parse it") // err would print the password
	}
	return config.ConnConfig, nil
}

// with calls do with a connection.
func with(ctx context.Context, config *pgx.ConnConfig, do func(*pgx.Conn) error) error {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	return errors.Join(do(conn), conn.Close(context.WithoutCancel(ctx)))
}

// setUser makes a user if it is missing, and sets its password. PostgreSQL gets a verifier, so
// that no log can show the password.
func setUser(ctx context.Context, conn *pgx.Conn, user *pgx.ConnConfig) error {
	var exists bool
	if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)`, user.User).Scan(&exists); err != nil {
		return err
	}
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // it never fails
	verifier, err := scram(user.Password, salt)
	if err != nil {
		return err
	}
	verb := "CREATE"
	if exists {
		verb = "ALTER"
	}
	// A statement about users takes no parameters. The verifier has no character that ends a text.
	_, err = conn.Exec(ctx, fmt.Sprintf(`%s ROLE %s LOGIN PASSWORD '%s'`, verb, pgx.Identifier{user.User}.Sanitize(), verifier))
	return err
}

// scramIterations is what PostgreSQL's own scram_iterations is by default.
const scramIterations = 4096

// scram is what PostgreSQL stores of a password (RFC 5803, RFC 7677).
func scram(password string, salt []byte) (string, error) {
	salted, err := pbkdf2.Key(sha256.New, password, salt, scramIterations, sha256.Size)
	if err != nil {
		return "", err
	}
	keyed := func(text string) []byte {
		mac := hmac.New(sha256.New, salted)
		mac.Write([]byte(text))
		return mac.Sum(nil)
	}
	stored := sha256.Sum256(keyed("Client Key"))
	text := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", scramIterations, text(salt), text(stored[:]), text(keyed("Server Key"))), nil
}

func makeDatabase(ctx context.Context, conn *pgx.Conn, owner *pgx.ConnConfig) error {
	var exists bool
	if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, owner.Database).Scan(&exists); err != nil || exists {
		return err
	}
	user := pgx.Identifier{owner.User}.Sanitize()
	// Only a member of a user may make a database that it owns.
	if _, err := conn.Exec(ctx, fmt.Sprintf(`GRANT %s TO CURRENT_USER`, user)); err != nil {
		return err
	}
	_, err := conn.Exec(ctx, fmt.Sprintf(`CREATE DATABASE %s OWNER %s`, pgx.Identifier{owner.Database}.Sanitize(), user))
	return err
}

// grant closes the database to others and opens it to the readers. The owner's later tables are
// theirs to read, too.
func grant(ctx context.Context, conn *pgx.Conn, owner *pgx.ConnConfig, readers []string) error {
	database := pgx.Identifier{owner.Database}.Sanitize()
	statements := []string{`REVOKE ALL ON DATABASE ` + database + ` FROM PUBLIC`}
	for _, r := range readers {
		config, err := connConfig(r)
		if err != nil {
			return err
		}
		reader := pgx.Identifier{config.User}.Sanitize()
		statements = append(statements,
			`GRANT CONNECT ON DATABASE `+database+` TO `+reader,
			`GRANT SELECT ON ALL TABLES IN SCHEMA public TO `+reader,
			`ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO `+reader)
	}
	for _, s := range statements {
		if _, err := conn.Exec(ctx, s); err != nil {
			return err
		}
	}
	return nil
}
