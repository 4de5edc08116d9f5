package notification

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/mail"
	"sync"
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

// User is the recipient of a mail. Email and Name cannot be printed.
type User struct {
	Email  secret.String
	Name   secret.String
	Locale string
}

// Users is the user service, as this service needs it.
type Users interface {
	// User returns an account, or fault.NotFound.
	User(ctx context.Context, id uuid.UUID) (User, error)
}

// Restaurant is what a mail contains about a restaurant.
type Restaurant struct {
	Ko, En  string // its names
	Address string // "" when unknown
}

// Name returns the name in a language.
func (r Restaurant) Name(language string) string {
	if language == korean {
		return r.Ko
	}
	return r.En
}

// Restaurants is the search service, as this service needs it.
type Restaurants interface {
	// Restaurant returns a restaurant, or fault.NotFound.
	Restaurant(ctx context.Context, id string) (Restaurant, error)
}

// Errors of a Sender after which it is certain that no mail was sent.
var (
	ErrRefused     = errors.New("mail refused")      // permanent: a retry would fail too
	ErrNotAccepted = errors.New("mail not accepted") // transient: a retry may succeed

	// ErrThrottled is an ErrNotAccepted: there were too many mails.
	ErrThrottled = fmt.Errorf("%w: too many mails", ErrNotAccepted)

	// ErrMisconfigured is an ErrNotAccepted: no mail will be accepted until an operator
	// corrects our account with the mail service, its credentials or the sender.
	ErrMisconfigured = fmt.Errorf("%w: the account is not in order", ErrNotAccepted)
)

// Sender sends mails.
type Sender interface {
	// Send makes one attempt. It returns nil when the mail service has accepted the
	// mail. After an error that wraps neither ErrRefused nor ErrNotAccepted it is
	// unknown whether the mail was sent. No error contains the address.
	Send(ctx context.Context, m Mail) error
}

// Limits of the delivery worker.
const (
	leaseBatch       = 16
	concurrency      = 8 // mails in parallel
	mailTimeout      = 6 * time.Second
	leaseDuration    = 30 * time.Second // > leaseBatch/concurrency*2*mailTimeout: time to send and record each mail
	firstRetryDelay  = time.Second
	maxRetryDelay    = 5 * time.Minute
	maxThrottleDelay = 10 * time.Second // the next second has room again, and its turn is by urgency
	maxAge           = 24 * time.Hour   // older news would confuse the diner
	recordRetryDelay = 200 * time.Millisecond
)

const scope = "jari.example/services/notification" // instrumentation scope

// DeliveryWorker sends the mails of the events in a store, at least once. A mail
// is sent twice only when the outcome of the first attempt is unknown: the
// response of the mail service was lost, or the process died before it recorded
// the outcome. The event counts such attempts, and the second mail has its id in a
// header; see README.md.
type DeliveryWorker struct {
	Store       Store
	Users       Users
	Restaurants Restaurants
	Sender      Sender
	Quota       Quota // nil: as many mails as possible
	From        mail.Address
	Logger      *slog.Logger

	loop     worker.Loop
	counts   counts
	batches  backlog.Batches
	pace     *pace
	stopping <-chan struct{} // closed when Run has to stop
}

// Watch reports the backlog of mails in metrics until ctx ends.
func (w *DeliveryWorker) Watch(ctx context.Context) error {
	return backlog.Watch(ctx, names.QueueMails, w.Store)
}

// WatchUrgent is Watch for the urgent ones among them.
func (w *DeliveryWorker) WatchUrgent(ctx context.Context) error {
	return backlog.Watch(ctx, names.QueueUrgentMails, urgentQueue{w.Store})
}

type urgentQueue struct{ Store }

// Backlog implements backlog.Queue.
func (q urgentQueue) Backlog(ctx context.Context) (backlog.Backlog, error) {
	return q.UrgentBacklog(ctx)
}

// Wake makes the worker look for mails now. It never blocks.
func (w *DeliveryWorker) Wake() { w.loop.Wake() }

