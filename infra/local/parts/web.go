package parts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"jari.example/infra/local/artifact"
	"jari.example/infra/local/launch"
)

// web builds the page when it is missing or its sources are others than those
// it was built from.
func (s *System) web() launch.Part {
	dir := filepath.Join(s.Root, "web")
	return launch.Part{
		Name: "web",
		Hint: "it needs Node 20 or later with npm (Debian: apt-get install nodejs npm)",
		Prepare: func(ctx context.Context, report launch.Progress) error {
			// Two systems of one clone share this folder.
			unlock, err := s.Cache.Lock(ctx, "web-"+pathKey(s.Root), artifact.Progress(report))
			if err != nil {
				return err
			}
			defer unlock()
			if !installed(dir) {
				report("installing the page's packages (npm ci)")
				if err := npm(ctx, dir, "ci", "--no-audit", "--no-fund"); err != nil {
					return err
				}
			}
			sources, err := hashFiles(dir, "package-lock.json", "package.json", "tsconfig.json", "vite.config.ts", "index.html", "src", "public")
			if err != nil {
				return err
			}
			// The stamp goes when node_modules goes.
			built := filepath.Join(dir, "node_modules", ".jari-built")
			if _, err := os.Stat(filepath.Join(dir, "dist", "index.html")); err == nil && stamp(built) == sources {
				return nil
			}
			report("building the page")
			return errors.Join(npm(ctx, dir, "run", "build"), os.WriteFile(built, []byte(sources), 0o644))
		},
	}
}

// installed is the Makefile's rule: npm writes its own copy of the lock when
// it has put everything in place.
func installed(dir string) bool {
	done, err := os.Stat(filepath.Join(dir, "node_modules", ".package-lock.json"))
	if err != nil {
		return false
	}
	lock, err := os.Stat(filepath.Join(dir, "package-lock.json"))
	return err == nil && !done.ModTime().Before(lock.ModTime())
}

func npm(ctx context.Context, dir string, args ...string) error {
	path, err := exec.LookPath("npm")
	if err != nil {
		return errors.New("npm is not on PATH")
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = dir
	return artifact.Run(ctx, cmd, nil)
}

func stamp(path string) string {
	text, _ := os.ReadFile(path) // no stamp, no match
	return string(text)
}

// hashFiles hashes names and contents of the files and folders below dir that
// exist.
func hashFiles(dir string, names ...string) (string, error) {
	h := sha256.New()
	for _, name := range names {
		err := filepath.WalkDir(filepath.Join(dir, name), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			fmt.Fprintf(h, "%s %d\n", strings.TrimPrefix(path, dir), len(text))
			h.Write(text)
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
