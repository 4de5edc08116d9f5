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

// fakeReceiver is a notification service that may be unavailable.
type fakeReceiver struct {
	mu       sync.Mutex
	err      func(reservation.Event) error // nil: none
	received []reservation.Event
	calls    int
}

func (f *fakeReceiver) Deliver(_ context.Context, event reservation.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	if f.err != nil {
		if err := f.err(event); err != nil {
			return err
		}
	}
	f.received = append(f.received, event)
	return nil
}

func (f *fakeReceiver) kinds() (kinds []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, event := range f.received {
		kinds = append(kinds, event.Kind)
	}
	return kinds
}

// storeWithSlot returns a store with a slot of 100 covers tomorrow.
func storeWithSlot(t *testing.T) (*inmem.Store, reservation.SlotID) {
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
		Decide: func(u *reservation.UnitOfWork) (reservation.Reservation, error) {
			u.ReconcileSlots([]reservation.Slot{slot})
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

func meta(diner uuid.UUID) reservation.CommandMeta {
	return reservation.CommandMeta{
		DinerID: diner, Key: uuid.NewString(), EventID: uuid.New(), At: time.Now(),
		Traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	}
}

// bookAndCancel puts two events of one reservation into the outbox.
func bookAndCancel(t *testing.T, store *inmem.Store, slot reservation.SlotID) {
	t.Helper()
	diner, id := uuid.New(), uuid.New()
	if _, err := store.Book(t.Context(), reservation.Booking{CommandMeta: meta(diner), ID: id, SlotID: slot, Party: 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := cancel(t.Context(), store, reservation.Cancellation{CommandMeta: meta(diner), ID: id}); err != nil {
		t.Fatal(err)
	}
}

// startRelay runs a relay until the test ends.
func startRelay(t *testing.T, store *inmem.Store, receiver *fakeReceiver) *outbox.Relay {
	t.Helper()
	relay := outbox.NewRelay(store, receiver, observe.NewListener(telemetrytest.Start(t).Logger))
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

func TestTwoRelaysKeepTheOrderOfEachReservation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, slot := storeWithSlot(t)
		receiver := &fakeReceiver{}
		startRelay(t, store, receiver)
		startRelay(t, store, receiver) // of another replica
		for range 100 {
			bookAndCancel(t, store, slot)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		last := map[uuid.UUID]string{} // kind of the last event
		for _, e := range receiver.received {
			if e.Kind == reservation.EventCancelled && last[e.Reservation.ID] != reservation.EventConfirmed {
				t.Fatal("a cancellation was delivered before its booking")
			}
			last[e.Reservation.ID] = e.Kind
		}
		if len(receiver.received) != 200 {
			t.Fatalf("delivered %d events, want 200", len(receiver.received))
		}
	})
}

func TestWakeDeliversAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, slot := storeWithSlot(t)
		receiver := &fakeReceiver{}
		relay := startRelay(t, store, receiver)
		synctest.Wait() // the first poll is over
		bookAndCancel(t, store, slot)
		relay.Wake()
		synctest.Wait() // no time passes
		if got := receiver.kinds(); len(got) != 2 {
			t.Fatalf("delivered %v at once, want both events", got)
		}
	})
}

func TestBacksOffWhileTheReceiverIsUnavailable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, slot := storeWithSlot(t)
		receiver := &fakeReceiver{err: func(reservation.Event) error { return fault.Down("notification", errors.New("refused")) }}
		relay := startRelay(t, store, receiver)
		bookAndCancel(t, store, slot)
		for range 600 { // a minute with many commits
			time.Sleep(100 * time.Millisecond)
			relay.Wake()
		}
		receiver.mu.Lock()
		if receiver.calls < 5 || receiver.calls > 20 {
			t.Errorf("%d calls in a minute of an outage, want 5 to 20", receiver.calls)
		}
		receiver.err = nil
		receiver.mu.Unlock()
		time.Sleep(2 * time.Minute)
		if got := receiver.kinds(); len(got) != 2 || got[0] != reservation.EventConfirmed {
			t.Fatalf("delivered %v after the outage, want both events in order", got)
		}
	})
}

