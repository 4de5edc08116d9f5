// Indexerd copies the catalogue into the search index.
package main

import (
	"context"
	"io"
	"log/slog"

	"jari.example/internal/awsconf"
	"jari.example/internal/config"
	"jari.example/internal/serve"
	"jari.example/services/search/dynamo"
	"jari.example/services/search/indexer"
	"jari.example/services/search/opensearch"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

func main() { serve.Main(names.ServiceIndexer, run) }

type flags struct {
	config.Common
	search, index, cloud, table *string
}

// DynamoDB stream ─► indexer ─► OpenSearch (documents and checkpoint)
func run(ctx context.Context, args []string, getenv func(string) string, stdout, _ io.Writer) error {
	set := config.New("indexerd", names.ServiceIndexer, "indexerd copies the catalogue into the search index.", getenv)
	f := flags{
		Common: set.Common("", "127.0.0.1:8215"),
		search: set.URL("opensearch-url", "", "OpenSearch URL; required"),
		index:  set.String("catalogue-index", "jari-catalogue-kr", "alias of the index; the index itself ends in -v and a version"),
		cloud:  set.String("aws-endpoint-url", "", "endpoint of AWS services, aws for AWS's own; required"),
		table:  set.String("catalogue-table", "jari-catalogue-kr", "DynamoDB table with a stream of new and old images"),
	}
	err := set.Parse(args, stdout, func() {
		set.Require(*f.search != "", "-opensearch-url is required")
		set.Require(awsconf.Valid(*f.cloud), "-aws-endpoint-url is required: a URL, or aws")
		set.Require(*f.index != "" && *f.table != "", "-catalogue-index and -catalogue-table must not be empty")
	})
	if err != nil {
		return err
	}
	return serve.WithTelemetry(ctx, names.ServiceIndexer, f.Common, stdout, func(t *telemetry.Telemetry) error {
		return daemon(ctx, f, t)
	})
}

func daemon(ctx context.Context, f flags, t *telemetry.Telemetry) error {
	cfg, err := awsconf.Load(ctx, *f.Region, *f.cloud)
	if err != nil {
		return err
	}
	client, err := opensearch.Dial(*f.search)
	if err != nil {
		return err
	}
	x := indexer.New(indexer.Config{
		Feed:   dynamo.NewFeed(cfg, *f.table),
		Index:  opensearch.NewIndex(client, *f.index, opensearch.Checkpoints),
		Report: report(t.Logger),
	})
	return serve.Run(ctx, serve.Daemon{
		Telemetry: t, OpsAddr: *f.OpsAddr, Ready: x.Ready,
		Workers: []serve.Worker{{Name: "indexer", Run: x.Run}},
	})
}

// report logs what the indexer did, one line per batch.
func report(logger *slog.Logger) func(context.Context, indexer.Event) {
	return func(ctx context.Context, e indexer.Event) {
		level, attrs := slog.LevelInfo, []slog.Attr{slog.String(names.EventName, e.Name)}
		if e.ID != "" {
			attrs = append(attrs, slog.String(names.RestaurantID, e.ID))
		}
		if e.Err != nil {
			level = slog.LevelError
			attrs = append(attrs, slog.String(names.Exception, e.Err.Error()))
		} else {
			attrs = append(attrs, slog.Int(names.Count, e.Count))
		}
		logger.LogAttrs(ctx, level, e.Body, attrs...)
	}
}
