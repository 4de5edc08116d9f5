// Command kibanapreview shows the dashboards and any trace as plain pages
// over OpenSearch, where OpenSearch Dashboards itself does not run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"jari.example/kibana/board"
	"jari.example/kibana/dashboards"
	"jari.example/kibana/preview"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "kibanapreview:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	f := flag.NewFlagSet("kibanapreview", flag.ContinueOnError)
	f.SetOutput(stderr)
	addr := f.String("addr", env(getenv, "KIBANAPREVIEW_ADDR", "127.0.0.1:8093"), "listen `address`")
	opensearch := f.String("opensearch-url", env(getenv, "KIBANAPREVIEW_OPENSEARCH_URL", "http://127.0.0.1:19200"), "base `URL` of OpenSearch")
	if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if u, err := url.Parse(*opensearch); err != nil || u.Host == "" {
		return fmt.Errorf("--opensearch-url %q is not a URL", *opensearch)
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
	s := &http.Server{Handler: preview.New(boards, source), ReadHeaderTimeout: 10 * time.Second}
	fmt.Fprintf(stdout, "listening on http://%s\n", l.Addr())
	drained := make(chan struct{})
	stopped := context.AfterFunc(ctx, func() {
		defer close(drained)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = s.Shutdown(ctx) // what does not finish in time is cut off
	})
	defer stopped()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	<-drained
	return nil
}

func env(getenv func(string) string, key, otherwise string) string {
	if v := getenv(key); v != "" {
		return v
	}
	return otherwise
}
