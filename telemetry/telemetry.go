// Package telemetry sets a process up to be observed: JSON lines on stdout,
// spans and metrics over OTLP to the agent, W3C trace context on every hop. Its
// vocabulary is telemetry/names.
package telemetry

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"jari.example/telemetry/names"
)

// Config says who the process is and where its telemetry goes.
type Config struct {
	Service   string        // service.name; required
	Version   string        // service.version; the commit the binary was built from when empty
	Region    string        // cloud.region: an AWS region id
	Endpoint  string        // base URL of the agent's OTLP/HTTP receiver; "" switches spans and metrics off
	Level     slog.Level    // lines below it are not written, until Telemetry.Level is changed
	Output    io.Writer     // where lines go; stdout when nil
	Heartbeat time.Duration // 10 s when 0, none when negative

	// TraceCeiling is how many traces are kept per second whatever becomes of
	// them; above it only what fails or takes a second. 200 when 0, all when
	// negative.
	TraceCeiling int

	// Off silences the process, whatever the rest says: no line, no span, no
	// metric. It is for measuring what those cost.
	Off bool

	// Processors and Readers are added to the providers, for tests.
	Processors []sdktrace.SpanProcessor
	Readers    []sdkmetric.Reader
}

// Telemetry is what a process that has been set up holds.
type Telemetry struct {
	Logger *slog.Logger
	Level  *slog.LevelVar // the lowest that is written; may be changed at any time
	Traces *sdktrace.TracerProvider
	Meters *sdkmetric.MeterProvider
}

const metricPeriod = 10 * time.Second

// Start sets the process up and installs OpenTelemetry's globals, so that
// libraries find the same providers. Call stop last: it hands over what there is
// still to say, for three seconds at most.
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
	id := identity{c.Service, instance, c.Version, c.Region}
	handler := newHandler(c.Output, id, level)
	running.is(id, handler)
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
	traces := sdktrace.NewTracerProvider(c.traceOptions(res, logger, meters)...)

	otel.SetErrorHandler(exportErrors(logger))
	otel.SetTracerProvider(traces)
	otel.SetMeterProvider(meters)
	// No baggage: we use none, and a stranger's would travel through every hop.
	otel.SetTextMapPropagator(propagation.TraceContext{})
	if c.Endpoint != "" {
		if err := startProcess(meters); err != nil {
			return nil, nil, err
		}
	}
	stopHeart := heartbeat(logger, c.Heartbeat)
	stop = func(ctx context.Context) error {
		stopHeart()
		ctx, cancel := context.WithTimeout(ctx, flushLimit)
		defer cancel()
		// Spans first, since the metrics count which of them were lost; but not
		// for all the time, which an agent that is away would use up.
		deadline, _ := ctx.Deadline()
		first, cancelFirst := context.WithTimeout(ctx, time.Until(deadline)*5/6)
		defer cancelFirst()
		return errors.Join(traces.Shutdown(first), meters.Shutdown(ctx))
	}
	return &Telemetry{Logger: logger, Level: level, Traces: traces, Meters: meters}, stop, nil
}

func (c *Config) defaults() {
	if c.Output == nil {
		c.Output = os.Stdout
	}
	if c.Version == "" {
		c.Version = built()
	}
	if c.Heartbeat == 0 {
		c.Heartbeat = 10 * time.Second
	}
	if c.TraceCeiling == 0 {
		c.TraceCeiling = DefaultTraceCeiling
	}
	c.Endpoint = strings.TrimRight(c.Endpoint, "/")
}

func (c *Config) traceOptions(res *resource.Resource, logger *slog.Logger, meters metric.MeterProvider) []sdktrace.TracerProviderOption {
	options := []sdktrace.TracerProviderOption{sdktrace.WithResource(res)}
	for _, p := range c.Processors {
		options = append(options, sdktrace.WithSpanProcessor(p))
	}
	if c.Endpoint != "" {
		pipe := newSpanPipe(newExporter(c.Endpoint+"/v1/traces").post, logger, newSpanMetrics(meters))
		options = append(options, sdktrace.WithSpanProcessor(newUndecided(pipe)), sdktrace.WithSampler(&ceiling{limit: c.TraceCeiling}))
	} else if len(c.Processors) == 0 {
		// Lines still carry trace ids; nothing is recorded behind them.
		options = append(options, sdktrace.WithSampler(sdktrace.NeverSample()))
	}
	return options
}

func (c *Config) meterOptions(ctx context.Context, res *resource.Resource) ([]sdkmetric.Option, error) {
	options := append(metricOptions(), sdkmetric.WithResource(res))
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

// heartbeat says regularly that the process lives, so that silence means
// blindness and not health.
func heartbeat(logger *slog.Logger, every time.Duration) (stop func()) {
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
				logger.Info("alive", names.EventName, names.EventHeartbeat, names.Uptime, time.Since(began).Round(time.Millisecond))
			}
		}
	}()
	return func() { cancel(); <-done }
}

// exportErrors turns OpenTelemetry's complaints into at most one line every ten
// seconds: an agent that is away would otherwise fill the log.
func exportErrors(logger *slog.Logger) otel.ErrorHandlerFunc {
	quiet := newThrottle(10 * time.Second)
	return func(err error) {
		if quiet.allow(time.Now()) {
			logger.Warn("telemetry export failed", names.Exception, err.Error())
		}
	}
}

// version is set by the linker (-X) where Go may not read the commit itself.
var version string

// built is the commit this binary was made of, "-dirty" when files differed
// from it.
func built() string {
	if version != "" {
		return version
	}
	info, _ := debug.ReadBuildInfo()
	return revision(info)
}

func revision(info *debug.BuildInfo) string {
	commit, dirty := "", ""
	if info != nil {
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				commit = s.Value[:min(12, len(s.Value))]
			case s.Key == "vcs.modified" && s.Value == "true":
				dirty = "-dirty"
			}
		}
	}
	if commit == "" {
		return "unknown"
	}
	return commit + dirty
}
