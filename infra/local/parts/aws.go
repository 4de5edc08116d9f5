package parts

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"jari.example/infra/local/artifact"
	"jari.example/infra/local/launch"
)

const motoVersion = "5.2.1"

//go:embed moto.txt
var motoRequirements []byte

//go:embed moto_server.py
var motoServer []byte

// keptMails is how many mails moto and the mailbox keep, some 10 kB each. It is
// above the 7,000 that a campaign of chaos-booking sends and then looks for.
const keptMails = 10_000

// mailRate is how many mails a second moto's SES says it accepts: with what accounts
// commonly start that have left the sandbox.
const mailRate = "14"

// AWSURL is the endpoint of DynamoDB, SES and SSM: JARI_AWS_ENDPOINT_URL, or moto.
func (s *System) AWSURL() string {
	if url := s.Getenv("JARI_AWS_ENDPOINT_URL"); url != "" {
		return strings.TrimRight(url, "/")
	}
	return s.Ports.URL("aws")
}

func (s *System) aws() launch.Part {
	if s.Getenv("JARI_AWS_ENDPOINT_URL") != "" {
		return launch.Part{
			Name:    "aws",
			Hint:    "JARI_AWS_ENDPOINT_URL is set: start that endpoint, or unset the variable",
			Healthy: respondsTo(s.AWSURL() + "/"),
			Initialize: func(ctx context.Context, _ launch.Progress) error {
				_, err := s.cloud().create(ctx)
				return err
			},
			Notes: func() string { return "external, at " + s.AWSURL() },
		}
	}
	var python, server string
	return launch.Part{
		Name:  "aws",
		Ports: []int{s.Ports.Of("aws")},
		Hint:  "moto needs Python 3.10 or later with venv; to use another endpoint, set JARI_AWS_ENDPOINT_URL",
		Prepare: func(ctx context.Context, report launch.Progress) error {
			venv, err := s.Cache.Provide(ctx, "moto-"+motoVersion, artifact.Progress(report), func(ctx context.Context, dir string) error {
				return installMoto(ctx, dir, artifact.Progress(report))
			})
			if err != nil {
				return err
			}
			python = filepath.Join(venv, "bin", "python")
			server, err = s.writeMotoServer()
			return err
		},
		Command: func(context.Context) (launch.Command, error) {
			port := fmt.Sprint(s.Ports.Of("aws"))
			env := environment("PYTHONUNBUFFERED=1", "JARI_MAIL_DIR="+s.mailDir(), fmt.Sprint("JARI_MAIL_KEEP=", keptMails),
				"JARI_FAULT_FILE="+s.CloudFaultFile(), "JARI_MAIL_RATE="+cmp.Or(s.Getenv("JARI_MAIL_RATE"), mailRate))
			return launch.Command{Path: python, Args: []string{server, "-H", "127.0.0.1", "-p", port}, Env: env, Dir: s.Dir}, nil
		},
		Healthy: respondsTo(s.AWSURL() + "/moto-api/"),
		Initialize: func(ctx context.Context, report launch.Progress) error {
			return s.cloud().restore(ctx, report)
		},
		Background: func(ctx context.Context) { s.cloud().snapshotPeriodically(ctx) },
		Notes:      func() string { return "moto " + motoVersion },
	}
}

// CloudFaultFile is the file from which moto reads the injected faults.
func (s *System) CloudFaultFile() string { return filepath.Join(s.Dir, "run", "aws-faults.json") }

// mailDir is the folder of the mails that moto has accepted.
func (s *System) mailDir() string { return filepath.Join(s.Dir, "data", "mail") }

// writeMotoServer creates what moto's process needs, and returns the path of its
// program.
func (s *System) writeMotoServer() (string, error) {
	dir, err := s.data("aws")
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(s.mailDir(), 0o700); err != nil { // mails hold personal data
		return "", err
	}
	program := filepath.Join(dir, "moto_server.py")
	return program, os.WriteFile(program, motoServer, 0o644)
}

// installMoto creates a virtual environment in dir. It may be moved afterwards as
// long as only its python is run.
func installMoto(ctx context.Context, dir string, report artifact.Progress) error {
	python, err := findPython(ctx)
	if err != nil {
		return err
	}
	report("creating a Python environment for moto %s", motoVersion)
	if err := makeVenv(ctx, python, dir, report); err != nil {
		return err
	}
	list := filepath.Join(dir, "requirements.txt")
	if err := os.WriteFile(list, motoRequirements, 0o644); err != nil {
		return err
	}
	pip := exec.Command(filepath.Join(dir, "bin", "python"), "-m", "pip", "install",
		"--disable-pip-version-check", "--no-input", "--require-hashes", "-r", list)
	return artifact.Run(ctx, pip, func(line string) {
		if name, ok := strings.CutPrefix(line, "Collecting "); ok {
			report("\rinstalling %s", strings.Fields(name)[0])
		}
	})
}

// makeVenv tries twice: on Debian `python3 -m venv` needs a package of its own,
// which root may install.
func makeVenv(ctx context.Context, python, dir string, report artifact.Progress) error {
	first := artifact.Run(ctx, exec.Command(python, "-m", "venv", dir), nil)
	if first == nil || ctx.Err() != nil {
		return first
	}
	report("installing Debian's python3-venv")
	if err := artifact.Debian(ctx, report, "python3-venv"); errors.Is(err, artifact.ErrNotDebian) {
		return fmt.Errorf("this Python cannot make virtual environments here (Debian: apt-get install python3-venv): %w", first)
	} else if err != nil {
		return err
	}
	return artifact.Run(ctx, exec.Command("/usr/bin/python3", "-m", "venv", "--clear", dir), nil)
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
