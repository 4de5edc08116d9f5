package postgres_test

import (
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	"jari.example/internal/fault"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
	"testing"
)

// However a booking goes, the trace of who asked for it shows where the time
// went: its own statement, or its wait for a group, with a link to that.
func TestATraceShowsItsBooking(t *testing.T) {
	rec := telemetrytest.Start(t)
	s := newStage(t, 100)
	ctx, request := otel.Tracer("test").Start(t.Context(), "request")
	if _, err := s.store.Book(ctx, someBooking(1, 2)); err != nil {
		t.Fatal(err)
	}
	alone := rec.Span(t, "reservation.book.alone")
	if alone.SpanContext().TraceID() != request.SpanContext().TraceID() {
		t.Error("who booked alone does not see the statement")
	}

	release, sent := s.busy()
	group := s.send(ctx, crowd(3, 2)...)
	release()
	for range 3 {
		if a := <-group; a.err != nil {
			t.Fatal(a.err)
		}
	}
	for _, answers := range sent {
		<-answers
	}
	request.End()
	s.store.Close() // the groups' own spans end after their members are told
	batches := map[string]bool{}
	var waits int
	for _, span := range rec.Spans() {
		if span.Name() == names.SpanBookBatch {
			batches[span.SpanContext().SpanID().String()] = true
		}
	}
	for _, span := range rec.Spans() {
		if span.Name() != names.SpanBookWait || span.Parent().TraceID() != request.SpanContext().TraceID() {
			continue
		}
		waits++
		if links := span.Links(); len(links) != 1 || !batches[links[0].SpanContext.SpanID().String()] {
			t.Errorf("a wait links to %v, the groups are %v", links, batches)
		}
	}
	if waits != 3 {
		t.Errorf("%d of 3 see that they waited", waits)
	}
	if n := rec.Count(t, names.MetricBookingAlone); n != 2 {
		t.Errorf("%d counted alone, want 2", n)
	}
}

// A group's trace goes with those of its members, and says so when the
// transaction failed.
func TestAGroupsTraceIsKeptWithItsMembersAndWhenItFails(t *testing.T) {
	for sentence, c := range map[string]struct {
		key    string
		status codes.Code
	}{"it goes well": {"k", codes.Unset}, "a member is bad": {"a\x00b", codes.Error}} {
		t.Run(sentence, func(t *testing.T) {
			rec := telemetrytest.Start(t)
			s := newStage(t, 100)
			release, sent := s.busy()
			defer release()
			ctx, request := otel.Tracer("test").Start(t.Context(), "request")
			booking := someBooking(1, 2)
			booking.Key = c.key
			group := s.send(ctx, booking)
			release()
			<-group
			for _, answers := range sent {
				<-answers
			}
			request.End()
			s.store.Close()
			var found bool
			for _, span := range rec.Spans() {
				if links := span.Links(); span.Name() == names.SpanBookBatch && len(links) == 1 && links[0].SpanContext.Equal(request.SpanContext()) {
					found = true
					if span.Status().Code != c.status {
						t.Errorf("its status is %v, want %v", span.Status().Code, c.status)
					}
				}
			}
			if !found {
				t.Error("no group links to its member")
			}
		})
	}
}

func TestWhatIsShedIsCounted(t *testing.T) {
	rec := telemetrytest.Start(t)
	s := newStage(t, 10_000)
	release, _ := s.busy()
	defer release()
	const queue = 1024
	answers := s.send(t.Context(), crowd(queue+5, 1)...)
	for range 5 {
		if a := <-answers; fault.ReasonOf(a.err) != "overloaded" {
			t.Fatal(a.err)
		}
	}
	if n := rec.Count(t, names.MetricBookingShed); n != 5 {
		t.Errorf("%d counted, want 5", n)
	}
	release()
	for range queue {
		<-answers
	}
}
