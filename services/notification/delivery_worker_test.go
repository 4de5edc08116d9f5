package notification_test

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"

	"jari.example/internal/fault"
	"jari.example/services/notification"
	"jari.example/services/notification/inmem"
	"jari.example/services/notification/storetest"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

// environment stands in for the services that a delivery worker calls, and stores
// the mails it sends.
type environment struct {
	mu            sync.Mutex
	userErr       error
	searchErr     error
	sendErr       error
	lostResponses int // mails to accept with an error instead of a response
	sent          []notification.Mail
	at            []time.Time // when each was sent
	attempts      int
	quota         notification.Quota
	latency       time.Duration            // of the mail service
	throttle      func(now time.Time) bool // whether a mail is refused because there were too many
	ended         time.Time                // when the worker had stopped
	store         *inmem.Store
	wrap          func(notification.Store) notification.Store
}

func (env *environment) set(change func()) { env.mu.Lock(); defer env.mu.Unlock(); change() }

func (env *environment) User(ctx context.Context, id uuid.UUID) (notification.User, error) {
	env.mu.Lock()
	defer env.mu.Unlock()
	u, _ := inmem.Directory{}.User(ctx, id)
	return u, env.userErr
}

func (env *environment) Restaurant(context.Context, string) (notification.Restaurant, error) {
	env.mu.Lock()
	defer env.mu.Unlock()
	return notification.Restaurant{Ko: "모수", En: "Mosu"}, env.searchErr
}

func (env *environment) Send(_ context.Context, m notification.Mail) error {
	time.Sleep(env.latency)
	env.mu.Lock()
	defer env.mu.Unlock()
	env.attempts++
	if env.throttle != nil && env.throttle(time.Now()) {
		return errThrottled
	}
	if env.sendErr != nil {
		return env.sendErr
	}
	env.sent, env.at = append(env.sent, m), append(env.at, time.Now())
	if env.lostResponses > 0 {
		env.lostResponses--
		return fault.New(fault.Timeout, "timeout", "The response took too long.")
	}
	return nil
}

// unknown leases the only job in the store and returns how many of its attempts
// have an unknown outcome.
func (env *environment) unknown(t *testing.T) int {
	t.Helper()
	later := time.Now().Add(100 * time.Hour)
	jobs, err := env.store.Lease(t.Context(), 10, later, time.Now())
	if err != nil || len(jobs) != 1 {
		t.Fatalf("jobs %v, %v; want one", jobs, err)
	}
	return jobs[0].Unknown
}

func (env *environment) count() (sent, attempts int) {
	env.mu.Lock()
	defer env.mu.Unlock()
	return len(env.sent), env.attempts
}

// ids are those of the events whose mails were sent.
func (env *environment) ids(t *testing.T) (ids []uuid.UUID) {
	t.Helper()
	env.mu.Lock()
	defer env.mu.Unlock()
	for _, m := range env.sent {
		msg, err := mail.ReadMessage(strings.NewReader(m.Raw.Reveal()))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, uuid.MustParse(msg.Header.Get(names.HeaderEventID)))
	}
	return ids
}

// run calls test beside a running delivery worker, in simulated time.
func run(t *testing.T, env *environment, test func(*telemetrytest.Recorder, *notification.Service)) *telemetrytest.Recorder {
	rec := telemetrytest.Start(t)
	synctest.Test(t, func(t *testing.T) {
		env.store = inmem.New()
		var store notification.Store = env.store
		if env.wrap != nil {
			store = env.wrap(store)
		}
		p := &notification.DeliveryWorker{
			Store: store, Users: env, Restaurants: env, Sender: env, Quota: env.quota, Logger: rec.Logger,
			From: mail.Address{Address: "no-reply@jari.example"},
		}
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { _ = p.Run(ctx) })
		test(rec, notification.New(store, p.Wake, time.Now))
		cancel()
		wg.Wait()
		env.ended = time.Now()
	})
	return rec
}

func accept(t *testing.T, s *notification.Service, e notification.Event) {
	t.Helper()
	e.OccurredAt = time.Now()
	acceptOld(t, s, e)
}

func acceptOld(t *testing.T, s *notification.Service, e notification.Event) {
	t.Helper()
	if _, err := s.Accept(t.Context(), e); err != nil {
		t.Fatal(err)
	}
}

