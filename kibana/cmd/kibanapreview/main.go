// Command kibanapreview shows the dashboards and any trace as plain pages over
// OpenSearch, on machines where OpenSearch Dashboards does not run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"jari.example/internal/config"
	"jari.example/internal/serve"
	"jari.example/kibana/board"
	"jari.example/kibana/dashboards"
	"jari.example/kibana/preview"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "kibanapreview:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	f := config.New("kibanapreview", "kibanapreview", "The dashboards and any trace as plain pages over OpenSearch.", getenv)
	addr := f.Addr("addr", "127.0.0.1:8093", "address to listen on")
	opensearch := f.URL("opensearch-url", "http://127.0.0.1:19200", "base URL of OpenSearch")
	if err := f.Parse(args, stdout); err != nil {
		return err
	}
	boards, err := board.Load(dashboards.Sources)
	if err != nil {
		return err
	}
	source, err := preview.Open(*opensearch, "")
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "listening on http://%s\n", l.Addr())
	return serve.HTTP(ctx, slog.New(slog.NewTextHandler(stderr, nil)), l, preview.New(boards, source), 5*time.Second)
}
