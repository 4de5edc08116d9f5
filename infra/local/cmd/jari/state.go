package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"jari.example/infra/local/artifact"
	"jari.example/infra/local/launch"
	"jari.example/infra/local/parts"
	"jari.example/infra/local/ports"
)

// state is what other commands must know about the running system. The file
// exists as long as the system runs.
type state struct {
	Offset    ports.Offset `json:"port_offset"`
	Only      []string     `json:"only,omitempty"`
	TimeScale int          `json:"alert_time_scale"`
	Plugin    bool         `json:"plugin,omitempty"` // built even if the agent is not Fluent Bit
	Proxies   bool         `json:"fault_proxies,omitempty"`
}

func statePath(dir string) string { return filepath.Join(dir, "run", "system.json") }

func (s state) save(dir string) error {
	if err := os.MkdirAll(filepath.Join(dir, "run"), 0o755); err != nil {
		return err
	}
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return os.WriteFile(statePath(dir), text, 0o644)
}

// loadState returns launch.ErrNotRunning if no system runs.
func loadState(dir string) (s state, err error) {
	text, err := os.ReadFile(statePath(dir))
	if errors.Is(err, os.ErrNotExist) {
		return s, launch.ErrNotRunning
	}
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(text, &s)
}

// system describes the system in dir with the settings st.
func (e env) system(dir string, st state) (*parts.System, error) {
	root, dir, err := locate(dir)
	if err != nil {
		return nil, err
	}
	cache, err := artifact.DefaultCache(e.getenv)
	if err != nil {
		return nil, err
	}
	return parts.New(parts.System{
		Root: root, Dir: dir, Ports: st.Offset, Cache: cache, Getenv: e.getenv, AlertTimeScale: st.TimeScale,
		WithPlugin: st.Plugin || slices.Contains(st.Only, "plugin"), WithFaultProxies: st.Proxies,
	})
}

// running describes the system that runs in dir.
func (e env) running(dir string) (*parts.System, state, error) {
	_, abs, err := locate(dir)
	if err != nil {
		return nil, state{}, err
	}
	st, err := loadState(abs)
	if err != nil {
		return nil, st, err
	}
	sys, err := e.system(abs, st)
	return sys, st, err
}