func TestSendsOneMailForADuplicateEvent(t *testing.T) {
	env, e := &environment{}, storetest.Event()
	rec := run(t, env, func(_ *telemetrytest.Recorder, s *notification.Service) {
		accept(t, s, e)
		synctest.Wait() // no time passes: Accept has woken the worker
		if sent, _ := env.count(); sent != 1 {
			t.Errorf("%d mails at once, want 1", sent)
		}
		accept(t, s, e)
		time.Sleep(time.Hour)
	})
	if sent, attempts := env.count(); sent != 1 || attempts != 1 {
		t.Errorf("%d mails in %d attempts, want one", sent, attempts)
	}
	confirmed := attribute.String(names.MailKind, string(notification.Confirmed))
	if n := rec.Count(t, names.MetricMailSent, confirmed); n != 1 {
		t.Errorf("%d mails counted, want 1", n)
	}
	if lines := rec.Lines(t, names.EventMailSent); len(lines) != 1 || lines[0][names.OutboxEventID] != e.ID.String() ||
		lines[0][names.TraceID] == nil {
		t.Errorf("lines %v", lines)
	}
	if strings.Contains(rec.Output(), "diner@") || strings.Contains(rec.Output(), "창가") {
		t.Errorf("the log has personal data:\n%s", rec.Output())
	}
}

func TestMailSpanLinksToTheRequestsTrace(t *testing.T) {
	e := storetest.Event()
	rec := run(t, &environment{}, func(_ *telemetrytest.Recorder, s *notification.Service) {
		accept(t, s, e)
		e := storetest.Event()
		e.Traceparent = "garbage"
		accept(t, s, e)
		time.Sleep(time.Second)
	})
	linked, alone := 0, 0
	for _, span := range rec.Spans() {
		if span.Name() != names.SpanMail {
			continue
		}
		if span.Parent().IsValid() {
			t.Error("the mail's span has a parent")
		}
		if len(span.Links()) == 0 {
			alone++
		} else if span.Links()[0].SpanContext.TraceID().String() == e.Traceparent[3:35] {
			linked++
		}
	}
	if linked != 1 || alone != 1 {
		t.Errorf("%d spans linked, %d not, want one each", linked, alone)
	}
}

func TestRetriesTransientFailures(t *testing.T) {
	unavailable := fault.Down("x", errors.New("refused"))
	for name, c := range map[string]struct {
		env    *environment
		reason string
	}{
		"the user service is down":   {&environment{userErr: unavailable}, "unavailable"},
		"the search service is down": {&environment{searchErr: unavailable}, "unavailable"},
		"SES is down":                {&environment{sendErr: fmt.Errorf("%w: %w", notification.ErrNotAccepted, unavailable)}, "unavailable"},
		"the account is suspended":   {&environment{sendErr: fmt.Errorf("%w: %w", notification.ErrMisconfigured, unavailable)}, "misconfigured"},
		"an unknown error":           {&environment{sendErr: errors.New("unexpected")}, "answer_lost"},
	} {
		t.Run(name, func(t *testing.T) {
			env := c.env
			run(t, env, func(rec *telemetrytest.Recorder, s *notification.Service) {
				accept(t, s, storetest.Event())
				time.Sleep(time.Hour)
				attempts := len(rec.Lines(t, names.EventMailFailed))
				if attempts < 10 || attempts > 40 {
					t.Errorf("%d attempts in an hour, want delays that grow to 5 minutes", attempts)
				}
				unknown := 0
				if c.reason == "answer_lost" {
					unknown = attempts
				}
				if n := rec.Count(t, names.MetricMailRetried, attribute.String(names.Reason, c.reason)); int(n) != attempts {
					t.Errorf("%d of %d attempts are counted as %s", n, attempts, c.reason)
				}
				if n := env.unknown(t); n != unknown {
					t.Errorf("%d attempts with unknown outcome, want %d", n, unknown)
				}
				env.set(func() { env.userErr, env.searchErr, env.sendErr = nil, nil, nil })
				time.Sleep(6 * time.Minute)
				if sent, _ := env.count(); sent != 1 {
					t.Errorf("%d mails after recovery, want 1", sent)
				}
			})
		})
	}
}

