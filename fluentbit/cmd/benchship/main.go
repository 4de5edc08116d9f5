// Command benchship measures the cost of shipping. It generates mixed records as Fluent
// Bit chunks in files, then processes them as the plugin does, with record.Decode and
// package ship, and prints the result as one line of JSON.
//
//	benchship -url http://127.0.0.1:9200 -prefix bench- -records 400000
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
	r, err := measure(ctx, shipper, chunks, *workers)
	if err != nil {
		return err
	}
	if r.Records != *records || r.Created < *records || r.Refused > 0 {
		return fmt.Errorf("of %d records %d were decoded, %d documents created, %d refused", *records, r.Records, r.Created, r.Refused)
	}
	return json.NewEncoder(stdout).Encode(r)
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

// cpuTime returns the CPU time that this process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
