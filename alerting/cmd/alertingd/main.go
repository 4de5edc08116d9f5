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
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"jari.example/alerting/count"
	"jari.example/alerting/count/counttest"
	"jari.example/alerting/deadman"
	"jari.example/alerting/evaluate"
	"jari.example/alerting/incident"
	"jari.example/alerting/indicator"
	"jari.example/alerting/inmem"
	"jari.example/alerting/lease"
	"jari.example/alerting/notify"
	"jari.example/alerting/oncall"
	"jari.example/alerting/paging"
	"jari.example/alerting/postgres"
	"jari.example/alerting/slack/inbound"
	"jari.example/alerting/slo"
	database "jari.example/internal/postgres"
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
	// After the end of a lease another replica notices that within a fifth of this: so
	// it takes over at most 8.4 s after the last sign of the holder.
	leaseTTL       = 7 * time.Second
	requestTimeout = 10 * time.Second // of one request to OpenSearch or Slack
	// evidenceLimit is how long a tick searches for evidence, which comes with a later one
	// when it takes longer.
	evidenceLimit = 2 * time.Second
	openTimeout   = time.Minute // how long a start waits for the database
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
	incident.ChartStore
	notify.Outbox
	notify.Announcements
	notify.Prunable
	lease.Store
	inbound.Replays
	deadman.Ticks
}

// source is where events are counted and evidence of bad ones is found.
type source interface {
	count.Source
	incident.Evidence
}

func daemon(ctx context.Context, s *settings, t *telemetry.Telemetry) error {
	report := reporter{log: t.Logger}
	if err := database.Provision(ctx, s.task.Admin(), *s.database, strings.Fields(*s.reader)...); err != nil {
		return err
	}
	stored, ready, closeStore, err := open(ctx, *s.database, t.Logger)
	if err != nil {
		return err
	}
	defer closeStore()
	if s.task.Migrates() {
		return serve.Migrated(t)
	}
	stored = injected.store(stored)
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
	checker, err := s.checker(ctx, stored, report)
	if err != nil {
		return err
	}
	jobs = append(jobs, checker.Announce, notify.Pruner{Outbox: stored, Report: report.prune}.Run)
	if job, ok := s.digestJob(stored, report); ok {
		jobs = append(jobs, job.Run)
	}
	if s.notifies() {
		jobs = append(jobs, newPager(s, stored, report).Run)
	}
	if s.slack.given() {
		jobs = append(jobs, s.slack.jobs(s, stored, report)...)
	}
	if s.mail.Given() {
		mails, err := s.mail.relay(ctx, s.links, stored, report)
		if err != nil {
			return err
		}
		jobs = append(jobs, mails.Run)
	}
	elector := injected.elector(lease.Elector{Store: stored, HolderID: uuid.NewString(), TTL: leaseTTL, Report: report.lease})
	report.configured(ctx, s)
	report.gaps(ctx, s.onCall.Current(), time.Now())
	return serve.Run(ctx, serve.Daemon{
		Telemetry: t, OpsAddr: *s.OpsAddr, HTTPAddr: *s.HTTPAddr,
		Handler: web(s, stored, incident.Responder{Store: stored, Now: time.Now}, status.last, report, t),
		Ready:   status.ready(accepted(stored, both(ready, checker.Ready))),
		Workers: []serve.Worker{
			{Name: "alerting", Run: func(ctx context.Context) error {
				elector.Run(ctx, injected.work(together(jobs)))
				return nil
			}},
			{Name: "media", Run: func(ctx context.Context) error { checker.Watch(ctx); return nil }},
			{Name: "objectives", Run: func(ctx context.Context) error { return s.objectives.Watch(ctx, report.objectives) }},
			{Name: "on-call", Run: func(ctx context.Context) error { return s.onCall.Watch(ctx, report.onCall) }},
		},
	})
}

func newLoop(s *settings, stored store, events source, report reporter, status *status) *evaluate.Loop {
	notified := notifications{s.onCall.Current, stored}
	update := max(updateInterval/time.Duration(s.timing.Scale), minUpdateInterval)
	counter := &count.Counter{Source: events, Store: stored, Timing: s.timing}
	return &evaluate.Loop{
		Set: s.objectives.Current, Timing: s.timing, Count: counter.Count, Store: stored,
		Incidents: incident.Manager{
			Store: stored, Scale: s.timing.Scale, UpdateInterval: update,
			Evidence: &incident.Finder{Evidence: events, Limit: evidenceLimit, Pause: update / 8},
			OnCall:   notified.onCall, Silenced: notified.silenced, Targets: s.targets,
			Report: report.incident, ReportEvidence: report.evidence,
		},
		Now: time.Now, Report: report.tick(), Observe: status.set, Succeeded: (&deadman.Recorder{Ticks: stored}).Record,
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

// newPager returns what escalates pages that nobody acknowledges.
func newPager(s *settings, stored store, report reporter) *paging.Pager {
	return &paging.Pager{
		Store: stored, Outbox: stored, Rota: func() *oncall.Rota { return s.onCall.Current().Rota },
		Mails: s.mail.Given(), MailTo: s.mail.to, MailAfter: paging.DefaultMailAfter, Now: time.Now, Report: report.paging,
	}
}

// notifications say whom an incident notifies first, and why it notifies nobody.
type notifications struct {
	plan  func() oncall.Plan
	store incident.Store
}

func (n notifications) onCall(at time.Time) (incident.Notified, bool) {
	rota := n.plan().Rota
	if rota == nil {
		return incident.Notified{}, false
	}
	person := rota.Line(at)[0]
	return incident.Notified{Name: person.Name, SlackID: person.SlackID, At: at}, true
}

func (n notifications) silenced(ctx context.Context, r slo.Rule, id string, at time.Time) (*incident.Silenced, error) {
	for _, m := range n.plan().Maintenance {
		if m.Covers(r.Name, r.Service, at) {
			return &incident.Silenced{Until: m.To, Maintenance: m.Name, Reason: m.Reason}, nil
		}
	}
	silences, err := n.store.Silences(ctx, at)
	if err != nil {
		return nil, err
	}
	for _, s := range silences {
		if s.Covers(r.Name, id, at) {
			return &incident.Silenced{Until: s.Until, By: s.By, Reason: s.Reason}, nil
		}
	}
	return nil, nil
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
