package main

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/receiver/filelogreceiver"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"

	"jari.example/fluentbit/record"
	"jari.example/telemetry/names"
)

// The Collector's receiver reads the file that Fluent Bit's tail read when the chunk was
// captured.
func TestBothAgentsMakeTheSameDocumentsOfLines(t *testing.T) {
	chunk, err := os.ReadFile("../testdata/lines/lines.msgpack")
	if err != nil {
		t.Fatal(err)
	}
	fluentBit, err := record.Decode(chunk)
	if err != nil {
		t.Fatal(err)
	}
	var collector []record.Record
	for _, l := range readFollowed(t, "../testdata/lines/lines.log", len(fluentBit)) {
		// The two agents have read the file at different times.
		l.SetObservedTimestamp(pcommon.NewTimestampFromTime(fluentBit[len(collector)].Received))
		collector = append(collector, logRecords(singleLog(l, true))...)
	}
	compare(t, byHandle(identifiedDocuments(collector)), byHandle(identifiedDocuments(fluentBit)), nil)
}

// singleLog returns a request with this log record only.
func singleLog(l plog.LogRecord, followed bool) plog.Logs {
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	if followed {
		rl.Resource().Attributes().PutStr(names.AgentFollowed, "true")
	}
	l.CopyTo(rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty())
	return ld
}

// OTLP clients that read files add the file name, too.
func TestAnOTLPLogWithAFileNameIsNotALineOfAFile(t *testing.T) {
	l := plog.NewLogRecord()
	l.Body().SetStr("{}")
	l.SetSeverityText("WARN")
	l.Attributes().PutStr(names.LogFilePath, "/theirs.log")
	ld := singleLog(l, false)
	ld.ResourceLogs().At(0).Resource().Attributes().PutStr(names.ServiceName, "theirs")
	r := logRecords(ld)[0]
	if r.Attributes[names.SeverityText] != "WARN" || r.Attributes[names.Body] != "{}" || r.Resource[names.ServiceName] != "theirs" {
		t.Errorf("%+v", r)
	}
}

// readFollowed returns what the receiver, configured as in agent.yaml, reads from a file
// of n lines that are not blank.
func readFollowed(t *testing.T, file string, n int) (all []plog.LogRecord) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	factory := filelogreceiver.NewFactory()
	cfg := fileLog(t, factory)
	t.Chdir(t.TempDir()) // the path is part of the comparison
	if err := os.WriteFile("lines.log", text, 0o600); err != nil {
		t.Fatal(err)
	}

	arrived := make(chan plog.Logs)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	sink, err := consumer.NewLogs(func(_ context.Context, ld plog.Logs) error {
		select {
		case arrived <- ld:
		case <-ctx.Done():
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	r, err := factory.CreateLogs(ctx, receiver.Settings{
		ID: component.NewID(factory.Type()),
		TelemetrySettings: component.TelemetrySettings{
			Logger: zap.NewNop(), MeterProvider: metricnoop.NewMeterProvider(), TracerProvider: tracenoop.NewTracerProvider(),
		},
	}, cfg, sink)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Start(ctx, nil); err != nil {
		t.Fatal(err)
	}
	for len(all) < n {
		select {
		case ld := <-arrived:
			for _, rl := range ld.ResourceLogs().All() {
				for _, sl := range rl.ScopeLogs().All() {
					for _, l := range sl.LogRecords().All() {
						_, followed := rl.Resource().Attributes().Get(names.AgentFollowed)
						if len(logRecords(singleLog(l, followed))) > 0 {
							all = append(all, l)
						}
						if !followed {
							t.Error("the receiver does not mark a line as followed")
						}
					}
				}
			}
		case <-ctx.Done():
			t.Fatalf("%d lines, want %d", len(all), n)
		}
	}
	cancel()
	if err := r.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if len(all) > n {
		t.Fatalf("%d lines, want %d", len(all), n)
	}
	return all
}

// fileLog returns the receiver's section of agent.yaml, for one file and without the
// storage of positions.
func fileLog(t *testing.T, factory receiver.Factory) component.Config {
	t.Helper()
	text, err := os.ReadFile("agent.yaml")
	if err != nil {
		t.Fatal(err)
	}
	retrieved, err := confmap.NewRetrievedFromYAML(text)
	if err != nil {
		t.Fatal(err)
	}
	all, err := retrieved.AsConf()
	if err != nil {
		t.Fatal(err)
	}
	part, err := all.Sub("receivers::file_log")
	if err != nil {
		t.Fatal(err)
	}
	settings := part.ToStringMap()
	settings["include"] = []any{"lines.log"}
	delete(settings, "storage")
	cfg := factory.CreateDefaultConfig()
	if err := confmap.NewFromStringMap(settings).Unmarshal(cfg); err != nil {
		t.Fatal(err)
	}
	return cfg
}
