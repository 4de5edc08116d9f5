package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"

	"jari.example/internal/fault"
	"jari.example/services/reservation"
	"jari.example/services/reservation/inmem"
	"jari.example/services/reservation/observe"
	"jari.example/services/reservation/outbox"
	"jari.example/services/reservation/schedule"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

// ear is a notification service that may be away.
type ear struct {
	mu    sync.Mutex
	err   func(reservation.Event) error
	heard []reservation.Event
	calls int
}

func (e *ear) Deliver(_ context.Context, event reservation.Event) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls++
	if e.err != nil {
		if err := e.err(event); err != nil {
			return err
		}
	}
	e.heard = append(e.heard, event)
	return nil
}

func (e *ear) kinds() (kinds []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, event := range e.heard {
		kinds = append(kinds, event.Kind)
	}
	return kinds
}

// openRestaurant has one slot tomorrow with plenty of covers.
func openRestaurant(t *testing.T) (*inmem.Store, reservation.SlotID) {
	t.Helper()
	store := inmem.New()
	now := time.Now().UTC()
	start := now.Add(24 * time.Hour)
	slot := reservation.Slot{
		RestaurantID: "mokran", Start: start, End: start.Add(time.Hour), CancelUntil: start, TimeZone: "Asia/Seoul",
		Party: schedule.PartySize{Min: 1, Max: 10}, Wanted: 100, Capacity: 100,
	}
	if _, err := store.Execute(t.Context(), reservation.Command{
		CommandMeta: reservation.CommandMeta{At: now},
		Scope:       reservation.Scope{Period: reservation.Period{RestaurantID: "mokran", From: now, To: start.Add(time.Hour)}},
		Decide: func(d *reservation.UnitOfWork) (reservation.Reservation, error) {
			d.ReconcileSlots([]reservation.Slot{slot})
			return reservation.Reservation{}, nil
		},
	}); err != nil {
		t.Fatal(err)
	}
	free, err := store.Slots(t.Context(), []string{"mokran"}, now, start.Add(1))
	if err != nil || len(free) != 1 {
		t.Fatal(free, err)
	}
	return store, free[0].ID
}

func act(diner uuid.UUID) reservation.CommandMeta {
	return reservation.CommandMeta{
		DinerID: diner, Key: uuid.NewString(), EventID: uuid.New(), At: time.Now(),
		Traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	}
}

// bookAndCancel leaves two events of one reservation.
func bookAndCancel(t *testing.T, store *inmem.Store, slot reservation.SlotID) {
	t.Helper()
	diner, id := uuid.New(), uuid.New()
	if _, err := store.Book(t.Context(), reservation.Booking{CommandMeta: act(diner), ID: id, SlotID: slot, Party: 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := cancel(t.Context(), store, reservation.Cancellation{CommandMeta: act(diner), ID: id}); err != nil {
		t.Fatal(err)
	}
}

// running runs a relay until the test ends.
func running(t *testing.T, store *inmem.Store, to *ear) *outbox.Relay {
	t.Helper()
	relay := outbox.NewRelay(store, to, observe.NewListener(telemetrytest.Start(t).Logger))
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- relay.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return relay
}

func TestTwoRelaysKeepTheOrderOfAReservation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, slot := openRestaurant(t)
		to := &ear{}
		running(t, store, to)
		running(t, store, to) // of another replica
		for range 100 {
			bookAndCancel(t, store, slot)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		at := map[uuid.UUID]string{}
		for _, e := range to.heard {
			if e.Kind == reservation.EventCancelled && at[e.Reservation.ID] != reservation.EventConfirmed {
				t.Fatal("told of a cancellation before the booking")
			}
			at[e.Reservation.ID] = e.Kind
		}
		if len(to.heard) != 200 {
			t.Fatalf("told %d events, want 200", len(to.heard))
		}
	})
}

func TestRelayIsWokenByACommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, slot := openRestaurant(t)
		to := &ear{}
		relay := running(t, store, to)
		synctest.Wait() // the first look at the outbox is over
		bookAndCancel(t, store, slot)
		relay.Wake()
		synctest.Wait() // no time passes
		if got := to.kinds(); len(got) != 2 {
			t.Fatalf("told %v at once, want both events", got)
		}
	})
}

func TestRelayBacksOffWhileTheReceiverIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, slot := openRestaurant(t)
		to := &ear{err: func(reservation.Event) error { return fault.Down("notification", errors.New("refused")) }}
		relay := running(t, store, to)
		bookAndCancel(t, store, slot)
		for range 600 { // a busy minute
			time.Sleep(100 * time.Millisecond)
			relay.Wake()
		}
		to.mu.Lock()
		if to.calls < 5 || to.calls > 20 {
			t.Errorf("called %d times in a minute of absence", to.calls)
		}
		to.err = nil
		to.mu.Unlock()
		time.Sleep(2 * time.Minute)
		if got := to.kinds(); len(got) != 2 || got[0] != reservation.EventConfirmed {
			t.Fatalf("told %v once it was back", got)
		}
	})
}

