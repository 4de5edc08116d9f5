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

// Say reports progress, as launch.Say does.
type Say func(format string, args ...any)

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
func (c Cache) Provide(ctx context.Context, name string, say Say, make func(ctx context.Context, dir string) error) (string, error) {
	final := filepath.Join(string(c), name)
	if isDir(final) {
		return final, nil
	}
	if err := os.MkdirAll(string(c), 0o755); err != nil {
		return "", err
	}
	lock := flock.New(final + ".lock")
	if held, err := lock.TryLock(); err != nil {
		return "", fmt.Errorf("lock %s: %w", final, err)
	} else if !held {
		say("waiting for another copy of Jari that is fetching %s", name)
		if _, err := lock.TryLockContext(ctx, 200*time.Millisecond); err != nil {
			return "", err
		}
	}
	defer lock.Unlock()
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

func isDir(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}
