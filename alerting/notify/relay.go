package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"jari.example/alerting/incident"
	"jari.example/alerting/lease"
	"jari.example/internal/wait"
	"jari.example/telemetry/names"
)

const (
	pollInterval = 250 * time.Millisecond // of an empty outbox
	minBackoff   = 2 * time.Second
	maxBackoff   = 30 * time.Second
	// An operator needs longer to correct a configuration; meanwhile each attempt
	// tells whether it was.
	misconfiguredBackoff = 30 * time.Second
)

// Config is what a Relay needs.
type Config struct {
	Outbox   Outbox
	Notifier Notifier
	Medium   string // of the targets that it delivers to
	// Interval is the shortest time between two deliveries to one address.
	Interval time.Duration
	// SpanName is the name of the span of each delivery.
	SpanName string
	// Report is called after every attempt, with err == nil when the delivery
	// is complete. A zero Delivery means that the outbox could not be read.
	Report func(ctx context.Context, d Delivery, err error)
	// Step is called before each of the numbered steps after the first, with its
	// number. It is for fault injection, which ends or stops the process there; nil
	// does nothing.
	Step func(step int, d Delivery)
}

// Relay delivers what an Outbox holds for one medium:
//
//  1. It takes the oldest delivery that is due, of the addresses that are not paced.
//  2. If an earlier attempt is ambiguous, it searches the channel; what is found
//     there is complete.
//  3. It marks the delivery ambiguous and reads the incident, in one transaction.
//  4. It calls the Notifier once, unless the lease may have ended by the clock.
//  5. It records the result: complete, due again later, or given up.
//
// Invariants: a process that dies between 3 and 5 leaves an ambiguous delivery, which
// the next one searches for; so with a searchable channel nothing is posted twice and
// nothing is lost. No call is made inside a Retry-After of its target and method, by
// this or a later holder of the lease, unless the process that got it died before 5. What
// is given up holds nothing else.
type Relay struct {
	Config
	next map[string]time.Time // by address: when its next delivery is allowed
}

// NewRelay returns a Relay. Its limit of calls spans several Runs.
func NewRelay(c Config) *Relay {
	if c.Step == nil {
		c.Step = func(int, Delivery) {}
	}
	return &Relay{Config: c, next: map[string]time.Time{}}
}

// Run delivers until ctx ends or term has ended.
func (r *Relay) Run(ctx context.Context, term lease.Term) {
	for ctx.Err() == nil {
		now := time.Now()
		busy, free := r.busy(now)
		d, ok, err := r.Outbox.Next(ctx, r.Medium, busy, now)
		switch {
		case err != nil:
			if ctx.Err() == nil {
				r.Report(ctx, Delivery{}, fmt.Errorf("read the outbox: %w", err))
			}
			_ = wait.For(ctx, minBackoff)
		case !ok:
			_ = wait.For(ctx, min(pollInterval, free))
		default:
			err := r.traced(ctx, term, d)
			r.next[d.Target.Address] = time.Now().Add(r.Interval)
			if errors.Is(err, lease.ErrLost) {
				return
			}
		}
	}
}

// busy are the addresses that had a delivery less than Interval ago, and the time
// until the first of them is free.
func (r *Relay) busy(now time.Time) (addresses []string, free time.Duration) {
	free = pollInterval
	for address, next := range r.next {
		if !now.Before(next) {
			delete(r.next, address)
			continue
		}
		addresses, free = append(addresses, address), min(free, next.Sub(now))
	}
	return addresses, free
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
	r.Step(2, d)
	ref, err := r.attempt(ctx, term, d)
	r.Step(5, d)
	if err == nil {
		return r.Outbox.Complete(ctx, term, d, ref)
	}
	if ctx.Err() != nil {
		// The process stops: the entry stays ambiguous, and the next Run
		// searches for it.
		return err
	}
	failure := classify(err)
	retry := Retrial{
		Reason: err.Error(), Refused: failure.Outcome == Misconfigured,
		// A search that failed leaves the earlier attempt ambiguous. And Slack has
		// been seen to accept a message and answer 429 all the same.
		Ambiguous: failure.Outcome == Ambiguous || failure.Outcome == RateLimited || errors.As(err, new(searchError)),
	}
	delay := min(minBackoff<<min(d.Attempts, 10), maxBackoff)
	outcome := failure.Outcome
	if outcome == Gone && d.Kind == Post {
		outcome = Never // there is no message that could have been deleted
	}
	switch outcome {
	case Gone:
		return errors.Join(err, r.Outbox.Complete(ctx, term, d, d.Message))
	case Never:
		return errors.Join(err, r.Outbox.GiveUp(ctx, term, d.ID, time.Now(), err.Error(), instead(d, failure)))
	case Misconfigured:
		delay = misconfiguredBackoff
	case RateLimited:
		delay = cmp.Or(failure.RetryAfter, delay)
		method := cmp.Or(failure.Method, d.Kind.Method())
		if err := r.Outbox.Pause(ctx, term, d.Target, method, time.Now().Add(delay)); err != nil {
			return err
		}
	}
	retry.NotBefore = time.Now().Add(delay)
	return errors.Join(err, r.Outbox.Retry(ctx, term, d.ID, retry))
}

// instead is what the thread says when the message cannot be edited any more.
func instead(d Delivery, failure *Error) string {
	if d.Kind != Update {
		return ""
	}
	return fmt.Sprintf("The message above cannot be edited any more (%s). What happens next is written here.", failure.Type)
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
	}
	r.Step(3, d)
	d, err := r.Outbox.Begin(ctx, term, d.ID, time.Now())
	if err != nil {
		return d.Message, err
	}
	r.Step(4, d)
	if !lease.Held(ctx) {
		// The process was suspended since, and another one may have delivered this.
		return d.Message, &Error{Outcome: Ambiguous, Type: "lease_expired", Err: errors.New("the lease may have ended before the call")}
	}
	switch d.Kind {
	case Post, Notice:
		return r.Notifier.Post(ctx, d)
	case Update:
		return d.Message, r.Notifier.Update(ctx, d)
	case Reply:
		return d.Message, r.Notifier.Reply(ctx, d)
	}
	return d.Message, &Error{Outcome: Never, Type: "unknown_kind",
		Err: fmt.Errorf("the outbox holds a delivery of the unknown kind %q", d.Kind)}
}
