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

// web builds the page if it is missing or if its sources have changed since the
// last build.
func (s *System) web() launch.Part {
	dir := filepath.Join(s.Root, "web")
	return launch.Part{
		Name: "web",
		Hint: "install Node 20 or later with npm (Debian: apt-get install nodejs npm)",
		Prepare: func(ctx context.Context, report launch.Progress) error {
			// Several systems of one clone share this folder.
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
			sources, err := hashFiles(dir,
				"package-lock.json", "package.json", "tsconfig.json", "vite.config.ts", "index.html", "src", "public")
			if err != nil {
				return err
			}
			// In node_modules, so that removing that removes the stamp.
			built := filepath.Join(dir, "node_modules", ".jari-built")
			_, err = os.Stat(filepath.Join(dir, "dist", "index.html"))
			if err == nil && stamp(built) == sources {
				return nil
			}
			report("building the page")
			return errors.Join(npm(ctx, dir, "run", "build"), os.WriteFile(built, []byte(sources), 0o644))
		},
	}
}

// installed reports whether npm's packages are up to date, by the rule of the
// Makefile: npm writes its own copy of the lock file when it has finished.
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
	text, _ := os.ReadFile(path) // without a file, "" matches no hash
	return string(text)
}

// hashFiles hashes the names and contents of those files and folders of dir that
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
