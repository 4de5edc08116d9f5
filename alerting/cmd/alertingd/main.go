// Alertingd evaluates the service level objectives and notifies people on Slack
// when one is missed.
//
//	OpenSearch ─► indicator ─► count ─► evaluate ─► incident ─► outbox ─► notify ─► slack
//	                             └────────── PostgreSQL ───────────┘
//
// Of several replicas the one that holds the lease acts.
package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/google/uuid"

	"jari.example/alerting/count"
	"jari.example/alerting/count/counttest"
	"jari.example/alerting/evaluate"
	"jari.example/alerting/incident"
	"jari.example/alerting/indicator"
	"jari.example/alerting/inmem"
	"jari.example/alerting/lease"
	"jari.example/alerting/notify"
	"jari.example/alerting/postgres"
	"jari.example/alerting/slack"
	"jari.example/internal/serve"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

func main() {
	if !ran(os.Args[1:]) {
		serve.Main(names.ServiceAlerting, run)
	}
}

const (
	leaseTTL       = 10 * time.Second
	requestTimeout = 10 * time.Second // of one request to OpenSearch or Slack
	openTimeout    = time.Minute      // how long a start waits for the database
	// A message is updated once per updateInterval. The time scale divides it,
	// down to what Slack's rate limit allows.
	updateInterval    = time.Minute
	minUpdateInterval = 5 * time.Second
)

func run(ctx context.Context, args []string, getenv func(string) string, stdout, _ io.Writer) error {
	s, err := parse(args, getenv, stdout)
	if err != nil {
		return err
	}
	return serve.WithTelemetry(ctx, names.ServiceAlerting, s.Common, stdout, func(t *telemetry.Telemetry) error {
		return daemon(ctx, s, t)
	})
}

// store is everything that must survive a restart.
type store interface {
	count.Store
	incident.Store
	notify.Outbox
	lease.Store
}

// source is where events are counted and their traces are found.
type source interface {
	count.Source
	incident.Evidence
}

func daemon(ctx context.Context, s *settings, t *telemetry.Telemetry) error {
	report := reporter{log: t.Logger}
	stored, ready, closeStore, err := open(ctx, *s.database, t.Logger)
	if err != nil {
		return err
	}
	defer closeStore()
	events, err := openSource(*s.opensearch)
	if err != nil {
		return err
	}
	status := &status{log: t.Logger}
	stopObserving, err := status.observe()
	if err != nil {
		return err
	}
	defer stopObserving()
	loop := newLoop(s, stored, events, report, status)
	jobs := []func(context.Context, lease.Term){loop.Run}
	if *s.slackURL != "" {
		jobs = append(jobs, slackRelay(s, stored, report).Run)
	}
	elector := lease.Elector{Store: stored, HolderID: uuid.NewString(), TTL: leaseTTL, Report: report.lease}
	report.configured(ctx, s)
	return serve.Run(ctx, serve.Daemon{
		Telemetry: t, OpsAddr: *s.OpsAddr, Ready: status.ready(ready),
		Workers: []serve.Worker{
			{Name: "alerting", Run: func(ctx context.Context) error {
				elector.Run(ctx, together(jobs))
				return nil
			}},
			{Name: "objectives", Run: func(ctx context.Context) error { return s.objectives.Watch(ctx, report.objectives) }},
		},
	})
}

func newLoop(s *settings, stored store, events source, report reporter, status *status) *evaluate.Loop {
	counter := &count.Counter{Source: events, Store: stored, Timing: s.timing}
	return &evaluate.Loop{
		Set: s.objectives.Current, Timing: s.timing, Count: counter.Count, Store: stored,
		Incidents: incident.Manager{
			Store: stored, Evidence: events, Scale: s.timing.Scale, Report: report.incident,
			UpdateInterval: max(updateInterval/time.Duration(s.timing.Scale), minUpdateInterval),
		},
		Now: time.Now, Report: report.tick(), Observe: status.set,
	}
}

// openSource returns the source at url; without one nothing is ever counted.
func openSource(url string) (source, error) {
	if url == "" {
		return &counttest.Fake{}, nil
	}
	return indicator.NewOpenSearch(url, requestTimeout)
}

// together runs all jobs at the same time and returns when the last one has.
func together(jobs []func(context.Context, lease.Term)) func(context.Context, lease.Term) {
	return func(ctx context.Context, term lease.Term) {
		var running sync.WaitGroup
		for _, job := range jobs {
			running.Go(func() { job(ctx, term) })
		}
		running.Wait()
	}
}

func slackRelay(s *settings, outbox notify.Outbox, report reporter) *notify.Relay {
	return notify.NewRelay(notify.Config{
		Outbox: outbox,
		Notifier: slack.New(slack.Config{
			URL: *s.slackURL + "/", Token: s.slackToken, Channel: *s.channel, Links: s.links,
			HTTP: telemetry.Client("slack", requestTimeout),
		}),
		Interval: slack.MessageInterval,
		SpanName: names.SpanSlackDeliver,
		Report:   report.delivery,
	})
}

// open returns the store, its readiness check, which is nil in memory, and what
// closes it.
func open(ctx context.Context, url string, logger *slog.Logger) (store, func(context.Context) error, func(), error) {
	if url == "" {
		logger.Warn("no -database-url: incidents are stored in memory and lost when the process ends")
		return inmem.New(), nil, func() {}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	s, err := postgres.Open(ctx, url, func(err error) {
		logger.Warn("waiting for the database", names.Exception, err.Error())
	})
	if err != nil {
		return nil, nil, nil, err
	}
	return s, s.Ping, s.Close, nil
}
