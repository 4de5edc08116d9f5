// Package artifact fetches what the local system is made of and is not
// installed: pinned by version and SHA-256, kept outside the clone, so that a
// second clone starts warm.
package artifact

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// Progress reports progress, as launch.Say does.
type Progress func(format string, args ...any)

// Cache is a directory of unpacked artifacts. An entry exists only when it is
// complete; any number of clones share the cache.
type Cache string

// DefaultCache is JARI_CACHE, else the user's XDG cache, else for root
// /var/cache/jari: what is unpacked must be readable by the user nobody, and
// root's home is not.
func DefaultCache(getenv func(string) string) (Cache, error) {
	if dir := getenv("JARI_CACHE"); dir != "" {
		abs, err := filepath.Abs(dir)
		return Cache(abs), err
	}
	if os.Getuid() == 0 {
		return "/var/cache/jari", nil
	}
	if dir := getenv("XDG_CACHE_HOME"); filepath.IsAbs(dir) {
		return Cache(filepath.Join(dir, "jari")), nil
	}
	home := getenv("HOME")
	if home == "" {
		return "", errors.New("set JARI_CACHE or HOME: there is no place to keep downloads")
	}
	return Cache(filepath.Join(home, ".cache", "jari")), nil
}

// Provide returns the directory called name, which make fills the first time.
// Make works in a directory of its own that is renamed when it succeeds, so
// whatever interrupts it leaves no half entry.
func (c Cache) Provide(ctx context.Context, name string, report Progress, make func(ctx context.Context, dir string) error) (string, error) {
	final := filepath.Join(string(c), name)
	if isDir(final) {
		return final, nil
	}
	unlock, err := c.Lock(ctx, name, report)
	if err != nil {
		return "", err
	}
	defer unlock()
	if isDir(final) {
		return final, nil
	}
	work, err := os.MkdirTemp(string(c), name+".part-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	if err := os.Chmod(work, 0o755); err != nil {
		return "", err
	}
	if err := make(ctx, work); err != nil {
		return "", err
	}
	return final, os.Rename(work, final)
}

// Lock keeps other copies of Jari from working on the same thing until unlock
// is called.
func (c Cache) Lock(ctx context.Context, name string, report Progress) (unlock func(), err error) {
	if err := os.MkdirAll(string(c), 0o755); err != nil {
		return nil, err
	}
	lock := flock.New(filepath.Join(string(c), name+".lock"))
	held, err := lock.TryLock()
	if err == nil && !held {
		report("waiting for another copy of Jari, which is busy with %s", name)
		_, err = lock.TryLockContext(ctx, 200*time.Millisecond)
	}
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", lock.Path(), err)
	}
	return func() { _ = lock.Unlock() }, nil
}

func isDir(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}
