package artifact

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Python creates a virtual environment in dir and installs requirements, which name each package by
// version and hash. The environment may be moved afterwards as long as only its bin/python is run.
func Python(ctx context.Context, dir string, requirements []byte, report Progress) error {
	python, err := findPython(ctx)
	if err != nil {
		return err
	}
	if err := makeVenv(ctx, python, dir, report); err != nil {
		return err
	}
	list := filepath.Join(dir, "requirements.txt")
	if err := os.WriteFile(list, requirements, 0o644); err != nil {
		return err
	}
	pip := exec.Command(filepath.Join(dir, "bin", "python"), "-m", "pip", "install",
		"--disable-pip-version-check", "--no-input", "--require-hashes", "-r", list)
	return Run(ctx, pip, func(line string) {
		if name, ok := strings.CutPrefix(line, "Collecting "); ok {
			report("\rinstalling %s", strings.Fields(name)[0])
		}
	})
}

// makeVenv tries twice: on Debian `python3 -m venv` needs a package of its own,
// which root may install.
func makeVenv(ctx context.Context, python, dir string, report Progress) error {
	first := Run(ctx, exec.Command(python, "-m", "venv", dir), nil)
	if first == nil || ctx.Err() != nil {
		return first
	}
	report("installing Debian's python3-venv")
	if err := Debian(ctx, report, "python3-venv"); errors.Is(err, ErrNotDebian) {
		return fmt.Errorf("this Python cannot make virtual environments here (Debian: apt-get install python3-venv): %w", first)
	} else if err != nil {
		return err
	}
	return Run(ctx, exec.Command("/usr/bin/python3", "-m", "venv", "--clear", dir), nil)
}

func findPython(ctx context.Context) (string, error) {
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		if exec.CommandContext(ctx, path, "-c", "import sys; sys.exit(sys.version_info < (3, 10))").Run() == nil {
			return path, nil
		}
	}
	return "", errors.New("no Python 3.10 or later (python3) is on PATH")
}
