package notification

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/mail"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"

	"jari.example/internal/backlog"
	"jari.example/internal/fault"
	"jari.example/internal/secret"
	"jari.example/internal/worker"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// User is whom to tell. Name and address refuse to be printed.
type User struct {
	Email  secret.String
	Name   secret.String
	Locale string
}

// Users knows the accounts.
type Users interface {
	// User returns an account, or fault.NotFound.
	User(ctx context.Context, id uuid.UUID) (User, error)
}

// Restaurant is what a mail says of a restaurant.
type Restaurant struct {
	Ko, En  string // its names
	Address string // may be unknown
}

// Name is the name in a language.
func (r Restaurant) Name(language string) string {
	if language == korean {
		return r.Ko
	}
	return r.En
}

// Restaurants knows them.
type Restaurants interface {
	// Restaurant returns a restaurant, or fault.NotFound.
	Restaurant(ctx context.Context, id string) (Restaurant, error)
}

// Errors of a Sender that leave no doubt.
var (
	ErrRefused  = errors.New("the mail was refused")   // and would be again
	ErrNotTaken = errors.New("the mail was not taken") // this time
)

// Sender hands mails over to the world.
type Sender interface {
	// Send makes one attempt. It returns nil once the mail is the world's. An error
	// that wraps neither ErrRefused nor ErrNotTaken leaves it open whether a mail
	// went out. No error shows the address.
	Send(ctx context.Context, m Mail) error
}

// How the postman paces himself.
const (
	leaseBatch = 16
	hands      = 8 // mails at once
	mailWithin = 6 * time.Second
	leaseFor   = 30 * time.Second // > leaseBatch/hands*2*mailWithin: each mail is sent, and settled
	retryFirst = time.Second
	retryMost  = 5 * time.Minute
	tooLate    = 24 * time.Hour // news that old confuses more than it tells
	writeAgain = 200 * time.Millisecond
)

const scope = "jari.example/services/notification" // of spans and metrics

// Postman sends the mails of the events in a store. A mail goes out once, unless
// nobody learns that it did: the mail service's answer was lost, or the postman
// died before he wrote it down. Then it is sent again with the same Message-ID,
// and the event keeps count of such attempts; see README.md.
type Postman struct {
	Store       Store
	Users       Users
	Restaurants Restaurants
	Sender      Sender
	From        mail.Address
	Logger      *slog.Logger

	loop     worker.Loop
	counts   counts
	batches  backlog.Batches
	stopping <-chan struct{}
}

// Watch reports what is still to be sent until ctx ends.
func (p *Postman) Watch(ctx context.Context) error {
	return backlog.Watch(ctx, names.QueueMails, p.Store)
}

// Wake says that there may be a mail to send. It never blocks.
func (p *Postman) Wake() { p.loop.Wake() }

// Run works until ctx ends, and finishes what it has begun.
func (p *Postman) Run(ctx context.Context) error {
	p.counts, p.batches, p.stopping = newCounts(), backlog.NewBatches(names.QueueMails), ctx.Done()
	return p.loop.Run(ctx, p.round)
}

// round leases once and sends what it got; well is false if the store was away.
func (p *Postman) round(ctx context.Context) (settled int, well bool) {
	lease, cancel := context.WithTimeout(ctx, mailWithin)
	defer cancel()
	now := time.Now()
	until := now.Add(leaseFor)
	jobs, err := p.Store.Lease(lease, leaseBatch, now, until)
	if err != nil {
		p.Logger.WarnContext(ctx, "events not readable", names.EventName, names.EventMailFailed,
			names.Reason, fault.ReasonOf(err), names.Exception, err.Error())
		return 0, false
	}
	p.batches.Record(ctx, len(jobs))
	var done atomic.Int64
	var all errgroup.Group
	all.SetLimit(hands)
	for _, j := range jobs {
		all.Go(func() error {
			defer worker.Recover(ctx, p.Logger)
			if p.deliver(ctx, j, until) {
				done.Add(1)
			}
			return nil // one mail's failure is none of the others'
		})
	}
	_ = all.Wait()
	return int(done.Load()), true
}

