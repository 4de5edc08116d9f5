package notification

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"jari.example/telemetry/names"
)

// counts holds the counters of mails sent, retried and failed.
type counts struct{ sentMails, retries, failures metric.Int64Counter }

func newCounts() counts {
	meter := otel.Meter(scope)
	counter := func(name string) metric.Int64Counter {
		// It fails only for a malformed name, and these are constants.
		c, _ := meter.Int64Counter(name, metric.WithUnit("{mail}"))
		return c
	}
	return counts{counter(names.MetricMailSent), counter(names.MetricMailRetried), counter(names.MetricMailFailed)}
}

func (c counts) sent(ctx context.Context, kind Kind) {
	c.sentMails.Add(ctx, 1, metric.WithAttributes(attribute.String(names.MailKind, string(kind))))
}

func (c counts) retried(ctx context.Context, kind Kind, reason string) {
	c.retries.Add(ctx, 1, kindAndReason(kind, reason))
}

func (c counts) failed(ctx context.Context, kind Kind, reason string) {
	c.failures.Add(ctx, 1, kindAndReason(kind, reason))
}

func kindAndReason(kind Kind, reason string) metric.MeasurementOption {
	return metric.WithAttributes(attribute.String(names.MailKind, string(kind)), attribute.String(names.Reason, reason))
}
