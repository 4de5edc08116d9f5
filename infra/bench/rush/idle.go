package main

import (
	"context"
	"fmt"
	"math"
	"syscall"
	"time"

	"jari.example/infra/bench"
	"jari.example/infra/bench/proc"
	"jari.example/internal/wait"
)

// idleCPU is what a system without load uses for what only a local one has, in percent
// of a core: the launcher with its health checks, the emulator of AWS, and alerting,
// which evaluates more often than in production, with its searches.
type idleCPU struct {
	Alerting   float64 `json:"alerting"`
	OpenSearch float64 `json:"opensearch"` // for alerting
	AWS        float64 `json:"aws"`
	Launcher   float64 `json:"launcher"`
	Sum        float64 `json:"sum"`
}

const (
	// idleRest is how long nothing is measured after the start, and after alertingd, which
	// was stopped, goes on: work that waits is done first.
	idleRest = 30 * time.Second
	// idleLength is how long each state is measured. The launcher restarts a process
	// that hangs for a minute.
	idleLength = 40 * time.Second
)

// measureIdle measures the system with alertingd running and stopped, in alternation. The
// difference of OpenSearch's CPU time is what the searches of alerting cost.
func (b *benchmark) measureIdle(ctx context.Context) (r row, err error) {
	shares := map[bool]map[string][]float64{true: {}, false: {}} // by whether alertingd runs, and by process
	measure := func(running bool) error {
		used, err := b.idleUsage(ctx)
		for name, share := range used {
			shares[running][name] = append(shares[running][name], share)
		}
		return err
	}
	pid := b.Pids["alerting"]
	for range b.runs {
		if err := wait.For(ctx, idleRest); err != nil {
			return r, err
		}
		if err := measure(true); err != nil {
			return r, err
		}
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			return r, fmt.Errorf("stop alertingd: %w", err)
		}
		err := measure(false)
		if continued := syscall.Kill(pid, syscall.SIGCONT); err == nil {
			err = continued
		}
		if err != nil {
			return r, err
		}
	}
	idle := localShare(shares[true], shares[false])
	b.Logf("%-10s %s: %+v percent of a core", b.build.name, idling, idle)
	return row{Build: b.build.name, Scenario: idling, Idle: &idle}, nil
}

// localShare is the medians of what only a local system has.
func localShare(running, stopped map[string][]float64) (c idleCPU) {
	c = idleCPU{
		Alerting:   bench.Median(running["alerting"]),
		OpenSearch: max(0, bench.Median(running["opensearch"])-bench.Median(stopped["opensearch"])),
		AWS:        bench.Median(running["aws"]),
		Launcher:   bench.Median(running["launcher"]),
	}
	c.Sum = c.Alerting + c.OpenSearch + c.AWS + c.Launcher
	for _, share := range []*float64{&c.Alerting, &c.OpenSearch, &c.AWS, &c.Launcher, &c.Sum} {
		*share = math.Round(*share*10) / 10
	}
	return c
}

// idleUsage is how much of a core each process uses during idleLength, in percent.
func (b *benchmark) idleUsage(ctx context.Context) (map[string]float64, error) {
	read := func() (map[string]time.Duration, error) {
		all := map[string]time.Duration{}
		for _, part := range []string{"alerting", "opensearch", "aws"} {
			used, err := proc.CPU(b.Pids[part])
			if err != nil {
				return nil, fmt.Errorf("CPU time of %s: %w", part, err)
			}
			all[part] = used
		}
		own, err := proc.Own(b.LauncherPid)
		all["launcher"] = own
		return all, err
	}
	before, err := read()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := wait.For(ctx, idleLength); err != nil {
		return nil, err
	}
	after, err := read()
	elapsed := time.Since(began)
	shares := map[string]float64{}
	for part := range after {
		shares[part] = 100 * (after[part] - before[part]).Seconds() / elapsed.Seconds()
	}
	return shares, err
}
