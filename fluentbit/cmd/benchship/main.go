// Command benchship measures the cost of shipping. It generates mixed records as Fluent
// Bit chunks in files, then processes them as the plugin does, with record.Decode and
// package ship, and prints the result as one line of JSON.
//
//	benchship -url http://127.0.0.1:9200 -prefix bench- -records 400000
//	benchship -url http://127.0.0.1:9200 -prefix bench- -server-pid "$(pgrep -f opensearch)"   # OpenSearch's CPU time too
//	benchship -null        # runs a server that accepts everything and stores nothing, and prints its URL
//
// make bench-telemetry runs it against both.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"jari.example/fluentbit/record"
	"jari.example/fluentbit/ship"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "benchship:", err)
		os.Exit(1)
	}
}

// report is the result of a run.
type report struct {
	Records     int     `json:"records"`
	Seconds     float64 `json:"seconds"`
	PerSecond   float64 `json:"records_per_s"`
	CPU         float64 `json:"cpu_us_per_record"`
	Allocations float64 `json:"allocs_per_record"`
	Created     int     `json:"created"` // documents: records and the edges of the service map
	Duplicate   int     `json:"duplicate"`
	Refused     int     `json:"refused"`
	ChunkBytes  int     `json:"chunk_bytes"`

	// ServerCPU is that of the process -server-pid; absent without it.
	ServerCPU float64 `json:"server_cpu_us_per_record,omitempty"`
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	fs := flag.NewFlagSet("benchship", flag.ContinueOnError)
	fs.SetOutput(stderr)
	null := fs.Bool("null", false, "run the server that stores nothing")
	url := fs.String("url", "", "URL of OpenSearch")
	prefix := fs.String("prefix", "", "prefix of every index and template name")
	gzip := fs.Bool("gzip", true, "compress requests, as the plugin's setting")
	records := fs.Int("records", 400_000, "number of records")
	workers := fs.Int("workers", 2, "chunks shipped concurrently, as the plugin's setting")
	server := fs.Int("server-pid", 0, "the server's process, whose CPU time is measured too, until 5 s after the last response")
	profile := fs.String("profile", "", "file for a CPU profile")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if *null {
		return serveNull(ctx, stdout)
	}
	if *url == "" || *records < 1 || *workers < 1 || fs.NArg() > 0 {
		return errors.New("usage: benchship -url URL [flags]; -h lists them")
	}
	dir, err := os.MkdirTemp("", "benchship-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	chunks, err := writeChunks(dir, *records, time.Now())
	if err != nil {
		return err
	}
	shipper, err := ship.Open(ship.Config{URL: *url, Prefix: *prefix, Gzip: *gzip, Timeout: time.Minute})
	if err != nil {
		return err
	}
	defer shipper.Close()
	if err := shipper.Setup(ctx); err != nil {
		return err
	}
	if *profile != "" {
		f, err := os.Create(*profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	r, err := measureWithServer(ctx, *server, func() (report, error) { return measure(ctx, shipper, chunks, *workers) })
	if err != nil {
		return err
	}
	if r.Records != *records || r.Created < *records || r.Refused > 0 {
		return fmt.Errorf("of %d records %d were decoded, %d documents created, %d refused", *records, r.Records, r.Created, r.Refused)
	}
	return json.NewEncoder(stdout).Encode(r)
}

// settle is how long the server's CPU time is measured after the last response. Tests
// do not wait.
var settle = 5 * time.Second

// measureWithServer adds the CPU time of the server's process, unless pid is 0.
func measureWithServer(ctx context.Context, pid int, run func() (report, error)) (r report, err error) {
	before, err := processCPU(pid)
	if err != nil {
		return r, err
	}
	if r, err = run(); err != nil || pid == 0 {
		return r, err
	}
	select { // the server's last refresh and merges
	case <-time.After(settle):
	case <-ctx.Done():
		return r, ctx.Err()
	}
	after, err := processCPU(pid)
	r.ServerCPU = float64((after - before).Microseconds()) / float64(r.Records)
	return r, err
}

// measure ships chunks with this many workers.
func measure(ctx context.Context, shipper *ship.Shipper, chunks []string, workers int) (r report, err error) {
	results := make(chan report, len(chunks))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	cpu, start := cpuTime(), time.Now()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for _, file := range chunks {
		group.Go(func() error {
			one, err := shipChunk(ctx, shipper, file)
			results <- one
			return err
		})
	}
	err = group.Wait()
	elapsed, cpuUsed := time.Since(start), cpuTime()-cpu
	runtime.ReadMemStats(&after)
	close(results)
	for one := range results {
		r.Records += one.Records
		r.Created += one.Created
		r.Duplicate += one.Duplicate
		r.Refused += one.Refused
		r.ChunkBytes += one.ChunkBytes
	}
	n := float64(max(r.Records, 1))
	r.Seconds = elapsed.Seconds()
	r.PerSecond = n / elapsed.Seconds()
	r.CPU = float64(cpuUsed.Microseconds()) / n
	r.Allocations = float64(after.Mallocs-before.Mallocs) / n
	return r, err
}

// shipChunk does with a chunk what the plugin does, and reads it from a file, as the agent
// does.
func shipChunk(ctx context.Context, shipper *ship.Shipper, file string) (r report, err error) {
	chunk, err := os.ReadFile(file)
	if err != nil {
		return r, err
	}
	records, err := record.Decode(chunk)
	if err != nil {
		return r, err
	}
	res, err := shipper.Ship(ctx, record.Documents(records))
	return report{Records: len(records), Created: res.Created, Duplicate: res.Duplicate, Refused: res.Refused, ChunkBytes: len(chunk)}, err
}

// processCPU returns the CPU time that a process has used; 0 if pid is 0.
func processCPU(pid int) (time.Duration, error) {
	if pid == 0 {
		return 0, nil
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(stat), ") ") // the name may hold spaces
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat: %q", pid, stat)
	}
	var ticks int64
	for _, f := range fields[11:13] { // in user and in system mode
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond, nil // Linux counts in hundredths
}

// cpuTime returns the CPU time that this process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
