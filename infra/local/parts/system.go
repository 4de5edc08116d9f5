// Package parts describes the parts of the local system, one file per part: how
// it is found or downloaded, started, checked and stopped.
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
	Ports          ports.Offset // added to the ports of the table
	Cache          artifact.Cache
	Getenv         func(string) string
	AlertTimeScale int // how many times faster than real time the alerting windows run

	WithPlugin bool // build Fluent Bit's plugin even if another agent runs

	// WithFaultProxies puts proxies between services and their servers, which faults can
	// make slow, and before the reservation service. They cost every request something.
	WithFaultProxies bool
	proxies          proxied

	runAs runAs // the user of the servers that refuse to run as root
}

// Regions are the launcher's labels of the regions, in the order of listing.
var Regions = []string{"kr", "us"}

// New completes s. It creates no files.
func New(s System) (*System, error) {
	u, err := newRunAs(s.Dir)
	if err != nil {
		return nil, err
	}
	s.runAs = u
	if s.WithFaultProxies {
		s.proxies = s.newProxies()
	}
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
	if s.WithFaultProxies {
		all = append(all, s.faultProxies())
	}
	for _, region := range Regions {
		all = append(all, s.services(region)...)
	}
	return append(all, s.slack(), s.alerting(), s.alertingWatch(), s.mailbox(), s.preview(), s.door(), s.edge(), s.seed())
}

// LogDir is the folder of every part's output. Files with a hyphen in the name are
// JSON logs of services; the agent reads only these (LogGlob).
func (s *System) LogDir() string { return filepath.Join(s.Dir, "log") }

// LogGlob matches the JSON logs of the services and no other log.
func (s *System) LogGlob() string { return filepath.Join(s.LogDir(), "*-*.log") }

// Bin is the path of a program that the launcher builds.
func (s *System) Bin(name string) string { return filepath.Join(s.Dir, "bin", name) }

// data creates and returns the data directory of a part that runs as the
// launcher's user.
func (s *System) data(part string) (string, error) {
	dir := filepath.Join(s.Dir, "data", part)
	return dir, os.MkdirAll(dir, 0o755)
}

// environment is the launcher's environment with changes: NAME=value sets a
// variable, NAME alone removes it.
func environment(changes ...string) []string {
	changed := map[string]bool{}
	var set []string
	for _, c := range changes {
		key, _, isSet := strings.Cut(c, "=")
		changed[key] = true
		if isSet {
			set = append(set, c)
		}
	}
	env := slices.DeleteFunc(os.Environ(), func(kv string) bool {
		key, _, _ := strings.Cut(kv, "=")
		return changed[key]
	})
	return append(env, set...)
}

// respondsTo is a health check: GET url must return a status below 400. The body is
// not read, so that a check costs the same however much the part stores.
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
			return fmt.Errorf("GET %s: %s: %w", url, res.Status, launch.ErrNotReady)
		}
		return nil
	}
}

// checkClient opens a connection per check. A reused one could belong to an
// earlier process of the part. It follows no redirect: to respond with one is
// healthy, and what it leads to may be expensive.
var checkClient = &http.Client{
	Timeout: 3 * time.Second, Transport: &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// Ops is the port of a part's health endpoint, 0 if it has no port for it.
func (s *System) Ops(part string) int {
	for _, suffix := range []string{"/ops", "/health"} {
		if name := part + suffix; slices.Contains(ports.Names(), name) {
			return s.Ports.Of(name)
		}
	}
	return 0
}
