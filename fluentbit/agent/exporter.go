package main

import (
	"context"
	"fmt"
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
	"jari.example/telemetry/names"
)

// config is the exporter's part of agent.yaml.
type config struct {
	URL       string                                                   `mapstructure:"url"`
	Prefix    string                                                   `mapstructure:"index_prefix"`
	Gzip      bool                                                     `mapstructure:"gzip"`
	Heartbeat time.Duration                                            `mapstructure:"heartbeat"`
	Region    string                                                   `mapstructure:"region"`
	BufferDir string                                                   `mapstructure:"buffer_dir"`
	Queue     configoptional.Optional[exporterhelper.QueueBatchConfig] `mapstructure:"sending_queue"`
	Retry     configretry.BackOffConfig                                `mapstructure:"retry_on_failure"`
	Timeout   exporterhelper.TimeoutConfig                             `mapstructure:",squash"`
}

func newFactory() exporter.Factory {
	h := &backends{}
	return exporter.NewFactory(component.MustNewType("jari"), defaults,
		exporter.WithLogs(h.newLogs, component.StabilityLevelStable),
		exporter.WithTraces(h.newTraces, component.StabilityLevelStable),
		exporter.WithMetrics(h.newMetrics, component.StabilityLevelStable))
}

func defaults() component.Config {
	retry := configretry.NewDefaultBackOffConfig()
	retry.MaxElapsedTime = 0 // without end: what the queue holds exists nowhere else
	return &config{
		Queue:   configoptional.Default(exporterhelper.NewDefaultQueueConfig()),
		Retry:   retry,
		Timeout: exporterhelper.TimeoutConfig{Timeout: 3 * ship.DefaultTimeout}, // of a whole attempt, as in the plugin
	}
}

// sender ships the requests of one signal's queue. After an error the whole request is
// sent again. The error does not say which documents were not stored: OpenSearch
// responds to the others with a conflict, and of joined errors the Collector would
// retry only the first.
type sender struct{ *backend }

// requeueDelay is how long a request that OpenSearch rejects, although it accepts
// others, occupies one of the queue's consumers before it goes to the end of the queue.
const requeueDelay = time.Second

// delivery is one request from the queue.
type delivery struct {
	read    func() []record.Record
	raw     func() ([]byte, error) // the whole request as OTLP/JSON
	items   int
	requeue func(context.Context) error // puts it at the end of the queue
}

func (h *backends) newSender(set *exporter.Settings, cfg component.Config) (sender, []exporterhelper.Option, error) {
	c := cfg.(*config)
	b, err := h.get(c, *set)
	if err != nil {
		return sender{}, nil, err
	}
	set.MeterProvider = b.meterProvider
	return sender{b}, []exporterhelper.Option{
		exporterhelper.WithQueue(c.Queue),
		exporterhelper.WithRetry(c.Retry),
		exporterhelper.WithTimeout(c.Timeout),
		exporterhelper.WithStart(func(ctx context.Context, _ component.Host) error { b.start(ctx); return nil }),
		exporterhelper.WithShutdown(func(context.Context) error { return b.stop() }),
	}, nil
}

// send ships d. The Collector retries a failed request until it succeeds, and a few
// requests for a closed index would block the rest of the signal. So such a request
// goes to the end of the queue, which stores it on disk before it is removed from the
// front. While OpenSearch is unavailable it stays in place, because no other could pass.
func (s sender) send(ctx context.Context, d delivery) error {
	err := s.try(ctx, d)
	if err == nil {
		if failures, lasted, over := s.outage.Succeeded(time.Now()); over {
			s.log.Info(fmt.Sprintf("requests are delivered again, %v after the first failure", lasted.Round(time.Second)),
				zap.Int(names.Count, failures))
		}
	}
	if err == nil || s.ship.Ready() != nil {
		return err
	}
	time.Sleep(requeueDelay)
	if full := d.requeue(context.WithoutCancel(ctx)); full != nil { // the timeout was that of the attempt
		s.requeueFailed.Add(int64(d.items))
		return err
	}
	if failures, report := s.outage.Failed(time.Now()); report {
		s.log.Warn("request rejected by OpenSearch; requeued at the end; this is repeated at most once a minute with the number of failures",
			zap.Int(names.Count, failures), zap.Error(err))
	}
	return nil
}

