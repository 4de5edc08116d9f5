package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/time/rate"

	"jari.example/alerting/incident"
	"jari.example/alerting/lease"
	"jari.example/internal/wait"
	"jari.example/telemetry/names"
)

const (
	pollInterval = 250 * time.Millisecond // of an empty outbox
	minBackoff   = 2 * time.Second
	maxBackoff   = 30 * time.Second
)

// Config is what a Relay needs.
type Config struct {
	Outbox   Outbox
	Notifier Notifier
	// Interval is the shortest time between two calls of the Notifier.
	Interval time.Duration
	// SpanName is the name of the span of each delivery.
	SpanName string
	// Report is called after every attempt, with err == nil when the delivery
	// is complete. A zero Delivery means that the outbox could not be read.
	Report func(ctx context.Context, d Delivery, err error)
}

// Relay delivers what an Outbox holds.
type Relay struct {
	Config
	limiter *rate.Limiter
}

// NewRelay returns a Relay. Its limit of calls spans several Runs.
func NewRelay(c Config) *Relay {
	return &Relay{Config: c, limiter: rate.NewLimiter(rate.Every(c.Interval), 1)}
}

// Run delivers until ctx ends or term has ended.
func (r *Relay) Run(ctx context.Context, term lease.Term) {
	for ctx.Err() == nil {
		d, ok, err := r.Outbox.Next(ctx, time.Now())
		switch {
		case err != nil:
			if ctx.Err() == nil {
				r.Report(ctx, Delivery{}, fmt.Errorf("read the outbox: %w", err))
			}
			_ = wait.For(ctx, minBackoff)
		case !ok:
			_ = wait.For(ctx, pollInterval)
		default:
			if r.pace(ctx) != nil || errors.Is(r.traced(ctx, term, d), lease.ErrLost) {
				return
			}
		}
	}
}

// pace waits until the next call of the Notifier is allowed. It fails only when
// ctx ends; rate.Limiter's own Wait also fails early before a deadline.
func (r *Relay) pace(ctx context.Context) error {
	return wait.For(ctx, r.limiter.Reserve().Delay())
}

// traced is deliver in a span. It reports the result.
func (r *Relay) traced(ctx context.Context, term lease.Term, d Delivery) error {
	sending, span := otel.Tracer("jari.example/alerting/notify").Start(ctx, r.SpanName,
		trace.WithNewRoot(), trace.WithAttributes(attribute.String(names.IncidentID, d.Incident.ID)))
	err := r.deliver(sending, term, d)
	if err != nil {
		errorType := classify(err).Type
		span.SetAttributes(attribute.String(names.ErrorType, errorType))
		span.SetStatus(codes.Error, errorType)
	}
	span.End()
	if ctx.Err() == nil {
		r.Report(sending, d, err)
	}
	return err
}

// deliver makes one attempt and records its result.
func (r *Relay) deliver(ctx context.Context, term lease.Term, d Delivery) error {
	ref, err := r.attempt(ctx, term, d)
	if err == nil {
		return r.Outbox.Complete(ctx, term, d, ref)
	}
	if ctx.Err() != nil {
		// The process stops: the entry stays ambiguous, and the next Run
		// searches for it.
		return err
	}
	failure := classify(err)
	if failure.Outcome == Gone {
		return errors.Join(err, r.Outbox.Complete(ctx, term, d, d.Incident.Message))
	}
	// A search that failed leaves the earlier attempt ambiguous.
	ambiguous := failure.Outcome == Ambiguous || errors.As(err, new(searchError))
	delay := min(minBackoff<<min(d.Attempts, 10), maxBackoff)
	if failure.Outcome == RateLimited {
		if failure.RetryAfter > 0 {
			delay = failure.RetryAfter
		}
		if err := r.Outbox.DelayAll(ctx, term, time.Now().Add(delay)); err != nil {
			return err
		}
	}
	return errors.Join(err, r.Outbox.Retry(ctx, term, d.ID, ambiguous, time.Now().Add(delay), err.Error()))
}

func (r *Relay) attempt(ctx context.Context, term lease.Term, d Delivery) (incident.MessageRef, error) {
	// An update may be repeated; a post or a reply would appear twice.
	if d.Ambiguous && d.Kind != Update {
		ref, found, err := r.Notifier.Find(ctx, d)
		if err != nil {
			return ref, searchError{err}
		}
		if found {
			return ref, nil
		}
		if err := r.pace(ctx); err != nil {
			return ref, err
		}
	}
	i, err := r.Outbox.Begin(ctx, term, d.ID, time.Now())
	if err != nil {
		return i.Message, err
	}
	switch d.Kind {
	case Post:
		return r.Notifier.Post(ctx, i)
	case Update:
		return i.Message, r.Notifier.Update(ctx, i)
	case Reply:
		return i.Message, r.Notifier.Reply(ctx, i, Note{d.ID, d.Note})
	}
	return i.Message, fmt.Errorf("the outbox holds a delivery of the unknown kind %q", d.Kind)
}
