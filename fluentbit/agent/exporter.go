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
	"jari.example/telemetry/names"
)

// config is the exporter's part of agent.yaml.
type config struct {
	URL       string                                                   `mapstructure:"url"`
	Prefix    string                                                   `mapstructure:"index_prefix"`
	Gzip      bool                                                     `mapstructure:"gzip"`
	Heartbeat time.Duration                                            `mapstructure:"heartbeat"`
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
type sender struct{ *backend }

// requeueDelay is how long a request that OpenSearch does not take, though it takes
// others, holds one of the queue's consumers before it goes to the queue's end.
const requeueDelay = time.Second

// delivery is one request from the queue.
type delivery struct {
	read    func() []record.Record
	raw     func() ([]byte, error) // all of it as OTLP/JSON
	items   int
	requeue func(context.Context) error // puts it to the queue's end
}

func (h *backends) newSender(set *exporter.Settings, cfg component.Config) (sender, []exporterhelper.Option, error) {
	c := cfg.(*config)
	one, err := h.get(c, *set)
	if err != nil {
		return sender{}, nil, err
	}
	set.MeterProvider = one.meterProvider
	return sender{one}, []exporterhelper.Option{
		exporterhelper.WithQueue(c.Queue),
		exporterhelper.WithRetry(c.Retry),
		exporterhelper.WithTimeout(c.Timeout),
		exporterhelper.WithStart(func(ctx context.Context, _ component.Host) error { one.start(ctx); return nil }),
		exporterhelper.WithShutdown(func(context.Context) error { return one.stop() }),
	}, nil
}

// send ships d. The Collector would try a request that fails until it succeeds,
// and a few such in a closed index would stop the rest of the signal. So it goes
// to the end of the queue, which has it on disk before its place at the front is
// given up. While OpenSearch is away there is nothing to let pass.
func (s sender) send(ctx context.Context, d delivery) error {
	err := s.try(ctx, d)
	if err == nil || s.ship.Ready() != nil {
		return err
	}
	time.Sleep(requeueDelay)
	if full := d.requeue(context.WithoutCancel(ctx)); full != nil { // the timeout was for the try
		s.requeueFailed.Add(int64(d.items))
		return err
	}
	s.log.Warn("OpenSearch does not take a request; it will be tried again after the others", zap.Int(names.Count, d.items), zap.Error(err))
	return nil
}

func (s sender) try(ctx context.Context, d delivery) (err error) {
	defer func() { // or it ends the agent, which would only meet the same records again
		if p := recover(); p != nil {
			s.log.Error("panic in an export", zap.String(names.EventName, names.EventPanic), zap.Any(names.Exception, p), zap.Stack(names.Stacktrace))
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
		s.log.Warn("documents went to the dead-letter index", zap.Int(names.ShipDeadLettered, res.Refused))
	}
	return err
}

// convert converts d. Should that panic, the request as a whole is a dead
// letter: tried again it would only panic again.
func (s sender) convert(d delivery) (docs []record.Document, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("converting panicked", zap.String(names.EventName, names.EventPanic), zap.Any(names.Exception, p), zap.Stack(names.Stacktrace))
			var raw []byte
			if raw, err = d.raw(); err == nil {
				docs = documentsOf(record.UnreadableChunk(raw, fmt.Sprintf("converting panicked: %v", p)))
			}
		}
	}()
	records := d.read()
	record.Identify(records)
	return documentsOf(records), nil
}

func documentsOf(records []record.Record) []record.Document {
	docs := make([]record.Document, 0, len(records))
	for i := range records {
		docs = records[i].Documents(docs)
	}
	return docs
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
