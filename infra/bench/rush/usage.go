package main

import (
	"fmt"
	"time"

	"jari.example/infra/bench/proc"
	"jari.example/infra/bench/rig"
)

// processes are the parts whose CPU time is measured, in the order of cpu's fields.
var processes = []string{
	"gateway-" + region, "reservation-" + region, "postgres", "agent", "opensearch", "notification-" + region, "redis",
	"search-" + region, "user-" + region, "edge", "aws", "alerting",
}

// usage is the CPU time of the measured processes so far, in their order, and of
// this one.
type usage struct {
	parts []time.Duration
	own   time.Duration
}

func (s *system) usage() (u usage, err error) {
	for _, part := range processes {
		used, err := proc.CPU(s.Pids[part])
		if err != nil {
			return u, fmt.Errorf("CPU time of %s: %w", part, err)
		}
		u.parts = append(u.parts, used)
	}
	u.own = rig.OwnCPU()
	return u, nil
}
