// Indexerd copies the catalogue into the search index. In AWS Lambda, which it recognizes by
// AWS_LAMBDA_RUNTIME_API, it is the function that Lambda calls with the records of the
// table's stream; elsewhere it reads the stream itself.
package main

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"jari.example/internal/awsconf"
	"jari.example/internal/config"
	"jari.example/internal/onlambda"
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
	task                        *string
}

// The values of -task.
const (
	follow  = "follow"
	rebuild = "rebuild"
)

// DynamoDB stream ─► indexer ─► OpenSearch (documents and checkpoint)
//
//	└─► Lambda ─► handler ─┘
func run(ctx context.Context, args []string, getenv func(string) string, stdout, _ io.Writer) error {
	inLambda := onlambda.Is(getenv)
	getenv, failed := onlambda.Getenv(ctx, getenv)
	set := config.New("indexerd", names.ServiceIndexer, "indexerd copies the catalogue into the search index.", getenv)
	f := flags{
		Common: set.Common("", "127.0.0.1:8215"),
		search: set.URL("opensearch-url", "", "OpenSearch URL; required"),
		index:  set.String("catalogue-index", "jari-catalogue-kr", "alias of the index; the index itself ends in -v and a version"),
		cloud:  set.String("aws-endpoint-url", "", "endpoint of AWS services, aws for AWS's own; required"),
		table:  set.String("catalogue-table", "jari-catalogue-kr", "DynamoDB table with a stream of new and old images"),
		task: set.OneOf("task", follow, "follow: copy changes until it is stopped; rebuild: make the index equal to the catalogue and end, "+
			"with the event source mapping of the Lambda function disabled", follow, rebuild),
	}
	err := set.Parse(args, stdout, func() {
		set.Require(*f.search != "", "-opensearch-url is required")
		set.Require(awsconf.Valid(*f.cloud), "-aws-endpoint-url is required: a URL, or aws")
		set.Require(*f.index != "" && *f.table != "", "-catalogue-index and -catalogue-table must not be empty")
	})
	if err := errors.Join(failed(), err); err != nil {
		return err
	}
	return serve.WithTelemetry(ctx, names.ServiceIndexer, f.Common, stdout, func(t *telemetry.Telemetry) error {
		return daemon(ctx, f, t, inLambda)
	})
}

func daemon(ctx context.Context, f flags, t *telemetry.Telemetry, inLambda bool) error {
	cfg, err := awsconf.Load(ctx, *f.Region, *f.cloud)
	if err != nil {
		return err
	}
	client, err := opensearch.Dial(*f.search)
	if err != nil {
		return err
	}
	index := opensearch.NewIndex(client, *f.index, opensearch.Checkpoints)
	if inLambda {
		onlambda.Serve(ctx, dynamo.NewFunction(index, report(t.Logger)).Invoke)
	}
	x := indexer.New(indexer.Config{Feed: dynamo.NewFeed(cfg, *f.table), Index: index, Report: report(t.Logger)})
	if *f.task == rebuild {
		return x.Rebuild(ctx)
	}
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
