// Command kibanapreview shows the dashboards and any trace as plain pages over
// OpenSearch, on machines where OpenSearch Dashboards does not run.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"time"

	"jari.example/internal/command"
	"jari.example/internal/config"
	"jari.example/internal/serve"
	"jari.example/kibana/board"
	"jari.example/kibana/dashboards"
	"jari.example/kibana/preview"
)

func main() {
	command.Main("kibanapreview", func(ctx context.Context, args []string, stdout, stderr io.Writer) error {
		return run(ctx, args, os.Getenv, stdout, stderr)
	})
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
