// Command telemetryemit emits numbered lines, spans and metric points through
// telemetry, set up as any service is, so that whoever finds them at the other
// end can tell what was lost and what is there twice. Campaigns and benchmarks
// of the telemetry pipe run it.
//
//	telemetryemit -service chaos-a -otlp-endpoint http://127.0.0.1:4318 -count 1000 -rate 500
//
// Record n is one line with jari.count n, -spans spans with the numbers from
// n*spans on, and, with -points, one metric point with the attribute jari.count
// n. Lines have the event name telemetry.emitted, so that others of the process
// are not taken for records.
//
// With -http-addr it serves instead: POST /records?first=N&count=M emits M
// records at -rate and answers with each number once its line is written.
//
// It ends by itself: when everything has been handed to the agent, or after
// -limit.
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
	fs.StringVar(&s.endpoint, "otlp-endpoint", "", "of the agent; without one there are lines only")
	fs.StringVar(&s.httpAddr, "http-addr", "", "serve here instead of emitting at once")
	fs.Int64Var(&s.first, "first", 0, "number of the first record")
	fs.Int64Var(&s.count, "count", 1000, "records")
	fs.Float64Var(&s.plan.rate, "rate", 0, "records per second; 0: as fast as they go")
	fs.Int64Var(&s.plan.spans, "spans", 1, "spans per record")
	fs.BoolVar(&s.plan.points, "points", true, "a metric point per record")
	fs.IntVar(&s.plan.padding, "padding", 0, "bytes of noise in each span, which compress badly")
	fs.TextVar(&s.plan.at, "at", time.Time{}, "when the first record happens, as its line and spans say (RFC 3339); else now, each in its turn")
	fs.DurationVar(&s.plan.step, "step", time.Millisecond, "with -at: from one record to the next")
	fs.DurationVar(&s.limit, "limit", 5*time.Minute, "end after this, whatever has not been handed over")
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
		TraceCeiling: -1, // each is counted
	})
	if err != nil {
		return err
	}
	defer func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
		defer cancel()
		err = errors.Join(err, stop(last))
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
	return e.handOver(ctx)
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
		_ = e.records(r.Context(), first, count, func(n int64) { // ends with the client, whose business that is
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