// An objective counts mails by these seconds.
func TestEachOutcomeSaysHowLateTheMailIs(t *testing.T) {
	env := &environment{sendErr: fmt.Errorf("%w: no", notification.ErrNotAccepted)}
	rec := run(t, env, func(_ *telemetrytest.Recorder, s *notification.Service) {
		e := storetest.Event()
		e.OccurredAt = time.Now().Add(-time.Minute) // the relay has been late
		acceptOld(t, s, e)
		time.Sleep(10 * time.Minute)
		env.set(func() { env.sendErr = nil })
		time.Sleep(6 * time.Minute)
		ahead, noShow, refused := storetest.Event(), storetest.Event(), storetest.Event()
		ahead.OccurredAt = time.Now().Add(time.Hour) // by a clock that is ahead
		acceptOld(t, s, ahead)
		noShow.Kind = notification.NoShow // its mail waits five minutes on purpose
		accept(t, s, noShow)
		time.Sleep(6 * time.Minute)
		env.set(func() { env.sendErr = fmt.Errorf("%w: no", notification.ErrRefused) })
		refused.OccurredAt = time.Now().Add(-3 * time.Minute)
		acceptOld(t, s, refused)
		time.Sleep(time.Second)
	})
	failed, sent := rec.Lines(t, names.EventMailFailed), rec.Lines(t, names.EventMailSent)
	delay := func(line map[string]any) float64 { return line[names.MailDelay].(float64) }
	first, last := failed[0], failed[len(failed)-1]
	if delay(first) != 60 || delay(failed[1]) <= 60 || first["severity_text"] != "WARN" {
		t.Errorf("the first attempt %v, the second %v", first, failed[1])
	}
	if delay(last) != 180 || last["severity_text"] != "ERROR" {
		t.Errorf("the mail that is given up %v", last)
	}
	if len(sent) != 3 || delay(sent[0]) < 11*60 || delay(sent[0]) > 17*60 || delay(sent[1]) != 0 || delay(sent[2]) < 0 || delay(sent[2]) > 5 {
		t.Errorf("sent %v", sent)
	}
}

func TestCountsEachLostResponseAsAPossibleMail(t *testing.T) {
	env := &environment{lostResponses: 2}
	rec := run(t, env, func(_ *telemetrytest.Recorder, s *notification.Service) {
		e := storetest.Event()
		e.OccurredAt = time.Now()
		acceptOld(t, s, e)
		time.Sleep(time.Second + time.Millisecond) // the first delay is at least half of it
		if sent, _ := env.count(); sent < 1 || sent > 2 {
			t.Errorf("%d mails within a second", sent)
		}
		time.Sleep(time.Hour)
	})
	if sent, attempts := env.count(); sent != 3 || attempts != 3 {
		t.Fatalf("%d mails in %d attempts, want three", sent, attempts)
	}
	id := func(m notification.Mail) string {
		msg, err := mail.ReadMessage(strings.NewReader(m.Raw.Reveal()))
		if err != nil {
			t.Fatal(err)
		}
		return msg.Header.Get("Message-ID") + msg.Header.Get(names.HeaderEventID)
	}
	if id(env.sent[0]) != id(env.sent[1]) || id(env.sent[0]) != id(env.sent[2]) || id(env.sent[0]) == "" {
		t.Error("mails about one event have different ids")
	}
	if n := rec.Count(t, names.MetricMailSent); n != 1 {
		t.Errorf("%d mails known to be sent, want 1", n)
	}
}

// failingRecorder is a store whose Sent fails for some time.
type failingRecorder struct {
	notification.Store
	until time.Time
	err   error
}

func (s failingRecorder) Sent(ctx context.Context, id uuid.UUID, at time.Time) error {
	if time.Now().Before(s.until) {
		return s.err
	}
	return s.Store.Sent(ctx, id, at)
}

func TestRetriesToRecordASentMail(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		mails int
	}{
		"the store is down":              {fault.Down("postgresql", errors.New("refused")), 1},
		"a permanent error of the store": {errors.New("no such column"), 3},
	} {
		t.Run(name, func(t *testing.T) {
			env := &environment{}
			env.wrap = func(s notification.Store) notification.Store {
				return failingRecorder{s, time.Now().Add(45 * time.Second), c.err} // longer than a lease, shorter than two
			}
			rec := run(t, env, func(_ *telemetrytest.Recorder, s *notification.Service) {
				accept(t, s, storetest.Event())
				time.Sleep(10 * time.Minute)
			})
			if sent, _ := env.count(); sent != c.mails {
				t.Errorf("%d mails, want %d", sent, c.mails)
			}
			if lines := len(rec.Lines(t, names.EventMailFailed)); lines != c.mails-1 {
				t.Errorf("%d log lines about a mail that was not recorded, want %d", lines, c.mails-1)
			}
		})
	}
}

func TestStopDoesNotWaitForTheStore(t *testing.T) {
	env := &environment{}
	env.wrap = func(s notification.Store) notification.Store {
		return failingRecorder{s, time.Now().Add(time.Hour), fault.Down("postgresql", errors.New("refused"))}
	}
	run(t, env, func(_ *telemetrytest.Recorder, s *notification.Service) {
		accept(t, s, storetest.Event())
		time.Sleep(time.Minute)
	}) // returns when the worker has stopped
	if n := env.unknown(t); n != 1 {
		t.Errorf("%d attempts with unknown outcome, want the one that was not recorded", n)
	}
}