func TestRefusedEventDelaysNoOtherReservation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, slot := storeWithSlot(t)
		var refused uuid.UUID
		receiver := &fakeReceiver{err: func(e reservation.Event) error {
			if refused == uuid.Nil {
				refused = e.Reservation.ID
			}
			if e.Reservation.ID == refused {
				return fault.New(fault.Invalid, "invalid", "no")
			}
			return nil
		}}
		startRelay(t, store, receiver)
		for range 3 {
			bookAndCancel(t, store, slot)
		}
		time.Sleep(time.Second)
		if got := receiver.kinds(); len(got) != 4 {
			t.Fatalf("delivered %v, want the four events of the other two reservations", got)
		}
	})
}

func TestRetriesARefusedEventEverMoreSeldomAndReportsIt(t *testing.T) {
	rec := telemetrytest.Start(t)
	synctest.Test(t, func(t *testing.T) {
		store, slot := storeWithSlot(t)
		receiver := &fakeReceiver{err: func(reservation.Event) error {
			return fmt.Errorf("POST /internal/events: %w", fault.New(fault.Unprocessable, "unknown_kind", "no"))
		}}
		relay := outbox.NewRelay(store, receiver, observe.NewListener(rec.Logger))
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- relay.Run(ctx) }()
		bookAndCancel(t, store, slot)
		time.Sleep(6 * time.Hour)
		synctest.Wait()
		receiver.mu.Lock()
		calls := receiver.calls
		receiver.err = nil // a new version of the receiver
		receiver.mu.Unlock()
		if calls < 10 || calls > 20 {
			t.Errorf("%d calls in six hours, want 10 to 20: pauses that grow to an hour", calls)
		}
		lines := rec.Lines(t, names.EventOutboxRefused)
		if len(lines) != calls || lines[0][names.SeverityText] != "ERROR" || lines[0][names.Reason] != "unknown_kind" {
			t.Errorf("%d log lines for %d attempts: %v", len(lines), calls, lines[0])
		}
		confirmed := attribute.String(names.MailKind, reservation.EventConfirmed)
		if counted := rec.Count(t, names.MetricOutboxRefused, confirmed); counted != int64(calls) {
			t.Errorf("counted %d refusals, want %d", counted, calls)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if got := receiver.kinds(); len(got) != 2 || got[0] != reservation.EventConfirmed {
			t.Errorf("delivered %v once it was accepted, want both events in order", got)
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// A failure that may be temporary is retried every minute, unlike a refusal.
func TestRetriesTemporaryFailuresEveryMinute(t *testing.T) {
	for name, err := range map[string]error{
		"unavailable":     fault.Down("notification", errors.New("refused")),
		"timeout":         fault.New(fault.Timeout, "timeout", "late"),
		"rate limited":    fault.New(fault.RateLimited, "rate_limited", "later"),
		"internal error":  fault.New(fault.Internal, "internal", "oops"),
		"connection lost": errors.New("unexpected EOF"),
	} {
		t.Run(name, func(t *testing.T) {
			rec := telemetrytest.Start(t)
			synctest.Test(t, func(t *testing.T) {
				store, slot := storeWithSlot(t)
				receiver := &fakeReceiver{err: func(reservation.Event) error { return err }}
				relay := outbox.NewRelay(store, receiver, observe.NewListener(rec.Logger))
				ctx, stop := context.WithCancel(t.Context())
				done := make(chan error)
				go func() { done <- relay.Run(ctx) }()
				bookAndCancel(t, store, slot)
				time.Sleep(time.Hour)
				stop()
				if err := <-done; err != nil {
					t.Error(err)
				}
				if receiver.calls < 60 || len(rec.Lines(t, names.EventOutboxRefused)) != 0 {
					t.Errorf("%d calls in an hour, want 60 or more and no refusal logged", receiver.calls)
				}
			})
		})
	}
}

func TestDeliveryContinuesTheTraceOfTheBooking(t *testing.T) {
	rec := telemetrytest.Start(t)
	store, slot := storeWithSlot(t)
	receiver := &fakeReceiver{}
	relay := outbox.NewRelay(store, receiver, observe.NewListener(rec.Logger))
	bookAndCancel(t, store, slot)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- relay.Run(ctx) }()
	for deadline := time.Now().Add(5 * time.Second); len(receiver.kinds()) < 2 && time.Now().Before(deadline); {
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
		t.Fatalf("logged %v, want two lines with that trace", lines)
	}
}

func cancel(ctx context.Context, store *inmem.Store, c reservation.Cancellation) (reservation.Outcome, error) {
	return store.Execute(ctx, reservation.Command{
		CommandMeta: c.CommandMeta, Op: reservation.OpCancel, Decide: c.Decide, Scope: reservation.Scope{ReservationID: c.ID},
	})
}