// Run sends mails until ctx ends, and completes the deliveries it has started.
func (w *DeliveryWorker) Run(ctx context.Context) error {
	w.counts, w.batches, w.stopping = newCounts(), backlog.NewBatches(names.QueueMails), ctx.Done()
	w.pace = newPace(w.Quota, w.Logger)
	w.pace.read(ctx) // before the first mail
	var following sync.WaitGroup
	defer following.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	following.Go(func() { w.pace.follow(ctx) })
	return w.loop.Run(ctx, w.round)
}

// round leases one batch and sends it. healthy is false when the store is down. It
// leases only what may be sent now: so the most urgent mail is chosen at the moment of
// sending, and no lease passes while its mail waits for the quota.
func (w *DeliveryWorker) round(ctx context.Context) (completed int, healthy bool) {
	n := w.pace.wait(w.stopping, leaseBatch)
	if n == 0 {
		return 0, true
	}
	lease, cancel := context.WithTimeout(ctx, mailTimeout)
	defer cancel()
	now := time.Now()
	until := now.Add(leaseDuration)
	jobs, err := w.Store.Lease(lease, n, now, until)
	if err != nil {
		w.Logger.WarnContext(ctx, "lease failed: event store unavailable", names.EventName, names.EventMailFailed,
			names.Reason, fault.ReasonOf(err), names.Exception, err.Error())
		return 0, false
	}
	w.batches.Record(ctx, len(jobs))
	w.pace.take(mails(jobs))
	var done atomic.Int64
	var all errgroup.Group
	all.SetLimit(concurrency)
	for _, j := range jobs {
		all.Go(func() error {
			defer worker.Recover(ctx, w.Logger)
			if w.deliver(ctx, j, until) {
				done.Add(1)
			}
			return nil // a failed mail does not affect the others
		})
	}
	_ = all.Wait()
	return int(done.Load()), true
}

// mails counts the jobs that are not withdrawn.
func mails(jobs []Job) (n int) {
	for _, j := range jobs {
		if !j.Withdrawn {
			n++
		}
	}
	return n
}

// deliver sends one mail within its lease and reports whether the job is
// completed. It runs in a trace of its own, linked to the trace of the request
// that caused the event.
func (w *DeliveryWorker) deliver(ctx context.Context, j Job, until time.Time) bool {
	ctx, span := otel.Tracer(scope).Start(ctx, names.SpanMail,
		trace.WithNewRoot(), telemetry.LinkTo(j.Traceparent), trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithAttributes(
			attribute.String(names.OutboxEventID, j.ID.String()),
			attribute.String(names.ReservationID, j.Reservation.ID.String()),
			attribute.String(names.MailKind, string(j.Kind))))
	defer span.End()

	if j.Withdrawn {
		return w.withdraw(ctx, j)
	}
	sending, cancel := context.WithDeadline(ctx, earlier(time.Now().Add(mailTimeout), until))
	defer cancel()
	err := w.send(sending, j)
	if err != nil {
		span.SetStatus(codes.Error, "")
	}
	return w.recordOutcome(ctx, j, err) // not under the deadline of the attempt
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

var (
	errTooLate        = errors.New("too late to send")
	errUnknownOutcome = errors.New("unknown whether the mail was sent")
)

// send makes one attempt. After an error that wraps errUnknownOutcome the mail
// may have been sent, after any other error it was not.
func (w *DeliveryWorker) send(ctx context.Context, j Job) error {
	if tooOld(j, time.Now()) {
		return errTooLate
	}
	user, err := w.Users.User(ctx, j.DinerID)
	if err != nil {
		return err
	}
	restaurant, err := w.Restaurants.Restaurant(ctx, j.Reservation.RestaurantID)
	if fault.CodeOf(err) == fault.NotFound {
		// A mail with the restaurant's id is better than no mail.
		restaurant, err = Restaurant{Ko: j.Reservation.RestaurantID, En: j.Reservation.RestaurantID}, nil
	}
	if err != nil {
		return err
	}
	m, err := compose(j.Event, w.From, user, restaurant, time.Now())
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err // now it is certain that nothing was sent
	}
	err = w.Sender.Send(ctx, m)
	if err == nil || errors.Is(err, ErrRefused) || errors.Is(err, ErrNotAccepted) {
		return err
	}
	return fmt.Errorf("%w: %w", errUnknownOutcome, err)
}

