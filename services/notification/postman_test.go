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

	"jari.example/services/internal/fault"
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
	sent      []notification.Mail
	tries     int
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
	if w.sendErr == nil {
		w.sent = append(w.sent, m)
	}
	return w.sendErr
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
		store := inmem.New()
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
		"SES is away":                {sendErr: away},
		"something unheard of":       {sendErr: errors.New("teapot")},
	} {
		t.Run(sentence, func(t *testing.T) {
			play(t, w, func(rec *telemetrytest.Recorder, s *notification.Service) {
				accept(t, s, storetest.Event())
				time.Sleep(time.Hour)
				if n := len(rec.Lines(t, names.EventMailFailed)); n < 10 || n > 40 {
					t.Errorf("%d tries in an hour, want pauses that grow to 5 minutes", n)
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
