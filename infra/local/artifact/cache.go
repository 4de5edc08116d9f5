// Package artifact downloads the servers that the local system needs and this
// machine lacks. They are pinned by version and SHA-256 and cached outside the
// clone, so that a second clone need not download them again.
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

// Progress reports progress, as launch.Progress does.
type Progress func(format string, args ...any)

// Cache is a directory of unpacked artifacts. An entry exists only when it is
// complete. Any number of clones share a cache.
type Cache string

// DefaultCache is JARI_CACHE, else /var/cache/jari for root, else the user's XDG
// cache directory. Root's home will not do: the user nobody, who runs some of
// the servers, cannot read it.
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
		return "", errors.New("there is no folder for downloads: set JARI_CACHE or HOME")
	}
	return Cache(filepath.Join(home, ".cache", "jari")), nil
}

// Provide returns the directory called name, which create fills the first time.
// create works in a temporary directory that is renamed when it succeeds, so an
// interruption leaves no incomplete entry.
func (c Cache) Provide(ctx context.Context, name string, report Progress,
	create func(ctx context.Context, dir string) error) (string, error) {
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
	if err := create(ctx, work); err != nil {
		return "", err
	}
	return final, os.Rename(work, final)
}

// Lock excludes other copies of Jari from the entry called name until unlock is
// called.
func (c Cache) Lock(ctx context.Context, name string, report Progress) (unlock func(), err error) {
	if err := os.MkdirAll(string(c), 0o755); err != nil {
		return nil, err
	}
	lock := flock.New(filepath.Join(string(c), name+".lock"))
	held, err := lock.TryLock()
	if err == nil && !held {
		report("waiting for another copy of Jari, which holds the lock of %s", name)
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
