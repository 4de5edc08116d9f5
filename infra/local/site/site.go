// Package site serves the local tools that have pages.
package site

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"jari.example/internal/serve"
)

// Drain is how long requests in flight may take to finish at a stop.
const Drain = 5 * time.Second

// Serve listens on addr, prints the address to stdout, and serves h, GET
// /healthz and GET /readyz until ctx ends and requests have drained. Warnings
// go to stderr.
func Serve(ctx context.Context, addr string, h http.Handler, stdout, stderr io.Writer) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "listening on http://%s\n", l.Addr())
	return serve.HTTP(ctx, slog.New(slog.NewTextHandler(stderr, nil)), l, h, Drain)
}
