package artifact

import (
	"archive/zip"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func quiet(string, ...any) {}

func TestVerifyDetectsAChangedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.jar")
	const sum = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" // of "hello"
	if err := os.WriteFile(path, []byte("hello"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Verify(path, sum); err != nil {
		t.Errorf("the unchanged file is rejected: %v", err)
	}
	if err := os.WriteFile(path, []byte("hellp"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Verify(path, sum); err == nil || !strings.Contains(err.Error(), "a.jar is not the file") {
		t.Errorf("of the changed file: %v", err)
	}
}

func TestConcurrentCallersCreateAnEntryOnce(t *testing.T) {
	cache := Cache(t.TempDir())
	var calls atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			dir, err := cache.Provide(t.Context(), "x-1", quiet, func(_ context.Context, dir string) error {
				calls.Add(1)
				return os.WriteFile(filepath.Join(dir, "f"), nil, 0o644)
			})
			if err != nil {
				t.Error(err)
			} else if _, err := os.Stat(filepath.Join(dir, "f")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if calls.Load() != 1 {
		t.Errorf("it was created %d times", calls.Load())
	}
}

func TestAFailedEntryLeavesNoFiles(t *testing.T) {
	cache := Cache(t.TempDir())
	broken := errors.New("broken")
	if _, err := cache.Provide(t.Context(), "x-1", quiet, func(_ context.Context, dir string) error {
		_ = os.WriteFile(filepath.Join(dir, "half"), nil, 0o644)
		return broken
	}); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	entries, _ := filepath.Glob(filepath.Join(string(cache), "x-1*"))
	for _, e := range entries {
		if !strings.HasSuffix(e, ".lock") {
			t.Errorf("left behind: %s", e)
		}
	}
}

func TestUnzipRejectsAPathOutsideItsFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "evil.zip")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	if _, err := z.Create("../evil"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(z.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "in")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Unzip(path, dir, nil); err == nil {
		t.Error("it was unpacked")
	}
	if _, err := os.Stat(filepath.Join(dir, "..", "evil")); err == nil {
		t.Error("it wrote outside")
	}
}

func TestRunReportsLinesAndTheOutputOfAFailure(t *testing.T) {
	var lines []string
	err := Run(t.Context(), exec.Command("sh", "-c", `printf 'one\rtwo\n'; echo why >&2; exit 4`), func(l string) { lines = append(lines, l) })
	if err == nil || !strings.Contains(err.Error(), "exit status 4") || !strings.Contains(err.Error(), "why") {
		t.Errorf("got %v", err)
	}
	if strings.Join(lines, ",") != "one,two,why" {
		t.Errorf("reported %q", lines)
	}
}

func TestRunKillsTheProcessGroupWhenTheContextEnds(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	if err := Run(ctx, exec.Command("sh", "-c", "sleep 60 & wait"), nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if time.Since(began) > 10*time.Second {
		t.Error("it waited for the grandchild")
	}
}
