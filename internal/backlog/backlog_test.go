package backlog_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"jari.example/internal/backlog"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

type queue struct {
	at atomic.Pointer[backlog.Backlog]
}

func (q *queue) Backlog(context.Context) (backlog.Backlog, error) {
	if b := q.at.Load(); b != nil {
		return *b, nil
	}
	return backlog.Backlog{}, errors.New("unavailable")
}

func TestWatchReportsNothingWhileTheQueueCannotBeMeasured(t *testing.T) {
	rec := telemetrytest.Start(t)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		q := &queue{}
		q.at.Store(&backlog.Backlog{Waiting: 3, Oldest: time.Now().Add(-time.Minute)})
		go func() { _ = backlog.Watch(ctx, "mails", q) }()
		synctest.Wait()
		time.Sleep(5 * time.Second)
		want := func(name string, waiting, age float64, known bool) {
			t.Helper()
			n, counted := rec.Value(t, names.MetricQueueLength, attribute.String(names.Queue, "mails"))
			s, dated := rec.Value(t, names.MetricQueueAge, attribute.String(names.Queue, "mails"))
			if n != waiting || s != age || counted != known || dated != known {
				t.Errorf("%s: length %v (%v), age %v s (%v)", name, n, counted, s, dated)
			}
		}
		want("three items", 3, 65, true)
		q.at.Store(&backlog.Backlog{})
		time.Sleep(10 * time.Second)
		want("empty queue", 0, 0, true)
		q.at.Store(nil)
		time.Sleep(10 * time.Second)
		want("queue unavailable", 0, 0, false)
	})
}

func TestRecordsBatchSizes(t *testing.T) {
	rec := telemetrytest.Start(t)
	b := backlog.NewBatches("outbox")
	for _, n := range []int{0, 1, 32} {
		b.Record(t.Context(), n)
	}
	points := rec.Metric(t, names.MetricQueueBatch).Data.(metricdata.Histogram[int64]).DataPoints
	if len(points) != 1 || points[0].Count != 2 || points[0].Sum != 33 {
		t.Errorf("%+v", points)
	}
	if q, _ := points[0].Attributes.Value(attribute.Key(names.Queue)); q.AsString() != "outbox" {
		t.Errorf("queue = %q", q.AsString())
	}
}
