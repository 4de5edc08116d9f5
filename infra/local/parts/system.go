// Package parts describes what the local system is made of: one file per
// part, which says how it is found or fetched, started, checked and stopped.
package parts

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"jari.example/infra/local/artifact"
	"jari.example/infra/local/launch"
	"jari.example/infra/local/ports"
)

// System is one copy of Jari on this machine.
type System struct {
	Root           string       // of the clone
	Dir            string       // data, logs and programs: <Root>/.jari
	Ports          ports.Offset // from the usual ports
	Cache          artifact.Cache
	Getenv         func(string) string
	AlertTimeScale int // how many times faster than real the alerting windows run

	WithPlugin bool // build Fluent Bit's plugin even where another agent runs

	runAs runAs // who runs the servers that refuse root
}

// Regions are the launcher's labels, in the order they are listed.
var Regions = []string{"kr", "us"}

// New completes s. It touches nothing.
func New(s System) (*System, error) {
	u, err := newRunAs(s.Dir)
	if err != nil {
		return nil, err
	}
	s.runAs = u
	return &s, nil
}

// Parts lists every part; launch.Select narrows it.
func (s *System) Parts() []launch.Part {
	all := []launch.Part{
		s.secrets(), s.build(), s.web(), // tasks
		s.Postgres(), s.redis(), s.openSearch(), s.aws(),
		s.agent(),
	}
	if s.WithPlugin || s.AgentKind() == "fluent-bit" {
		all = append(all, s.plugin())
	}
	for _, region := range Regions {
		all = append(all, s.services(region)...)
	}
	return append(all, s.slack(), s.alerting(), s.mailbox(), s.preview(), s.door(), s.edge(), s.seed())
}

// LogDir is where every part's output goes. Files whose name holds a hyphen
// are the JSON lines of services; the agent follows LogGlob and nothing else.
func (s *System) LogDir() string { return filepath.Join(s.Dir, "log") }

// LogGlob matches the JSON logs of the services and only them.
func (s *System) LogGlob() string { return filepath.Join(s.LogDir(), "*-*.log") }

// Bin is where the launcher puts what it builds.
func (s *System) Bin(name string) string { return filepath.Join(s.Dir, "bin", name) }

// data returns (and makes) the directory of a part that runs as our own user.
func (s *System) data(part string) (string, error) {
	dir := filepath.Join(s.Dir, "data", part)
	return dir, os.MkdirAll(dir, 0o755)
}

// environment is ours with some variables set, and with those named alone
// removed.
func environment(changes ...string) []string {
	gone := map[string]bool{}
	var set []string
	for _, c := range changes {
		key, _, isSet := strings.Cut(c, "=")
		gone[key] = true
		if isSet {
			set = append(set, c)
		}
	}
	env := slices.DeleteFunc(os.Environ(), func(kv string) bool {
		key, _, _ := strings.Cut(kv, "=")
		return gone[key]
	})
	return append(env, set...)
}

// respondsTo is a health check: a GET of url is answered with a status below 400.
func respondsTo(url string) func(context.Context) error {
	return func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		res, err := checkClient.Do(req)
		if err != nil {
			return err
		}
		res.Body.Close()
		if res.StatusCode >= 400 {
			return fmt.Errorf("GET %s: %s", url, res.Status)
		}
		return nil
	}
}

// checkClient opens a connection per check: a kept one would outlive the process
// it was opened to.
var checkClient = &http.Client{Timeout: 3 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

// Ops is the port on which a part answers for its health, 0 if it has none.
func (s *System) Ops(part string) int {
	for _, suffix := range []string{"/ops", "/health"} {
		if name := part + suffix; slices.Contains(ports.Names(), name) {
			return s.Ports.Of(name)
		}
	}
	return 0
}
