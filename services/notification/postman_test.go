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

// world answers a postman as the test says and keeps what he sends.
type world struct {
	mu        sync.Mutex
	userErr   error
	searchErr error
	sendErr   error
	lose      int // answers: the mail goes out, and nobody hears
	sent      []notification.Mail
	tries     int
	store     *inmem.Store
	wrap      func(notification.Store) notification.Store
}

func (w *world) set(change func()) { w.mu.Lock(); defer w.mu.Unlock(); change() }

func (w *world) User(ctx context.Context, id uuid.UUID) (notification.User, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	u, _ := inmem.Directory{}.User(ctx, id)
	return u, w.userErr
}

func (w *world) Restaurant(context.Context, string) (notification.Restaurant, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return notification.Restaurant{Ko: "모수", En: "Mosu"}, w.searchErr
}

func (w *world) Send(_ context.Context, m notification.Mail) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tries++
	if w.sendErr != nil {
		return w.sendErr
	}
	w.sent = append(w.sent, m)
	if w.lose > 0 {
		w.lose--
		return fault.New(fault.Timeout, "timeout", "The answer took too long.")
	}
	return nil
}

// unknown leases the only job there is and returns how many of its attempts
// have an outcome that nobody knows.
func (w *world) unknown(t *testing.T) int {
	t.Helper()
	later := time.Now().Add(100 * time.Hour)
	jobs, err := w.store.Lease(t.Context(), 10, later, time.Now())
	if err != nil || len(jobs) != 1 {
		t.Fatalf("jobs %v, %v; want one", jobs, err)
	}
	return jobs[0].Unknown
}

func (w *world) count() (sent, tries int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.sent), w.tries
}

