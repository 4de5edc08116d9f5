package artifact

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// Python returns the directory of a virtual environment in which a package is installed. The
// requirements name it, and each package that it needs, by version and hash (`uv pip compile
// --generate-hashes`). Run only bin/python in it, or programs that are no scripts: it was moved.
func (c Cache) Python(ctx context.Context, name string, requirements []byte, report Progress) (venv string, err error) {
	version := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + `(?:\[\w+\])?==(\S+)`).FindSubmatch(requirements)
	if version == nil {
		return "", fmt.Errorf("the requirements do not name %s", name)
	}
	return c.Provide(ctx, name+"-"+string(version[1]), report, func(ctx context.Context, dir string) error {
		report("creating a Python environment for %s %s", name, version[1])
		return installPython(ctx, dir, requirements, report)
	})
}

func installPython(ctx context.Context, dir string, requirements []byte, report Progress) error {
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
