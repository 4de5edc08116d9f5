package main

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"jari.example/fluentbit/record"
	"jari.example/fluentbit/ship"
	"jari.example/fluentbit/ship/shiptest"
	"jari.example/telemetry/names"
)

// The records that a full queue rejects are counted, and the bytes that it holds.
func TestStatsCountTurnedAwayRecordsAndBacklog(t *testing.T) {
	h := &backends{}
	cfg := defaults().(*config)
	cfg.URL = "http://127.0.0.1:1"
	queue := exporterhelper.NewDefaultQueueConfig()
	queue.Sizer, queue.QueueSize, queue.NumConsumers = exporterhelper.RequestSizerTypeItems, 10, 1
	cfg.Queue = configoptional.Some(queue)
	e, err := h.newLogs(t.Context(), exportertest.NewNopSettings(newFactory().Type()), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Start(t.Context(), componenttest.NewNopHost()); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	var turnedAway int64
	for range 10 {
		ld := plog.NewLogs()
		lines := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
		for range 3 {
			lines.AppendEmpty().Body().SetStr("line")
		}
		if err := e.ConsumeLogs(t.Context(), ld); err != nil {
			turnedAway += 3
		}
	}
	stats, err := h.all[cfg].stats(t.Context())
	if err != nil || turnedAway == 0 || stats[names.ShipTurnedAway] != turnedAway ||
		stats[names.ShipBacklogBytes] == 0 || stats[names.ShipEvicted] != 0 {
		t.Errorf("%v, %v, want %d turned away", stats, err, turnedAway)
	}
}

// The agent writes its heartbeats into the same OpenSearch. Here its log index is
// blocked for a while, so that lines wait and metric points do not.
func TestHeartbeatReportsTheBacklog(t *testing.T) {
	t.Setenv("JARI_AGENT_HEARTBEAT", "200ms")
	t.Setenv("JARI_AGENT_REGION", "us-east-1")
	a := newAgent(t)
	today := a.store.Prefix + names.Daily(names.LogIndex, time.Now())
	a.store.Alter(t, today, "", `{"settings":{"blocks.write":true}}`)
	a.start(t)
	line, err := json.Marshal(map[string]any{names.Time: time.Now().UTC(), names.Body: "waiting"})
	if err != nil {
		t.Fatal(err)
	}
	a.write(t, "service.log", string(line)+"\n")
	// last returns the latest value of a metric of the agent.
	instances := map[any]bool{}
	last := func(metric string) float64 {
		hits := a.store.Search(t, names.MetricIndex, object{"term": object{names.DocMetricName: metric}})
		var when string
		value := -1.0
		for _, h := range hits {
			instances[h.Source[names.ServiceInstanceID]] = true
			if at := h.Source[names.DocTime].(string); at > when && h.Source[names.AgentKind] == "collector" {
				when, value = at, h.Source[names.DocMetricValue].(float64)
			}
		}
		return value
	}
	a.store.Eventually(t, "the line waits, and the agent reports it", func() bool {
		return last(names.ShipBacklogBytes) > 0 && last(names.ShipRetried) > 0
	})
	if got := last(names.ShipAccepted); got != 0 {
		t.Errorf("%v documents accepted, want none", got)
	}
	a.store.Alter(t, today, "_settings", `{"blocks.write":null}`)
	a.store.Eventually(t, "the line is stored, and the agent reports it", func() bool {
		return a.store.Count(t, names.LogIndex) == 1 && last(names.ShipBacklogBytes) == 0 && last(names.ShipAccepted) == 1
	})
	a.store.Eventually(t, "its heartbeat is a log line", func() bool {
		heartbeats := a.store.Search(t, names.LogIndex, object{"term": object{names.EventName: names.EventHeartbeat}})
		if len(heartbeats) == 0 {
			return false
		}
		h := heartbeats[0].Source
		share, _ := h[names.AgentDiskFreeShare].(float64)
		return h[names.DocServiceName] == names.ServiceAgent && h[names.CloudRegion] == "us-east-1" && 0 < share && share <= 1
	})
	if len(instances) != 1 {
		t.Errorf("%d instance ids, want one for the three signals", len(instances))
	}
}

// A request whose conversion panics becomes a dead letter, as in the plugin, instead of
// being retried without end.
func TestARequestWhoseConversionPanicsBecomesADeadLetter(t *testing.T) {
	f := shiptest.NewFake(t)
	s, err := ship.Open(ship.Config{URL: f.URL})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	try := func(read func() []record.Record) error {
		return sender{&backend{ship: s, log: zap.NewNop()}}.send(t.Context(), delivery{
			read: read, items: 1,
			raw:     func() ([]byte, error) { return []byte(`{"resourceLogs":[]}`), nil },
			requeue: func(context.Context) error { return errors.New("no room") },
		})
	}
	letters := func() (n int) {
		for key, body := range f.Stored() {
			if strings.HasPrefix(key, names.DeadLetterIndex) && strings.Contains(body, "resourceLogs") && strings.Contains(body, "injected") {
				n++
			}
		}
		return n
	}
	if err := try(func() []record.Record { return nil }); err != nil || letters() != 0 { // the control
		t.Errorf("%v, %d dead letters without a panic", err, letters())
	}
	if err := try(func() []record.Record { panic("injected") }); err != nil || letters() != 1 {
		t.Errorf("%v, %d dead letters, want one", err, letters())
	}
}