// deliver sends one mail, within its lease, in a trace of its own that is linked
// to the trace of the request behind it, and reports whether the job is settled.
func (p *Postman) deliver(ctx context.Context, j Job, until time.Time) bool {
	ctx, span := otel.Tracer(scope).Start(ctx, names.SpanMail,
		trace.WithNewRoot(), telemetry.LinkTo(j.Traceparent), trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithAttributes(
			attribute.String(names.OutboxEventID, j.ID.String()),
			attribute.String(names.ReservationID, j.Reservation.ID.String()),
			attribute.String(names.MailKind, string(j.Kind))))
	defer span.End()

	sending, cancel := context.WithDeadline(ctx, earlier(time.Now().Add(mailWithin), until))
	defer cancel()
	err := p.send(sending, j)
	if err != nil {
		span.SetStatus(codes.Error, "")
	}
	return p.settle(ctx, j, err) // which must not depend on how long sending took
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

var (
	errLate = errors.New("it is too late to tell")
	errLost = errors.New("nobody knows whether the mail went out")
)

// send makes one attempt. Only an error that wraps errLost leaves open what
// became of it.
func (p *Postman) send(ctx context.Context, j Job) error {
	if late(j, time.Now()) {
		return errLate
	}
	user, err := p.Users.User(ctx, j.DinerID)
	if err != nil {
		return err
	}
	restaurant, err := p.Restaurants.Restaurant(ctx, j.Reservation.RestaurantID)
	if fault.CodeOf(err) == fault.NotFound {
		// Better a mail with the restaurant's id than none.
		restaurant, err = Restaurant{Ko: j.Reservation.RestaurantID, En: j.Reservation.RestaurantID}, nil
	}
	if err != nil {
		return err
	}
	m, err := compose(j.Event, p.From, user, restaurant, time.Now())
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err // while it is still certain that nothing was sent
	}
	err = p.Sender.Send(ctx, m)
	if err == nil || errors.Is(err, ErrRefused) || errors.Is(err, ErrNotTaken) {
		return err
	}
	return fmt.Errorf("%w: %w", errLost, err)
}

// late reports whether the news are stale: they were tried for a day, or remind
// of a visit that has begun.
func late(j Job, now time.Time) bool {
	if j.Kind == Reminder && !now.Before(j.Reservation.Start) {
		return true
	}
	return j.Attempts > 1 && now.Sub(j.OccurredAt) > tooLate
}

// settle writes down what became of the job. Should that fail, the lease ends
// by itself and the job comes again.
func (p *Postman) settle(ctx context.Context, j Job, err error) bool {
	log := p.Logger.With(names.OutboxEventID, j.ID.String(), names.ReservationID, j.Reservation.ID.String(),
		names.MailKind, string(j.Kind), names.Count, j.Attempts)
	if err == nil {
		log.InfoContext(ctx, "mail sent", names.EventName, names.EventMailSent)
		p.counts.sent(ctx, j.Kind)
		return p.writeSent(ctx, j.ID)
	}
	now := time.Now()
	ctx, cancel := context.WithTimeout(ctx, mailWithin)
	defer cancel()
	failed := log.With(names.EventName, names.EventMailFailed, names.Exception, err.Error())
	if reason := final(err); reason != "" {
		failed.ErrorContext(ctx, "mail given up", names.Reason, string(reason))
		p.counts.failed(ctx, j.Kind, string(reason))
		return p.Store.Fail(ctx, j.ID, now, reason) == nil
	}
	reason, known := fault.ReasonOf(err), !errors.Is(err, errLost)
	if !known {
		reason = "answer_lost"
	}
	failed.WarnContext(ctx, "mail not sent; trying again", names.Reason, reason)
	p.counts.retried(ctx, j.Kind, reason)
	_ = p.Store.Postpone(ctx, j.ID, now.Add(worker.Backoff(j.Attempts, retryFirst, retryMost)), known)
	return false
}

// writeSent does not let go while the store is away: whoever leased the job
// next would send a second mail.
func (p *Postman) writeSent(ctx context.Context, id uuid.UUID) bool {
	for {
		write, cancel := context.WithTimeout(ctx, mailWithin)
		err := p.Store.Sent(write, id, time.Now())
		cancel()
		switch fault.CodeOf(err) {
		case "":
			return true
		case fault.Unavailable, fault.Timeout:
			select {
			case <-time.After(writeAgain):
				continue
			case <-p.stopping:
			}
		}
		p.Logger.ErrorContext(ctx, "mail sent, but not written down: it will be sent again", names.EventName, names.EventMailFailed,
			names.OutboxEventID, id.String(), names.Reason, "not_written", names.Exception, err.Error())
		return false
	}
}

// final says why trying again is of no use, "" when it is.
func final(err error) Reason {
	switch {
	case errors.Is(err, errLate):
		return TooLate
	case errors.Is(err, ErrRefused):
		return Refused
	case errors.Is(err, ErrAddress):
		return BadAddress
	case fault.CodeOf(err) == fault.NotFound:
		return UnknownDiner
	}
	return ""
}
