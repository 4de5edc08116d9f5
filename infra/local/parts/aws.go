package parts

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"os"
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
			venv, err := s.Cache.Python(ctx, "moto", motoRequirements, artifact.Progress(report))
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
