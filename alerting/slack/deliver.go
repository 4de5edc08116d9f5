package slack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	slackapi "github.com/slack-go/slack"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"jari.example/alerting/lease"
	"jari.example/telemetry/names"
)

// Deliverer empties an outbox into a Slack channel.
type Deliverer struct {
	outbox  Outbox
	client  *slackapi.Client
	channel *channel
	links   Links
	report  func(ctx context.Context, d Delivery, err error)
}

// Config is what a Deliverer needs to know of Slack.
type Config struct {
	URL     string // the Web API's base; ends in a slash
	Token   string
	Channel string // id, or name with '#'
	Links   Links
	HTTP    *http.Client
}

// NewDeliverer delivers what outbox holds. report hears how every attempt
// ended: err is nil when it arrived.
func NewDeliverer(c Config, outbox Outbox, report func(ctx context.Context, d Delivery, err error)) *Deliverer {
	return &Deliverer{
		outbox:  outbox,
		client:  slackapi.New(c.Token, slackapi.OptionAPIURL(c.URL), slackapi.OptionHTTPClient(c.HTTP)),
		channel: &channel{name: c.Channel},
		links:   c.Links,
		report:  report,
	}
}

const (
	// Slack allows one message a second and channel.
	// https://docs.slack.dev/apis/web-api/rate-limits
	spacing   = time.Second
	idle      = 250 * time.Millisecond
	firstWait = 2 * time.Second
	longest   = 30 * time.Second
	// clockSkew widens the search for a message that may have arrived.
	clockSkew = time.Minute
)

// Run delivers until ctx ends.
func (s *Deliverer) Run(ctx context.Context, term lease.Term) {
	for ctx.Err() == nil {
		d, ok, err := s.outbox.Next(ctx, time.Now())
		switch {
		case err != nil:
			if ctx.Err() == nil {
				s.report(ctx, Delivery{}, fmt.Errorf("read the outbox: %w", err))
			}
			pause(ctx, firstWait)
		case !ok:
			pause(ctx, idle)
		default:
			sending, span := otel.Tracer("jari.example/alerting/slack").Start(ctx, names.SpanSlackDeliver,
				trace.WithNewRoot(), trace.WithAttributes(attribute.String(names.IncidentID, d.Incident.ID)))
			err := s.deliver(sending, term, d)
			if err != nil {
				class := classify(err).class
				span.SetAttributes(attribute.String(names.ErrorType, class))
				span.SetStatus(codes.Error, class)
			}
			span.End()
			if ctx.Err() != nil {
				return
			}
			s.report(sending, d, err)
			if errors.Is(err, lease.ErrLost) {
				return
			}
			pause(ctx, spacing)
		}
	}
}

// deliver makes one attempt and writes down how it ended.
func (s *Deliverer) deliver(ctx context.Context, term lease.Term, d Delivery) error {
	channel, ts, err := s.attempt(ctx, term, d)
	if err == nil {
		return s.outbox.Done(ctx, term, d, channel, ts)
	}
	if ctx.Err() != nil {
		// Stopping: the row stays ambiguous, the next one to look searches.
		return err
	}
	failure := classify(err)
	if failure.gone {
		// Somebody deleted the message; there is nothing left to keep up.
		return errors.Join(err, s.outbox.Done(ctx, term, d, d.Incident.Channel, d.Incident.MessageTS))
	}
	// A search that failed says nothing about the attempt before it.
	ambiguous := failure.ambiguous || errors.As(err, new(searchError))
	wait := min(firstWait<<min(d.Attempts, 10), longest)
	if failure.retryAfter > 0 {
		wait = failure.retryAfter
		if err := s.outbox.Hold(ctx, term, time.Now().Add(wait)); err != nil {
			return err
		}
	}
	return errors.Join(err, s.outbox.Again(ctx, term, d.ID, ambiguous, time.Now().Add(wait), err.Error()))
}

func (s *Deliverer) attempt(ctx context.Context, term lease.Term, d Delivery) (channel, ts string, err error) {
	// An update may be repeated freely; a post or a reply would stand twice.
	if d.Ambiguous && d.Kind != Update {
		found, err := s.find(ctx, d)
		if err != nil {
			return "", "", searchError{err}
		}
		if found != nil {
			return found.Channel, found.Timestamp, nil
		}
		pause(ctx, spacing)
	}
	if err := s.outbox.Begin(ctx, term, d.ID, time.Now()); err != nil {
		return "", "", err
	}
	switch d.Kind {
	case Post:
		return s.client.PostMessageContext(ctx, s.channel.name, message(d.Incident, s.links))
	case Update:
		channel, ts, _, err = s.client.UpdateMessageContext(ctx, d.Incident.Channel, d.Incident.MessageTS, message(d.Incident, s.links))
		return channel, ts, err
	case Reply:
		return s.client.PostMessageContext(ctx, d.Incident.Channel, note(d))
	}
	return "", "", fmt.Errorf("unknown kind of delivery %q", d.Kind)
}

type searchError struct{ error }

func (e searchError) Unwrap() error { return e.error }

// failure is what an error of Slack's means for the attempt.
type failure struct {
	ambiguous  bool // it may have arrived
	gone       bool // the message it is about was deleted
	retryAfter time.Duration
	class      string // for whoever reads a trace
}

func classify(err error) failure {
	if limited, ok := errors.AsType[*slackapi.RateLimitedError](err); ok {
		return failure{retryAfter: limited.RetryAfter, class: "rate_limited"}
	}
	if status, ok := errors.AsType[slackapi.StatusCodeError](err); ok {
		return failure{ambiguous: status.Code >= http.StatusInternalServerError, class: strconv.Itoa(status.Code)}
	}
	if refused, ok := errors.AsType[slackapi.SlackErrorResponse](err); ok {
		switch refused.Err {
		case "message_not_found", "thread_not_found":
			return failure{gone: true, class: refused.Err}
		case "ratelimited", "rate_limited":
			return failure{retryAfter: longest, class: refused.Err}
		case "internal_error", "fatal_error", "service_unavailable", "request_timeout":
			// "It's possible some aspect of the operation succeeded."
			return failure{ambiguous: true, class: refused.Err}
		}
		return failure{class: refused.Err}
	}
	return failure{ambiguous: true, class: "connection"}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