// play runs a story beside a working postman, in a time that costs nothing.
func play(t *testing.T, w *world, story func(*telemetrytest.Recorder, *notification.Service)) *telemetrytest.Recorder {
	rec := telemetrytest.Start(t)
	synctest.Test(t, func(t *testing.T) {
		w.store = inmem.New()
		var store notification.Store = w.store
		if w.wrap != nil {
			store = w.wrap(store)
		}
		p := &notification.Postman{
			Store: store, Users: w, Restaurants: w, Sender: w, Logger: rec.Logger,
			From: mail.Address{Address: "no-reply@jari.example"},
		}
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { _ = p.Run(ctx) })
		story(rec, notification.New(store, p.Wake, time.Now))
		cancel()
		wg.Wait()
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

func TestAnEventThatComesTwiceIsOneMail(t *testing.T) {
	w, e := &world{}, storetest.Event()
	rec := play(t, w, func(_ *telemetrytest.Recorder, s *notification.Service) {
		accept(t, s, e)
		synctest.Wait() // no time passes: the postman was woken
		if sent, _ := w.count(); sent != 1 {
			t.Errorf("%d mails at once, want 1", sent)
		}
		accept(t, s, e)
		time.Sleep(time.Hour)
	})
	if sent, tries := w.count(); sent != 1 || tries != 1 {
		t.Errorf("%d mails in %d tries, want one", sent, tries)
	}
	confirmed := attribute.String(names.MailKind, string(notification.Confirmed))
	if n := rec.Count(t, names.MetricMailSent, confirmed); n != 1 {
		t.Errorf("%d mails counted, want 1", n)
	}
	if lines := rec.Lines(t, names.EventMailSent); len(lines) != 1 || lines[0][names.OutboxEventID] != e.ID.String() || lines[0][names.TraceID] == nil {
		t.Errorf("lines %v", lines)
	}
	if strings.Contains(rec.Output(), "diner@") || strings.Contains(rec.Output(), "창가") {
		t.Errorf("the log shows whom it was about:\n%s", rec.Output())
	}
}

func TestTheMailsSpanLinksToTheBookings(t *testing.T) {
	e := storetest.Event()
	rec := play(t, &world{}, func(_ *telemetrytest.Recorder, s *notification.Service) {
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

func TestWhatPassesIsTriedAgain(t *testing.T) {
	away := fault.Down("x", errors.New("refused"))
	for sentence, w := range map[string]*world{
		"the user service is away":   {userErr: away},
		"the search service is away": {searchErr: away},
		"SES is away":                {sendErr: fmt.Errorf("%w: %w", notification.ErrNotTaken, away)},
		"something unheard of":       {sendErr: errors.New("teapot")},
	} {
		t.Run(sentence, func(t *testing.T) {
			play(t, w, func(rec *telemetrytest.Recorder, s *notification.Service) {
				accept(t, s, storetest.Event())
				time.Sleep(time.Hour)
				tries := len(rec.Lines(t, names.EventMailFailed))
				if tries < 10 || tries > 40 {
					t.Errorf("%d tries in an hour, want pauses that grow to 5 minutes", tries)
				}
				unknown := 0
				if sentence == "something unheard of" {
					unknown = tries
				}
				lost := attribute.String(names.Reason, "answer_lost")
				if n := rec.Count(t, names.MetricMailRetried, lost); int(n) != unknown || int(rec.Count(t, names.MetricMailRetried)) != tries {
					t.Errorf("%d of %d tries counted as lost, want %d", n, tries, unknown)
				}
				if n := w.unknown(t); n != unknown {
					t.Errorf("%d attempts unknown, want %d", n, unknown)
				}
				w.set(func() { w.userErr, w.searchErr, w.sendErr = nil, nil, nil })
				time.Sleep(6 * time.Minute)
				if sent, _ := w.count(); sent != 1 {
					t.Errorf("%d mails when it is back, want 1", sent)
				}
			})
		})
	}
}

func TestALostAnswerMayBeASecondMailAndIsCounted(t *testing.T) {
	w := &world{lose: 2}
	rec := play(t, w, func(_ *telemetrytest.Recorder, s *notification.Service) {
		e := storetest.Event()
		e.OccurredAt = time.Now()
		acceptOld(t, s, e)
		time.Sleep(time.Second + time.Millisecond) // the first pause is half of it at least
		if sent, _ := w.count(); sent < 1 || sent > 2 {
			t.Errorf("%d mails within a second", sent)
		}
		time.Sleep(time.Hour)
	})
	if sent, tries := w.count(); sent != 3 || tries != 3 {
		t.Fatalf("%d mails in %d tries, want three", sent, tries)
	}
	id := func(m notification.Mail) string {
		msg, err := mail.ReadMessage(strings.NewReader(m.Raw.Reveal()))
		if err != nil {
			t.Fatal(err)
		}
		return msg.Header.Get("Message-ID") + msg.Header.Get(names.HeaderEventID)
	}
	if id(w.sent[0]) != id(w.sent[1]) || id(w.sent[0]) != id(w.sent[2]) || id(w.sent[0]) == "" {
		t.Error("the same mail has another id")
	}
	if n := rec.Count(t, names.MetricMailSent); n != 1 {
		t.Errorf("%d mails known to be sent, want 1", n)
	}
}

// writeless is a store that cannot write down what was sent.
type writeless struct {
	notification.Store
	until time.Time
	err   error
}

func (s writeless) Sent(ctx context.Context, id uuid.UUID, at time.Time) error {
	if time.Now().Before(s.until) {
		return s.err
	}
	return s.Store.Sent(ctx, id, at)
}

func TestAMailThatIsOutWaitsToBeWrittenDown(t *testing.T) {
	for sentence, c := range map[string]struct {
		err   error
		mails int
	}{
		"while the store is away":             {fault.Down("postgresql", errors.New("refused")), 1},
		"but not where that would never work": {errors.New("no such column"), 3},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := &world{}
			w.wrap = func(s notification.Store) notification.Store {
				return writeless{s, time.Now().Add(45 * time.Second), c.err} // longer than a lease, shorter than two
			}
			rec := play(t, w, func(_ *telemetrytest.Recorder, s *notification.Service) {
				accept(t, s, storetest.Event())
				time.Sleep(10 * time.Minute)
			})
			if sent, _ := w.count(); sent != c.mails {
				t.Errorf("%d mails, want %d", sent, c.mails)
			}
			if said := len(rec.Lines(t, names.EventMailFailed)); said != c.mails-1 {
				t.Errorf("said %d times that a mail is not written down, want %d", said, c.mails-1)
			}
		})
	}
}

func TestAPostmanWhoIsStoppedDoesNotWaitForTheStore(t *testing.T) {
	w := &world{}
	w.wrap = func(s notification.Store) notification.Store {
		return writeless{s, time.Now().Add(time.Hour), fault.Down("postgresql", errors.New("refused"))}
	}
	play(t, w, func(_ *telemetrytest.Recorder, s *notification.Service) {
		accept(t, s, storetest.Event())
		time.Sleep(time.Minute)
	}) // ends with the postman
	if n := w.unknown(t); n != 1 {
		t.Errorf("%d attempts unknown, want the one that was not written down", n)
	}
}

func TestAReminderOfWhatHasBegunIsNotSent(t *testing.T) {
	for sentence, c := range map[string]struct {
		kind  notification.Kind
		start time.Duration
		mails int
	}{
		"a visit to come":          {notification.Reminder, time.Hour, 1},
		"a visit that has begun":   {notification.Reminder, 0, 0},
		"of other kinds there are": {notification.Confirmed, -time.Hour, 1},
	} {
		t.Run(sentence, func(t *testing.T) {
			w, e := &world{}, storetest.Event()
			rec := play(t, w, func(_ *telemetrytest.Recorder, s *notification.Service) {
				e.Kind = c.kind
				e.Reservation.Start = time.Now().Add(c.start)
				e.Reservation.End = e.Reservation.Start.Add(time.Hour)
				accept(t, s, e)
				time.Sleep(time.Minute)
			})
			if sent, _ := w.count(); sent != c.mails {
				t.Errorf("%d mails, want %d", sent, c.mails)
			}
			lines := rec.Lines(t, names.EventMailFailed)
			if len(lines) != 1-c.mails || c.mails == 0 && lines[0][names.Reason] != string(notification.TooLate) {
				t.Errorf("lines %v", lines)
			}
		})
	}
}

func TestWhatNeverPassesIsGivenUpAndSaid(t *testing.T) {
	for sentence, c := range map[string]struct {
		world *world
		want  string
	}{
		"SES refuses the mail":     {&world{sendErr: fmt.Errorf("%w: MessageRejected", notification.ErrRefused)}, "refused"},
		"there is no such diner":   {&world{userErr: fault.New(fault.NotFound, "user_not_found", "No.")}, "unknown_diner"},
		"it was tried for a day":   {&world{sendErr: errors.New("teapot")}, "too_late"},
		"but not a deadline alone": {&world{sendErr: context.DeadlineExceeded}, "too_late"},
	} {
		t.Run(sentence, func(t *testing.T) {
			rec := play(t, c.world, func(_ *telemetrytest.Recorder, s *notification.Service) {
				e := storetest.Event()
				e.OccurredAt = time.Now().Add(-23*time.Hour - 55*time.Minute)
				acceptOld(t, s, e)
				time.Sleep(15 * time.Minute)
				c.world.set(func() { c.world.sendErr, c.world.userErr = nil, nil })
				time.Sleep(15 * time.Minute)
			})
			if sent, _ := c.world.count(); sent != 0 {
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

func TestARestaurantNobodyKnowsStillGetsItsMail(t *testing.T) {
	w := &world{searchErr: fault.New(fault.NotFound, "restaurant_not_found", "No.")}
	play(t, w, func(_ *telemetrytest.Recorder, s *notification.Service) {
		accept(t, s, storetest.Event())
		time.Sleep(time.Second)
	})
	if sent, _ := w.count(); sent != 1 {
		t.Errorf("%d mails, want 1", sent)
	}
}

func TestCancelledNeverOvertakesConfirmed(t *testing.T) {
	w := &world{sendErr: errors.New("teapot")}
	play(t, w, func(_ *telemetrytest.Recorder, s *notification.Service) {
		confirmed := storetest.Event()
		cancelled := storetest.Event()
		cancelled.Kind, cancelled.Reservation.ID = notification.Cancelled, confirmed.Reservation.ID
		accept(t, s, confirmed)
		time.Sleep(100 * time.Millisecond)
		accept(t, s, cancelled)
		w.set(func() { w.sendErr = nil })
		time.Sleep(10 * time.Minute)
		if len(w.sent) != 2 || !strings.Contains(w.sent[0].Raw.Reveal(), confirmed.ID.String()) {
			t.Errorf("%d mails, or in the wrong order", len(w.sent))
		}
	})
}
