// Searchd serves the catalogue: owners write it and diners search it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"jari.example/internal/awsconf"
	"jari.example/internal/config"
	"jari.example/internal/serve"
	"jari.example/services/internal/endpoint"
	"jari.example/services/search"
	"jari.example/services/search/app"
	"jari.example/services/search/dynamo"
	"jari.example/services/search/httpapi"
	"jari.example/services/search/inmem"
	"jari.example/services/search/opensearch"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

func main() { serve.Main(names.ServiceSearch, run) }

type flags struct {
	config.Common
	search, index, cloud, table *string
}

// owner ─► PUT ─► Catalogue (DynamoDB) ── stream ─► indexerd
//
//	▲                                │
//
// diner ─► GET /{id} ─┘                                ▼
// diner ─► GET ?q ───► Finder (OpenSearch) ◄───────────┘
func run(ctx context.Context, args []string, getenv func(string) string, stdout, _ io.Writer) error {
	set := config.New("searchd", names.ServiceSearch, "searchd serves the catalogue of restaurants and the search over it.", getenv)
	f := flags{
		Common: set.Common("127.0.0.1:8113", "127.0.0.1:8213"),
		search: set.URL("opensearch-url", "", "OpenSearch URL; empty: the catalogue is stored in memory"),
		index:  set.String("catalogue-index", "jari-catalogue-kr", "alias that is searched"),
		cloud:  set.String("aws-endpoint-url", "", "endpoint of AWS services, aws for AWS's own; empty: the catalogue is stored in memory"),
		table:  set.String("catalogue-table", "jari-catalogue-kr", "DynamoDB table of the catalogue"),
	}
	err := set.Parse(args, stdout, func() {
		set.Require((*f.search == "") == (*f.cloud == ""),
			"-opensearch-url and -aws-endpoint-url go together: a search in memory cannot find a catalogue in DynamoDB, nor the reverse")
		set.Require(*f.cloud == "" || awsconf.Valid(*f.cloud), "-aws-endpoint-url is neither a URL nor aws")
		set.Require(*f.index != "" && *f.table != "", "-catalogue-index and -catalogue-table must not be empty")
	})
	if err != nil {
		return err
	}
	return serve.WithTelemetry(ctx, names.ServiceSearch, f.Common, stdout, func(t *telemetry.Telemetry) error {
		return serveDaemon(ctx, f, t)
	})
}

func serveDaemon(ctx context.Context, f flags, t *telemetry.Telemetry) error {
	catalogue, finder, ready, err := stores(ctx, f, t.Logger)
	if err != nil {
		return err
	}
	handler, err := newHandler(app.New(catalogue, finder, time.Now, t.Logger), t.Logger)
	if err != nil {
		return err
	}
	return serve.Run(ctx, serve.Daemon{
		Telemetry: t, HTTPAddr: *f.HTTPAddr, Handler: handler, OpsAddr: *f.OpsAddr, Ready: ready,
	})
}

func newHandler(s *app.Service, logger *slog.Logger) (http.Handler, error) {
	mw, err := endpoint.Shared(logger, nil)
	if err != nil {
		return nil, err
	}
	return httpapi.NewRoutes(httpapi.NewEndpoints(s, mw), logger).Handler()
}

func stores(ctx context.Context, f flags, logger *slog.Logger) (search.Catalogue, search.Finder, func(context.Context) error, error) {
	if *f.cloud == "" {
		logger.Info("no -opensearch-url and -aws-endpoint-url: the catalogue is stored in memory")
		c := inmem.New()
		return c, c, nil, nil
	}
	cfg, err := awsconf.Load(ctx, *f.Region, *f.cloud)
	if err != nil {
		return nil, nil, nil, err
	}
	client, err := opensearch.Dial(*f.search)
	if err != nil {
		return nil, nil, nil, err
	}
	catalogue, finder := dynamo.NewCatalogue(cfg, *f.table), opensearch.NewFinder(client, *f.index)
	// Ready while one of the two is: a diner with a link needs no search.
	ready := func(ctx context.Context) error {
		catalogueErr, searchErr := catalogue.Ready(ctx), finder.Ready(ctx)
		if catalogueErr != nil && searchErr != nil {
			return fmt.Errorf("neither catalogue nor search is available: %w", errors.Join(catalogueErr, searchErr))
		}
		return nil
	}
	return catalogue, finder, ready, nil
}