// tooOld reports whether a mail would come too late: it was retried for a day, or
// reminds of a visit that has started.
func tooOld(j Job, now time.Time) bool {
	if j.Kind == Reminder && !now.Before(j.Reservation.Start) {
		return true
	}
	return j.Attempts > 1 && now.Sub(j.OccurredAt) > maxAge
}

// withdraw completes a job without a mail. If storing fails, the lease expires and
// the job is looked at again.
func (w *DeliveryWorker) withdraw(ctx context.Context, j Job) bool {
	ctx, cancel := context.WithTimeout(ctx, mailTimeout)
	defer cancel()
	if err := w.Store.Withdraw(ctx, j.ID, time.Now()); err != nil {
		return false
	}
	w.Logger.InfoContext(ctx, "mail withdrawn", names.EventName, names.EventMailWithdrawn, names.OutboxEventID, j.ID.String(),
		names.ReservationID, j.Reservation.ID.String(), names.MailKind, string(j.Kind), names.Count, j.Attempts)
	return true
}

// recordOutcome stores and logs the outcome of an attempt, and reports whether
// the job is completed. If storing fails, the lease expires and the job is
// delivered again.
func (w *DeliveryWorker) recordOutcome(ctx context.Context, j Job, err error) bool {
	late := max(time.Since(j.Due(j.OccurredAt)), 0) // the clock of the reservation service may be ahead
	log := w.Logger.With(names.OutboxEventID, j.ID.String(), names.ReservationID, j.Reservation.ID.String(),
		names.MailKind, string(j.Kind), names.MailDelay, late.Seconds(), names.Count, j.Attempts)
	if err == nil {
		log.InfoContext(ctx, "mail sent", names.EventName, names.EventMailSent)
		w.counts.sent(ctx, j.Kind)
		return w.recordSent(ctx, j.ID)
	}
	now := time.Now()
	ctx, cancel := context.WithTimeout(ctx, mailTimeout)
	defer cancel()
	failed := log.With(names.EventName, names.EventMailFailed, names.Exception, err.Error())
	if reason := permanentReason(err); reason != "" {
		failed.ErrorContext(ctx, "mail failed permanently", names.Reason, string(reason))
		w.counts.failed(ctx, j.Kind, string(reason))
		return w.Store.Fail(ctx, j.ID, now, reason) == nil
	}
	reason, known, limit := fault.ReasonOf(err), !errors.Is(err, errUnknownOutcome), maxRetryDelay
	switch {
	case !known:
		reason = "answer_lost"
	case errors.Is(err, ErrThrottled):
		reason, limit = "throttled", maxThrottleDelay
		w.pace.refused()
	case errors.Is(err, ErrMisconfigured):
		reason = "misconfigured"
	}
	failed.WarnContext(ctx, "mail not sent, will retry", names.Reason, reason)
	w.counts.retried(ctx, j.Kind, reason)
	_ = w.Store.Postpone(ctx, j.ID, now.Add(worker.Backoff(j.Attempts, firstRetryDelay, limit)), known)
	return false
}

// recordSent retries while the store is unavailable: if the lease expired, the
// next worker would send a second mail.
func (w *DeliveryWorker) recordSent(ctx context.Context, id uuid.UUID) bool {
	for {
		write, cancel := context.WithTimeout(ctx, mailTimeout)
		err := w.Store.Sent(write, id, time.Now())
		cancel()
		switch fault.CodeOf(err) {
		case "":
			return true
		case fault.Unavailable, fault.Timeout:
			select {
			case <-time.After(recordRetryDelay):
				continue
			case <-w.stopping:
			}
		}
		w.Logger.ErrorContext(ctx, "mail sent but not recorded: it will be sent again", names.EventName, names.EventMailFailed,
			names.OutboxEventID, id.String(), names.Reason, "not_written", names.Exception, err.Error())
		return false
	}
}

// permanentReason returns why a retry cannot succeed, "" when it may.
func permanentReason(err error) Reason {
	switch {
	case errors.Is(err, errTooLate):
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
