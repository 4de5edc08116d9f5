package main

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"

	"jari.example/fluentbit/record"
	"jari.example/fluentbit/ship"
)

// config is the exporter's part of agent.yaml.
type config struct {
	URL     string                                                   `mapstructure:"url"`
	Prefix  string                                                   `mapstructure:"index_prefix"`
	Gzip    bool                                                     `mapstructure:"gzip"`
	Queue   configoptional.Optional[exporterhelper.QueueBatchConfig] `mapstructure:"sending_queue"`
	Retry   configretry.BackOffConfig                                `mapstructure:"retry_on_failure"`
	Timeout exporterhelper.TimeoutConfig                             `mapstructure:",squash"`
}

func newFactory() exporter.Factory {
	return exporter.NewFactory(component.MustNewType("jari"), defaults,
		exporter.WithLogs(newLogs, component.StabilityLevelStable),
		exporter.WithTraces(newTraces, component.StabilityLevelStable),
		exporter.WithMetrics(newMetrics, component.StabilityLevelStable))
}

func defaults() component.Config {
	retry := configretry.NewDefaultBackOffConfig()
	retry.MaxElapsedTime = 0 // for ever: what the queue holds exists nowhere else
	return &config{
		Queue:   configoptional.Default(exporterhelper.NewDefaultQueueConfig()),
		Retry:   retry,
		Timeout: exporterhelper.TimeoutConfig{Timeout: time.Minute},
	}
}

// sender ships what one signal's exporter takes from its queue. An error means
// the whole request again: documents that were stored answer with a conflict,
// so there is nothing to gain from naming those that were not, and joined
// errors of several parts would have only the first of them retried.
type sender struct {
	cfg  *config
	log  *zap.Logger
	ship *ship.Shipper
}

func newSender(set exporter.Settings, cfg component.Config) (*sender, []exporterhelper.Option, error) {
	c := cfg.(*config)
	shipper, err := ship.Open(ship.Config{URL: c.URL, Prefix: c.Prefix, Gzip: c.Gzip})
	s := &sender{cfg: c, log: set.Logger, ship: shipper}
	return s, []exporterhelper.Option{
		exporterhelper.WithQueue(c.Queue),
		exporterhelper.WithRetry(c.Retry),
		exporterhelper.WithTimeout(c.Timeout),
		exporterhelper.WithStart(s.start),
		exporterhelper.WithShutdown(func(context.Context) error { return shipper.Close() }),
	}, err
}

// start prepares OpenSearch. If it is away the agent starts all the same: the
// queue takes what comes, and nothing is written before Setup has succeeded.
func (s *sender) start(ctx context.Context, _ component.Host) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := s.ship.Setup(ctx); err != nil {
		s.log.Warn("OpenSearch is not ready; keeping everything until it is", zap.Error(err))
	}
	return nil
}

func (s *sender) send(ctx context.Context, records []record.Record) error {
	record.Identify(records)
	docs := make([]record.Document, 0, len(records))
	for i := range records {
		docs = records[i].Documents(docs)
	}
	res, err := s.ship.Ship(ctx, docs)
	if res.Refused > 0 {
		s.log.Warn("documents went to the dead-letter index", zap.Int("refused", res.Refused))
	}
	return err
}

func newLogs(ctx context.Context, set exporter.Settings, cfg component.Config) (exporter.Logs, error) {
	s, options, err := newSender(set, cfg)
	if err != nil {
		return nil, err
	}
	e, err := exporterhelper.NewLogs(ctx, set, cfg, func(ctx context.Context, ld plog.Logs) error {
		return s.send(ctx, logRecords(ld))
	}, options...)
	return &logsGate{Logs: e}, err
}

func newTraces(ctx context.Context, set exporter.Settings, cfg component.Config) (exporter.Traces, error) {
	s, options, err := newSender(set, cfg)
	if err != nil {
		return nil, err
	}
	e, err := exporterhelper.NewTraces(ctx, set, cfg, func(ctx context.Context, td ptrace.Traces) error {
		return s.send(ctx, spanRecords(td))
	}, options...)
	return &tracesGate{Traces: e}, err
}

func newMetrics(ctx context.Context, set exporter.Settings, cfg component.Config) (exporter.Metrics, error) {
	s, options, err := newSender(set, cfg)
	if err != nil {
		return nil, err
	}
	e, err := exporterhelper.NewMetrics(ctx, set, cfg, func(ctx context.Context, md pmetric.Metrics) error {
		return s.send(ctx, metricRecords(md))
	}, options...)
	return &metricsGate{Metrics: e}, err
}
