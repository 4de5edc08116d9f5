// Command telemetryemit emits numbered lines, spans and metric points through
// package telemetry, as any service does. The numbers show at the other end what
// was lost and what was duplicated. Chaos campaigns and benchmarks of the telemetry
// pipeline run it.
//
//	telemetryemit -service chaos-a -otlp-endpoint http://127.0.0.1:4318 -count 1000 -rate 500
//
// Record n is one line with jari.count n, -spans spans with the numbers from
// n*spans on, and, with -points, one metric point with the attribute jari.count
// n. The lines have the event name telemetry.emitted, which distinguishes them from
// other lines of the process.
//
// With -http-addr it serves HTTP instead: POST /records?first=N&count=M emits M
// records at -rate and responds with each number once its line is written.
//
// It ends when the agent has accepted everything, or after -limit.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "telemetryemit:", err)
		os.Exit(1)
	}
}

type settings struct {
	service, region, endpoint, httpAddr string

	first, count int64
	plan         plan
	limit        time.Duration
}

func parse(args []string, stderr io.Writer) (s settings, err error) {
	fs := flag.NewFlagSet("telemetryemit", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&s.service, "service", "telemetryemit", names.ServiceName)
	fs.StringVar(&s.region, "region", names.Regions["kr"], names.CloudRegion)
	fs.StringVar(&s.endpoint, "otlp-endpoint", "", "base URL of the agent; without it only lines are emitted")
	fs.StringVar(&s.httpAddr, "http-addr", "", "serve HTTP at this address instead of emitting at once")
	fs.Int64Var(&s.first, "first", 0, "number of the first record")
	fs.Int64Var(&s.count, "count", 1000, "records")
	fs.Float64Var(&s.plan.rate, "rate", 0, "records per second; 0: unlimited")
	fs.Int64Var(&s.plan.spans, "spans", 1, "spans per record")
	fs.BoolVar(&s.plan.points, "points", true, "emit a metric point per record")
	fs.IntVar(&s.plan.padding, "padding", 0, "random bytes in each span, which do not compress")
	fs.TextVar(&s.plan.at, "at", time.Time{}, "event time of the first record (RFC 3339); default: the time at which each is emitted")
	fs.DurationVar(&s.plan.step, "step", time.Millisecond, "with -at: event time between two records")
	fs.DurationVar(&s.limit, "limit", 5*time.Minute, "end after this time, even if the agent has not accepted everything")
	if err := fs.Parse(args); err != nil {
		return s, err
	}
	if fs.NArg() > 0 || s.count < 0 || s.plan.spans < 0 || s.plan.rate < 0 {
		return s, errors.New("usage: telemetryemit [flags]; -h lists them")
	}
	return s, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	s, err := parse(args, stderr)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	t, stop, err := telemetry.Start(ctx, telemetry.Config{
		Service: s.service, Region: s.region, Endpoint: s.endpoint, Output: stdout,
		TraceCeiling: -1, // every span is counted
	})
	if err != nil {
		return err
	}
	defer func() {
		stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
		defer cancel()
		err = errors.Join(err, stop(stopCtx))
	}()
	e, err := newEmitter(t, s.plan)
	if err != nil {
		return err
	}
	if s.httpAddr != "" {
		return serve(ctx, s.httpAddr, t.Logger, e)
	}
	if err := e.records(ctx, s.first, s.count, func(int64) {}); err != nil {
		return err
	}
	return e.flush(ctx)
}

// serve emits on request until ctx ends.
func serve(ctx context.Context, addr string, logger *slog.Logger, e *emitter) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	const route = "POST /records"
	mux.Handle(route, telemetry.Server(logger, route, false, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first, err := strconv.ParseInt(r.FormValue("first"), 10, 64)
		count, err2 := strconv.ParseInt(r.FormValue("count"), 10, 64)
		if err := errors.Join(err, err2); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		_ = e.records(r.Context(), first, count, func(n int64) { // an error means that the client has disconnected
			fmt.Fprintln(w, n)
			_ = http.NewResponseController(w).Flush()
		})
	})))
	server := &http.Server{Addr: addr, Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
