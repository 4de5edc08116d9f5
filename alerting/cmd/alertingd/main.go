// Command alertingd watches the objectives and tells people on Slack when one
// breaks.
//
//	OpenSearch ─ indicator ─► buckets ─ evaluate ─► incident ─► outbox ─ slack ─► Slack
//	 (access lines)          └────────────── Postgres ──────────────┘
//
// Replicas elect one that acts; the others wait for its lease to end.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/oklog/run"

	"jari.example/alerting/evaluate"
	"jari.example/alerting/incident"
	"jari.example/alerting/indicator"
	"jari.example/alerting/inmem"
	"jari.example/alerting/lease"
	"jari.example/alerting/postgres"
	"jari.example/alerting/slack"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

const (
	leaseTTL       = 10 * time.Second
	requestTimeout = 10 * time.Second // to OpenSearch and Slack
	// updateEvery is how often a message follows its incident, shortened
	// with the windows down to what Slack bears.
	updateEvery   = time.Minute
	updateAtLeast = 5 * time.Second
	databaseWait  = 15 * time.Second // for the database at the start
)

func main() {
	telemetry.Main(names.ServiceAlerting, func(ctx context.Context) error {
		return runDaemon(ctx, os.Args[1:], os.Getenv, os.Stdout)
	})
}

// runDaemon is the whole program. It returns nil after an orderly stop.
func runDaemon(ctx context.Context, args []string, getenv func(string) string, stdout io.Writer) error {
	c, err := configure(args, getenv, stdout)
	if err != nil {
		return err
	}
	t, flush, err := telemetry.Start(ctx, telemetry.Config{
		Service: names.ServiceAlerting, Region: c.region, Endpoint: c.otlp, TraceCeiling: c.traceCeiling, Level: c.level, Output: stdout,
	})
	if err != nil {
		return err
	}
	err = watch(ctx, c, t)
	if err := flush(context.WithoutCancel(ctx)); err != nil {
		t.Logger.Warn("telemetry was not flushed", names.Exception, err.Error())
	}
	return err
}

// store is everything that has to survive a restart.
type store interface {
	evaluate.Buckets
	incident.Store
	slack.Outbox
	lease.Store
}

func watch(ctx context.Context, c config, t *telemetry.Telemetry) error {
	listen := listener{log: t.Logger}
	kept, ready, closeStore, err := open(ctx, c)
	if err != nil {
		return err
	}
	defer closeStore()
	var source indicator.Source = &indicator.Fake{}
	if c.opensearch != "" {
		if source, err = indicator.NewOpenSearch(c.opensearch, c.index, requestTimeout); err != nil {
			return err
		}
	}
	loop := evaluate.Loop{
		SLOs: c.slos, Timing: c.pace, Source: source, Buckets: kept, Report: listen.tick(),
		Incidents: incident.Manager{
			Store: kept, Buckets: kept, Source: source, Scale: c.pace.Scale, Report: listen.incident,
			UpdateInterval: max(updateEvery/time.Duration(c.pace.Scale), updateAtLeast),
		},
	}
	c.slack.HTTP = telemetry.Client("slack", requestTimeout)
	deliverer := slack.NewDeliverer(c.slack, kept, listen.delivery)
	holder := lease.Elector{Store: kept, HolderID: uuid.NewString(), TTL: leaseTTL, Report: listen.lease}

	ops, err := newOps(c.opsAddr, ready, t)
	if err != nil {
		return err
	}
	listen.started(ctx, c, ops.addr())

	var actors run.Group
	actors.Add(ops.serve, ops.stop)
	working, stopWorking := context.WithCancel(context.WithoutCancel(ctx))
	actors.Add(func() error {
		holder.Run(working, func(ctx context.Context, term lease.Term) {
			var both sync.WaitGroup
			both.Go(func() { loop.Run(ctx, term) })
			if c.slack.URL != "" {
				both.Go(func() { deliverer.Run(ctx, term) })
			}
			both.Wait()
		})
		return nil
	}, func(error) { stopWorking() })
	stopped := make(chan struct{})
	actors.Add(func() error {
		select {
		case <-ctx.Done():
			ops.drain()
			listen.stopping(ctx)
		case <-stopped:
		}
		return nil
	}, func(error) { close(stopped) })
	return actors.Run()
}

// open returns the store, a question whether it is usable, and its end.
func open(ctx context.Context, c config) (store, func(context.Context) error, func(), error) {
	if c.database == "" {
		return inmem.New(), func(context.Context) error { return nil }, func() {}, nil
	}
	starting, cancel := context.WithTimeout(ctx, databaseWait)
	defer cancel()
	s, err := postgres.Open(starting, c.database)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("database: %w", err)
	}
	return s, s.Ping, s.Close, nil
}
