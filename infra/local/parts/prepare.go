package parts

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"jari.example/internal/config"
)

// Prepare makes what the services need in servers that the launcher has not started
// (compose.yaml): databases, tables, the sender of mails, and the secrets that parts share.
// What exists stays.
func Prepare(ctx context.Context, args []string, getenv func(string) string, stdout, _ io.Writer) error {
	f := config.New("jari run prepare", "jari_prepare", "Makes databases, tables, the sender of mails and secrets.", getenv)
	server := f.URL("postgres-url", "postgres://app@127.0.0.1:15432/postgres?sslmode=disable", "PostgreSQL, as a user who may create databases")
	aws := f.URL("aws-endpoint-url", "http://127.0.0.1:14566", "emulator of AWS")
	dir := f.String("dir", "/jari", "folder in which the folder secrets is made")
	owner := f.Int("owner", os.Getuid(), "numeric user that may read the secrets")
	if err := f.Parse(args, stdout); err != nil {
		return err
	}
	report := func(format string, args ...any) { fmt.Fprintf(stdout, format+"\n", args...) }
	if err := createDatabases(ctx, *server, report); err != nil {
		return fmt.Errorf("databases: %w", err)
	}
	if _, err := (cloud{url: *aws}).create(ctx); err != nil {
		return fmt.Errorf("tables: %w", err)
	}
	s := &System{Dir: *dir}
	if err := s.secrets().Prepare(ctx, report); err != nil {
		return fmt.Errorf("secrets: %w", err)
	}
	return filepath.WalkDir(filepath.Join(*dir, secretsFolder), func(path string, _ os.DirEntry, err error) error {
		if err == nil {
			err = os.Chown(path, *owner, *owner)
		}
		return err
	})
}