func TestRelayIsNotHeldUpByOneRefusedEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, slot := openRestaurant(t)
		var refused uuid.UUID
		to := &ear{err: func(e reservation.Event) error {
			if refused == uuid.Nil {
				refused = e.Reservation.ID
			}
			if e.Reservation.ID == refused {
				return fault.New(fault.Invalid, "invalid", "no")
			}
			return nil
		}}
		running(t, store, to)
		for range 3 {
			bookAndCancel(t, store, slot)
		}
		time.Sleep(time.Second)
		if got := to.kinds(); len(got) != 4 {
			t.Fatalf("told %v, want the four events of the other two", got)
		}
	})
}

func TestARefusedEventIsParkedAndSaid(t *testing.T) {
	rec := telemetrytest.Start(t)
	synctest.Test(t, func(t *testing.T) {
		store, slot := openRestaurant(t)
		to := &ear{err: func(reservation.Event) error {
			return fmt.Errorf("POST /internal/events: %w", fault.New(fault.Unprocessable, "unheard_of", "no"))
		}}
		relay := outbox.NewRelay(store, to, observe.NewListener(rec.Logger))
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- relay.Run(ctx) }()
		bookAndCancel(t, store, slot)
		time.Sleep(6 * time.Hour)
		synctest.Wait()
		to.mu.Lock()
		calls := to.calls
		to.err = nil // the receiver's new version is there
		to.mu.Unlock()
		if calls < 10 || calls > 20 {
			t.Errorf("told %d times in six hours, want pauses that grow to an hour", calls)
		}
		lines := rec.Lines(t, names.EventOutboxRefused)
		if len(lines) != calls || lines[0][names.SeverityText] != "ERROR" || lines[0][names.Reason] != "unheard_of" {
			t.Errorf("%d lines for %d attempts: %v", len(lines), calls, lines[0])
		}
		confirmed := attribute.String(names.MailKind, reservation.EventConfirmed)
		if counted := rec.Count(t, names.MetricOutboxRefused, confirmed); counted != int64(calls) {
			t.Errorf("counted %d, want %d", counted, calls)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if got := to.kinds(); len(got) != 2 || got[0] != reservation.EventConfirmed {
			t.Errorf("told %v once it was understood, want both in order", got)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// TestOnlyARefusalParks is the other half: what may pass is tried each minute.
func TestOnlyARefusalParks(t *testing.T) {
	for sentence, err := range map[string]error{
		"away":               fault.Down("notification", errors.New("refused")),
		"slow":               fault.New(fault.Timeout, "timeout", "late"),
		"busy":               fault.New(fault.RateLimited, "rate_limited", "later"),
		"at fault":           fault.New(fault.Internal, "internal", "oops"),
		"of unknown opinion": errors.New("unexpected EOF"),
	} {
		t.Run(sentence, func(t *testing.T) {
			rec := telemetrytest.Start(t)
			synctest.Test(t, func(t *testing.T) {
				store, slot := openRestaurant(t)
				to := &ear{err: func(reservation.Event) error { return err }}
				relay := outbox.NewRelay(store, to, observe.NewListener(rec.Logger))
				ctx, stop := context.WithCancel(t.Context())
				ended := make(chan error)
				go func() { ended <- relay.Run(ctx) }()
				bookAndCancel(t, store, slot)
				time.Sleep(time.Hour)
				stop()
				if err := <-ended; err != nil {
					t.Error(err)
				}
				if to.calls < 60 || len(rec.Lines(t, names.EventOutboxRefused)) != 0 {
					t.Errorf("told %d times in an hour, want at least each minute", to.calls)
				}
			})
		})
	}
}

func TestDeliveryBelongsToTheBookingsTrace(t *testing.T) {
	rec := telemetrytest.Start(t)
	store, slot := openRestaurant(t)
	to := &ear{}
	relay := outbox.NewRelay(store, to, observe.NewListener(rec.Logger))
	bookAndCancel(t, store, slot)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- relay.Run(ctx) }()
	for deadline := time.Now().Add(5 * time.Second); len(to.kinds()) < 2 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := rec.Span(t, names.SpanOutboxDeliver).SpanContext().TraceID().String(); got != "0af7651916cd43dd8448eb211c80319c" {
		t.Fatalf("delivered in trace %s", got)
	}
	lines := rec.Lines(t, names.EventOutboxDelivered)
	if len(lines) != 2 || lines[0][names.TraceID] != "0af7651916cd43dd8448eb211c80319c" {
		t.Fatalf("lines %v", lines)
	}
}

func cancel(ctx context.Context, store *inmem.Store, c reservation.Cancellation) (reservation.Outcome, error) {
	return store.Execute(ctx, reservation.Command{CommandMeta: c.CommandMeta, Op: reservation.OpCancel, Scope: reservation.Scope{ReservationID: c.ID}, Decide: c.Decide})
}
