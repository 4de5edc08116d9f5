package telemetry

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"golang.org/x/time/rate"

	"jari.example/telemetry/jsonlog"
	"jari.example/telemetry/names"
	"jari.example/telemetry/runtimestats"
	"jari.example/telemetry/spans"
)

// DefaultTraceCeiling is the default of Config.TraceCeiling.
const DefaultTraceCeiling = 200

// Config identifies the process and configures its telemetry.
type Config struct {
	Service   string        // service.name; required
	Version   string        // service.version; the commit the binary was built from when empty
	Region    string        // cloud.region: an AWS region id
	Endpoint  string        // base URL of the agent's OTLP/HTTP receiver; "" disables spans and metrics
	Level     slog.Level    // lines below it are not written; Telemetry.Level changes it later
	Output    io.Writer     // where lines go; stdout when nil
	Heartbeat time.Duration // 10 s when 0, none when negative

	// TraceCeiling is how many traces per second the rate-limiting sampler keeps
	// whole. The more there are above it, the fewer are kept, and besides them a few
	// failed and slow (1 s) ones of each route. It is the ceiling of the access log
	// lines of each route of an inner service, too. 0 means DefaultTraceCeiling, a
	// negative number all traces and lines.
	TraceCeiling int

	// Off disables all lines, spans and metrics, whatever the other fields are, to
	// measure what they cost.
	Off bool

	// Processors and Readers are added to the providers, for tests.
	Processors []sdktrace.SpanProcessor
	Readers    []sdkmetric.Reader
}

// Telemetry is the running telemetry of a process.
type Telemetry struct {
	Logger *slog.Logger
	Level  *slog.LevelVar // lowest level that is written; may be changed at any time
	Traces *sdktrace.TracerProvider
	Meters *sdkmetric.MeterProvider
}

// shutdownTimeout limits how long stop waits for the agent.
const shutdownTimeout = 3 * time.Second

// Start sets up the telemetry of the process and installs OpenTelemetry's globals,
// so that libraries use the same providers. Call stop last: it sends what remains
// to the agent, for three seconds at most.
func Start(ctx context.Context, c Config) (t *Telemetry, stop func(context.Context) error, err error) {
	if c.Service == "" {
		return nil, nil, errors.New("telemetry: Config.Service is empty")
	}
	if c.Off {
		return startOff()
	}
	c.defaults()
	instance := uuid.NewString()
	level := new(slog.LevelVar)
	level.Set(c.Level)
	id := jsonlog.Identity{Service: c.Service, Instance: instance, Version: c.Version, Region: c.Region}
	handler := jsonlog.New(c.Output, id, level)
	process.identify(id, handler)
	logger := slog.New(handler)
	res := resource.NewSchemaless(
		attribute.String(names.ServiceName, c.Service),
		attribute.String(names.ServiceInstanceID, instance),
		attribute.String(names.ServiceVersion, c.Version),
		attribute.String(names.CloudRegion, c.Region),
	)
	meterOptions, err := c.meterOptions(ctx, res)
	if err != nil {
		return nil, nil, err
	}
	meters := sdkmetric.NewMeterProvider(meterOptions...)
	decider := spans.NewDecider()
	lines := &lineCeilings{limit: c.TraceCeiling, logger: logger}
	process.decider.Store(decider)
	process.lines.Store(lines)
	traces := sdktrace.NewTracerProvider(c.traceOptions(res, logger, meters, decider)...)

	otel.SetErrorHandler(newErrorHandler(logger))
	otel.SetTracerProvider(traces)
	otel.SetMeterProvider(meters)
	// No baggage: we use none, and an external caller's would pass through every hop.
	otel.SetTextMapPropagator(propagation.TraceContext{})
	if c.Endpoint != "" {
		if err := runtimestats.Start(meters, metricInterval/2); err != nil {
			return nil, nil, err
		}
	}
	stopHeartbeat := startHeartbeat(logger, c.Heartbeat, lines.flush)
	stop = func(ctx context.Context) error {
		stopHeartbeat()
		lines.flush()
		ctx, cancel := context.WithTimeout(ctx, shutdownTimeout)
		defer cancel()
		// Spans first, since metrics count the spans that were dropped; but not for
		// the whole time, which an unreachable agent would use up.
		deadline, _ := ctx.Deadline()
		spansCtx, cancelSpans := context.WithTimeout(ctx, time.Until(deadline)*5/6)
		defer cancelSpans()
		return errors.Join(traces.Shutdown(spansCtx), meters.Shutdown(ctx))
	}
	return &Telemetry{Logger: logger, Level: level, Traces: traces, Meters: meters}, stop, nil
}

func (c *Config) defaults() {
	if c.Output == nil {
		c.Output = os.Stdout
	}
	if c.Version == "" {
		c.Version = buildVersion()
	}
	if c.Heartbeat == 0 {
		c.Heartbeat = 10 * time.Second
	}
	if c.TraceCeiling == 0 {
		c.TraceCeiling = DefaultTraceCeiling
	}
	c.Endpoint = strings.TrimRight(c.Endpoint, "/")
}

func (c *Config) traceOptions(
	res *resource.Resource, logger *slog.Logger, meters metric.MeterProvider, decider *spans.Decider,
) []sdktrace.TracerProviderOption {
	options := []sdktrace.TracerProviderOption{sdktrace.WithResource(res)}
	for _, p := range c.Processors {
		options = append(options, sdktrace.WithSpanProcessor(p))
	}
	if c.Endpoint != "" {
		options = append(options, sdktrace.WithSpanProcessor(spans.NewProcessor(c.Endpoint+"/v1/traces", logger, meters, decider)),
			sdktrace.WithSampler(spans.NewRateLimitingSampler(c.TraceCeiling)))
	} else if len(c.Processors) == 0 {
		// Lines carry trace ids nevertheless, but no spans are recorded.
		options = append(options, sdktrace.WithSampler(sdktrace.NeverSample()))
	}
	return options
}

func (c *Config) meterOptions(ctx context.Context, res *resource.Resource) ([]sdkmetric.Option, error) {
	// No exemplars: the access log leads from a slow request to its trace.
	options := []sdkmetric.Option{sdkmetric.WithResource(res), sdkmetric.WithExemplarFilter(exemplar.AlwaysOffFilter)}
	for _, r := range c.Readers {
		options = append(options, sdkmetric.WithReader(r))
	}
	if c.Endpoint != "" {
		reader, err := newMetricReader(ctx, c.Endpoint+"/v1/metrics")
		if err != nil {
			return nil, err
		}
		options = append(options, sdkmetric.WithReader(reader))
	}
	return options, nil
}

// startHeartbeat logs regularly that the process is alive, so that missing lines
// mean a failure of process or pipeline, and not a quiet service. It calls flush as often.
func startHeartbeat(logger *slog.Logger, every time.Duration, flush func()) (stop func()) {
	if every < 0 {
		return func() {}
	}
	began := time.Now()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				flush()
				logger.Info("alive", names.EventName, names.EventHeartbeat, names.Uptime, time.Since(began).Round(time.Millisecond))
			}
		}
	}()
	return func() { cancel(); <-done }
}

// newErrorHandler logs OpenTelemetry's errors, at most one every ten seconds: an
// unreachable agent would otherwise fill the log.
func newErrorHandler(logger *slog.Logger) otel.ErrorHandlerFunc {
	limited := rate.Sometimes{Interval: 10 * time.Second}
	return func(err error) {
		limited.Do(func() { logger.Warn("telemetry export failed", names.Exception, err.Error()) })
	}
}