func TestDoesNotSendAReminderAfterTheStart(t *testing.T) {
	for name, c := range map[string]struct {
		kind  notification.Kind
		start time.Duration
		mails int
	}{
		"before the start":             {notification.Reminder, time.Hour, 1},
		"after the start":              {notification.Reminder, 0, 0},
		"another kind after the start": {notification.Confirmed, -time.Hour, 1},
	} {
		t.Run(name, func(t *testing.T) {
			env, e := &environment{}, storetest.Event()
			rec := run(t, env, func(_ *telemetrytest.Recorder, s *notification.Service) {
				e.Kind = c.kind
				e.Reservation.Start = time.Now().Add(c.start)
				e.Reservation.End = e.Reservation.Start.Add(time.Hour)
				accept(t, s, e)
				time.Sleep(time.Minute)
			})
			if sent, _ := env.count(); sent != c.mails {
				t.Errorf("%d mails, want %d", sent, c.mails)
			}
			lines := rec.Lines(t, names.EventMailFailed)
			if len(lines) != 1-c.mails || c.mails == 0 && lines[0][names.Reason] != string(notification.TooLate) {
				t.Errorf("lines %v", lines)
			}
		})
	}
}

func TestGivesUpAfterAPermanentFailure(t *testing.T) {
	for name, c := range map[string]struct {
		env  *environment
		want string
	}{
		"SES refuses the mail":          {&environment{sendErr: fmt.Errorf("%w: MessageRejected", notification.ErrRefused)}, "refused"},
		"the account does not exist":    {&environment{userErr: fault.New(fault.NotFound, "user_not_found", "No.")}, "unknown_diner"},
		"retried for a day":             {&environment{sendErr: errors.New("unexpected")}, "too_late"},
		"a deadline, retried for a day": {&environment{sendErr: context.DeadlineExceeded}, "too_late"},
	} {
		t.Run(name, func(t *testing.T) {
			rec := run(t, c.env, func(_ *telemetrytest.Recorder, s *notification.Service) {
				e := storetest.Event()
				e.OccurredAt = time.Now().Add(-23*time.Hour - 55*time.Minute)
				acceptOld(t, s, e)
				time.Sleep(15 * time.Minute)
				c.env.set(func() { c.env.sendErr, c.env.userErr = nil, nil })
				time.Sleep(15 * time.Minute)
			})
			if sent, _ := c.env.count(); sent != 0 {
				t.Errorf("%d mails were sent", sent)
			}
			lines := rec.Lines(t, names.EventMailFailed)
			last := lines[len(lines)-1]
			if n := rec.Count(t, names.MetricMailFailed, attribute.String(names.Reason, c.want)); n != 1 {
				t.Errorf("%d counted as %s, want 1", n, c.want)
			}
			if last[names.Reason] != c.want || last[names.SeverityText] != "ERROR" {
				t.Errorf("the last line is %v, want ERROR %s", last, c.want)
			}
		})
	}
}

func TestSendsAMailAboutAnUnknownRestaurant(t *testing.T) {
	env := &environment{searchErr: fault.New(fault.NotFound, "restaurant_not_found", "No.")}
	run(t, env, func(_ *telemetrytest.Recorder, s *notification.Service) {
		accept(t, s, storetest.Event())
		time.Sleep(time.Second)
	})
	if sent, _ := env.count(); sent != 1 {
		t.Errorf("%d mails, want 1", sent)
	}
}

func TestMailsOfAReservationKeepTheirOrder(t *testing.T) {
	env := &environment{sendErr: errors.New("unexpected")}
	run(t, env, func(_ *telemetrytest.Recorder, s *notification.Service) {
		confirmed := storetest.Event()
		cancelled := storetest.Event()
		cancelled.Kind, cancelled.Reservation.ID = notification.Cancelled, confirmed.Reservation.ID
		accept(t, s, confirmed)
		time.Sleep(100 * time.Millisecond)
		accept(t, s, cancelled)
		env.set(func() { env.sendErr = nil })
		time.Sleep(10 * time.Minute)
		if len(env.sent) != 2 || !strings.Contains(env.sent[0].Raw.Reveal(), confirmed.ID.String()) {
			t.Errorf("%d mails, or in the wrong order", len(env.sent))
		}
	})
}