func (s sender) try(ctx context.Context, d delivery) (err error) {
	defer func() { // a panic must not end the agent: after its restart the same records would cause it again
		if p := recover(); p != nil {
			s.logPanic("panic in an export", p)
			err = fmt.Errorf("panic in an export: %v", p)
		}
	}()
	if err := s.ship.Ready(); err != nil {
		return err
	}
	docs, err := s.convert(d)
	if err != nil {
		return err
	}
	res, err := s.ship.Ship(ctx, docs)
	if res.Refused > 0 {
		s.log.Warn("documents stored as dead letters", zap.Int(names.ShipDeadLettered, res.Refused))
	}
	return err
}

// convert returns the documents of d. If it panics, the whole request becomes a dead
// letter: a retry would only panic again.
func (s sender) convert(d delivery) (docs []record.Document, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.logPanic("panic in a conversion", p)
			var raw []byte
			if raw, err = d.raw(); err == nil {
				docs = record.Documents(record.UnreadableChunk(raw, fmt.Sprintf("panic in a conversion: %v", p)))
			}
		}
	}()
	records := d.read()
	record.Identify(records)
	return record.Documents(records), nil
}

func (s sender) logPanic(body string, p any) {
	s.log.Error(body, zap.String(names.EventName, names.EventPanic), zap.Any(names.Exception, p), zap.StackSkip(names.Stacktrace, 1))
}

func (h *backends) newLogs(ctx context.Context, set exporter.Settings, cfg component.Config) (exporter.Logs, error) {
	s, options, err := h.newSender(&set, cfg)
	if err != nil {
		return nil, err
	}
	var e exporter.Logs
	e, err = exporterhelper.NewLogs(ctx, set, cfg, func(ctx context.Context, ld plog.Logs) error {
		return s.send(ctx, delivery{
			read:    func() []record.Record { return logRecords(ld) },
			raw:     func() ([]byte, error) { return (&plog.JSONMarshaler{}).MarshalLogs(ld) },
			items:   ld.LogRecordCount(),
			requeue: func(ctx context.Context) error { return e.ConsumeLogs(ctx, ld) },
		})
	}, options...)
	return &logsGate{Logs: e}, err
}

func (h *backends) newTraces(ctx context.Context, set exporter.Settings, cfg component.Config) (exporter.Traces, error) {
	s, options, err := h.newSender(&set, cfg)
	if err != nil {
		return nil, err
	}
	var e exporter.Traces
	e, err = exporterhelper.NewTraces(ctx, set, cfg, func(ctx context.Context, td ptrace.Traces) error {
		return s.send(ctx, delivery{
			read:    func() []record.Record { return spanRecords(td) },
			raw:     func() ([]byte, error) { return (&ptrace.JSONMarshaler{}).MarshalTraces(td) },
			items:   td.SpanCount(),
			requeue: func(ctx context.Context) error { return e.ConsumeTraces(ctx, td) },
		})
	}, options...)
	return &tracesGate{Traces: e}, err
}

func (h *backends) newMetrics(ctx context.Context, set exporter.Settings, cfg component.Config) (exporter.Metrics, error) {
	s, options, err := h.newSender(&set, cfg)
	if err != nil {
		return nil, err
	}
	var e exporter.Metrics
	e, err = exporterhelper.NewMetrics(ctx, set, cfg, func(ctx context.Context, md pmetric.Metrics) error {
		return s.send(ctx, delivery{
			read:    func() []record.Record { return metricRecords(md) },
			raw:     func() ([]byte, error) { return (&pmetric.JSONMarshaler{}).MarshalMetrics(md) },
			items:   md.DataPointCount(),
			requeue: func(ctx context.Context) error { return e.ConsumeMetrics(ctx, md) },
		})
	}, options...)
	return &metricsGate{Metrics: e}, err
}
