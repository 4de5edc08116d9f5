package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

const (
	null       = "null server"
	openSearch = "opensearch"
	zipped     = "gzip"
	plain      = "plain"
)

// shipped is the output of benchship (fluentbit/cmd/benchship).
type shipped struct {
	PerSecond   float64 `json:"records_per_s"`
	CPU         float64 `json:"cpu_us_per_record"`
	Allocations float64 `json:"allocs_per_record"`
}

// measureShipping decodes and ships records: to a server that discards them,
// which shows the cost, and to OpenSearch, which shows the speed. The plugin
// uses gzip by default; on one machine that costs more than it saves.
func (b *benchmark) measureShipping(ctx context.Context, p *pipeline) (rows []row, err error) {
	server := exec.CommandContext(ctx, b.benchship, "-null")
	server.Stderr = os.Stderr
	server.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := server.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := server.Start(); err != nil {
		return nil, err
	}
	defer func() { _ = server.Process.Kill(); _ = server.Wait() }()
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("null server: %w", err)
	}
	const prefix = "bench-ship-"
	for _, c := range []struct{ load, variant, url string }{
		{null, zipped, strings.TrimSpace(url)}, {null, plain, strings.TrimSpace(url)}, {openSearch, zipped, p.store.URL},
	} {
		b.Logf("ship: %d records to %s, %s", b.records, c.load, c.variant)
		r, err := b.shipOnce(ctx, c.url, prefix, c.variant == zipped)
		if c.load == openSearch {
			if err := p.store.deleteIndices(context.WithoutCancel(ctx), prefix); err != nil {
				return nil, err
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%s, %s: %w", c.load, c.variant, err)
		}
		rows = append(rows, row{
			Part: ship, Load: c.load, Variant: c.variant,
			PerSecond: rounded(r.PerSecond, 0), CPU: rounded(r.CPU, 1), Allocs: rounded(r.Allocations, 1),
		})
	}
	return rows, nil
}

func (b *benchmark) shipOnce(ctx context.Context, url, prefix string, gzip bool) (r shipped, err error) {
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, b.benchship,
		"-url", url, "-prefix", prefix, "-records", strconv.Itoa(b.records), "-gzip="+strconv.FormatBool(gzip))
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	if err := cmd.Run(); err != nil {
		return r, err
	}
	return r, json.Unmarshal(out.Bytes(), &r)
}
