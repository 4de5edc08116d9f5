package notification

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/mail"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/google/uuid"

	"jari.example/services/internal/fault"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// User is whom to tell. Name and address refuse to be printed.
type User struct {
	Email  telemetry.Secret
	Name   telemetry.Secret
	Locale string
}

// Users knows the accounts.
type Users interface {
	// User returns an account, or fault.NotFound.
	User(ctx context.Context, id uuid.UUID) (User, error)
}

// Restaurant is what a mail calls a restaurant.
type Restaurant struct{ Ko, En string }

// Name is the name in a language.
func (r Restaurant) Name(language string) string {
	if language == korean {
		return r.Ko
	}
	return r.En
}

// Restaurants knows their names.
type Restaurants interface {
	// Restaurant returns a restaurant's names, or fault.NotFound.
	Restaurant(ctx context.Context, id string) (Restaurant, error)
}

// ErrRefused says that a mail will never be taken.
var ErrRefused = errors.New("the mail was refused")

// Sender hands mails over to the world.
type Sender interface {
	// Send returns nil once the mail is the world's, and an error that wraps
	// ErrRefused where trying again is of no use. No error shows the address.
	Send(ctx context.Context, m Mail) error
}

// How the postman paces himself. A mail goes out at least once: when he dies
// after sending it, another sends it again after the lease, with the same
// Message-ID.
const (
	pollEvery  = 200 * time.Millisecond
	restMost   = 5 * time.Second
	leaseBatch = 16
	hands      = 8 // mails at once
	mailWithin = 6 * time.Second
	leaseFor   = 20 * time.Second // > leaseBatch/hands*mailWithin
	retryFirst = 500 * time.Millisecond
	retryMost  = 5 * time.Minute
	tooLate    = 24 * time.Hour // news that old confuses more than it tells
)

// Postman sends the mails of the events in a store.
type Postman struct {
	Store       Store
	Users       Users
	Restaurants Restaurants
	Sender      Sender
	From        mail.Address
	Logger      *slog.Logger

	woken chan struct{}
	once  sync.Once
}

func (p *Postman) bell() chan struct{} {
	p.once.Do(func() { p.woken = make(chan struct{}, 1) })
	return p.woken
}

// Wake says that there may be a mail to send. It never blocks.
func (p *Postman) Wake() {
	select {
	case p.bell() <- struct{}{}:
	default:
	}
}

// Run works until ctx ends, and finishes what it has begun.
func (p *Postman) Run(ctx context.Context) error {
	rest := pollEvery
	for {
		settled, err := p.round(context.WithoutCancel(ctx))
		if rest = min(2*rest, restMost); err == nil {
			rest = pollEvery
		}
		if err == nil && settled > 0 && ctx.Err() == nil {
			continue // there may be more, or what had to wait for these
		}
		select {
		case <-ctx.Done():
			return nil
		case <-p.bell():
		case <-time.After(rest):
		}
	}
}

// round leases once and sends what it got. Its error is the store's.
func (p *Postman) round(ctx context.Context) (settled int, err error) {
	lease, cancel := context.WithTimeout(ctx, mailWithin)
	defer cancel()
	now := time.Now()
	jobs, err := p.Store.Lease(lease, leaseBatch, now, now.Add(leaseFor))
	if err != nil {
		p.Logger.WarnContext(ctx, "events not readable", names.EventName, names.EventMailFailed,
			names.Reason, fault.ReasonOf(err), names.Exception, err.Error())
		return 0, err
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	free := make(chan struct{}, hands)
	for _, j := range jobs {
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			if p.deliver(ctx, j) {
				mu.Lock()
				defer mu.Unlock()
				settled++
			}
		})
	}
	wg.Wait()
	return settled, nil
}

// deliver sends one mail in a trace of its own, linked to the trace of the
// request behind it, and reports whether the job is settled.
func (p *Postman) deliver(ctx context.Context, j Job) bool {
	ctx, cancel := context.WithTimeout(ctx, mailWithin)
	defer cancel()
	booking := propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{"traceparent": j.Traceparent})
	ctx, span := otel.Tracer("jari.example/services/notification").Start(ctx, names.SpanMail,
		trace.WithNewRoot(), trace.WithLinks(links(booking)...), trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithAttributes(
			attribute.String(names.OutboxEventID, j.ID.String()),
			attribute.String(names.ReservationID, j.Reservation.ID.String()),
			attribute.String(names.MailKind, string(j.Kind))))
	defer span.End()

	err := p.send(ctx, j)
	if err != nil {
		span.SetStatus(codes.Error, "")
	}
	// Settling must not depend on how long sending took.
	settle, cancel := context.WithTimeout(context.WithoutCancel(ctx), mailWithin)
	defer cancel()
	return p.settle(settle, j, err)
}

func links(ctx context.Context) []trace.Link {
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		return []trace.Link{{SpanContext: sc}}
	}
	return nil
}

func (p *Postman) send(ctx context.Context, j Job) error {
	user, err := p.Users.User(ctx, j.DinerID)
	if err != nil {
		return err
	}
	restaurant, err := p.Restaurants.Restaurant(ctx, j.Reservation.RestaurantID)
	if fault.CodeOf(err) == fault.NotFound {
		// Better a mail with the restaurant's id than none.
		restaurant, err = Restaurant{j.Reservation.RestaurantID, j.Reservation.RestaurantID}, nil
	}
	if err != nil {
		return err
	}
	m, err := compose(j.Event, p.From, user, restaurant, time.Now())
	if err != nil {
		return err
	}
	return p.Sender.Send(ctx, m)
}

// settle writes down what became of the job. Should that fail, the lease ends
// by itself and the job comes again.
func (p *Postman) settle(ctx context.Context, j Job, err error) bool {
	log := p.Logger.With(names.OutboxEventID, j.ID.String(), names.ReservationID, j.Reservation.ID.String(),
		names.MailKind, string(j.Kind), names.Count, j.Attempts)
	now := time.Now()
	if err == nil {
		if err = p.Store.Sent(ctx, j.ID, now); err == nil {
			log.InfoContext(ctx, "mail sent", names.EventName, names.EventMailSent)
			return true
		}
	}
	failed := log.With(names.EventName, names.EventMailFailed, names.Exception, err.Error())
	if reason := final(j, err, now); reason != "" {
		failed.ErrorContext(ctx, "mail given up", names.Reason, reason)
		return p.Store.Fail(ctx, j.ID, now, reason) == nil
	}
	failed.WarnContext(ctx, "mail not sent; trying again", names.Reason, fault.ReasonOf(err))
	_ = p.Store.Postpone(ctx, j.ID, now.Add(backoff(j.Attempts)))
	return false
}

// final says why trying again is of no use, "" when it is.
func final(j Job, err error, now time.Time) string {
	switch {
	case errors.Is(err, ErrRefused):
		return "refused"
	case errors.Is(err, ErrAddress):
		return "bad_address"
	case fault.CodeOf(err) == fault.NotFound:
		return "unknown_diner"
	case now.Sub(j.OccurredAt) > tooLate:
		return "too_late"
	}
	return ""
}

// backoff doubles with each attempt up to retryMost and is spread by half, so
// that what failed together does not return together.
func backoff(attempts int) time.Duration {
	d := min(retryFirst<<min(attempts, 16), retryMost)
	return d/2 + rand.N(d/2)
}
