package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"jari.example/infra/local/launch"
)

func down(ctx context.Context, e env, args []string) error {
	fs, dirFlag := e.systemFlags("down", "[flags]")
	if err := fs.Parse(args); err != nil {
		return err
	}
	_, dir, err := locate(*dirFlag)
	if err != nil {
		return err
	}
	switch err := stopAndWait(ctx, dir); {
	case errors.Is(err, launch.ErrNotRunning):
		fmt.Fprintln(e.stdout, "Jari is not running.")
	case err != nil:
		return err
	default:
		fmt.Fprintln(e.stdout, "Jari is stopped. Its data is still in place.")
	}
	return nil
}

// stopAndWait returns when no process of the system is left.
func stopAndWait(ctx context.Context, dir string) error {
	if err := launch.Dial(launch.SocketPath(dir)).Stop(ctx); err != nil {
		return err
	}
	return waitUntilUnlocked(ctx, dir)
}

// waitUntilUnlocked waits until the launcher of dir has released its lock.
func waitUntilUnlocked(ctx context.Context, dir string) error {
	lock := flock.New(filepath.Join(dir, "jari.lock"))
	if _, err := lock.TryLockContext(ctx, 50*time.Millisecond); err != nil {
		return err
	}
	return lock.Unlock()
}

func clean(ctx context.Context, e env, args []string) error {
	fs, dirFlag := e.systemFlags("clean", "[flags]")
	if err := fs.Parse(args); err != nil {
		return err
	}
	_, dir, err := locate(*dirFlag)
	if err != nil {
		return err
	}
	// A system's directory may be inside another's, as that of the tests is.
	inner, _ := filepath.Glob(filepath.Join(dir, "*", "jari.lock"))
	for _, lock := range append(inner, filepath.Join(dir, "jari.lock")) {
		if err := cleanOne(ctx, e, filepath.Dir(lock)); err != nil {
			return err
		}
	}
	fmt.Fprintln(e.stdout, "Jari's data, logs and programs are removed. Downloads stay in the cache.")
	return nil
}

func cleanOne(ctx context.Context, e env, dir string) error {
	if err := stopAndWait(ctx, dir); err != nil && !errors.Is(err, launch.ErrNotRunning) {
		return err
	}
	sys, err := e.system(dir, state{})
	if err != nil {
		return err
	}
	return errors.Join(sys.RemoveData(), os.RemoveAll(dir))
}
