package postgres_test

import (
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"

	"jari.example/internal/fault"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

// The trace of a request shows where its booking spent its time: in its own
// statement, or in the wait for a group, with a link to the group's transaction.
func TestRequestTraceShowsItsBooking(t *testing.T) {
	rec := telemetrytest.Start(t)
	s := newLockedSlot(t, 100)
	ctx, request := otel.Tracer("test").Start(t.Context(), "request")
	if _, err := s.store.Book(ctx, newBooking(1, 2)); err != nil {
		t.Fatal(err)
	}
	single := rec.Span(t, "reservation.book.alone")
	if single.SpanContext().TraceID() != request.SpanContext().TraceID() {
		t.Error("the statement of a single commit is not in the request's trace")
	}

	release, sent := s.occupyWorker()
	group := s.send(ctx, newBookings(3, 2)...)
	release()
	for range 3 {
		if a := <-group; a.err != nil {
			t.Fatal(a.err)
		}
	}
	for _, results := range sent {
		<-results
	}
	request.End()
	s.store.Close() // the spans of groups end after their bookings' results
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
			t.Errorf("a wait links to %v, want one of the groups %v", links, batches)
		}
	}
	if waits != 3 {
		t.Errorf("%d waits in the trace, want 3", waits)
	}
	if n := rec.Count(t, names.MetricBookingAlone); n != 2 {
		t.Errorf("%d single commits counted, want 2", n)
	}
}

// A group's trace links to a member's, so that both are kept, and its span has an
// error if the transaction failed.
func TestGroupTraceLinksToAMemberAndReportsErrors(t *testing.T) {
	for name, c := range map[string]struct {
		key    string
		status codes.Code
	}{"success": {"k", codes.Unset}, "bad data": {"a\x00b", codes.Error}} {
		t.Run(name, func(t *testing.T) {
			rec := telemetrytest.Start(t)
			s := newLockedSlot(t, 100)
			release, sent := s.occupyWorker()
			defer release()
			ctx, request := otel.Tracer("test").Start(t.Context(), "request")
			booking := newBooking(1, 2)
			booking.Key = c.key
			group := s.send(ctx, booking)
			release()
			<-group
			for _, results := range sent {
				<-results
			}
			request.End()
			s.store.Close()
			var found bool
			for _, span := range rec.Spans() {
				links := span.Links()
				if span.Name() != names.SpanBookBatch || len(links) != 1 || !links[0].SpanContext.Equal(request.SpanContext()) {
					continue
				}
				found = true
				if span.Status().Code != c.status {
					t.Errorf("the group's span has status %v, want %v", span.Status().Code, c.status)
				}
			}
			if !found {
				t.Error("no group links to its member")
			}
		})
	}
}

func TestCountsRefusalsByBackpressure(t *testing.T) {
	rec := telemetrytest.Start(t)
	s := newLockedSlot(t, 10_000)
	release, _ := s.occupyWorker()
	defer release()
	const queue = 1024
	results := s.send(t.Context(), newBookings(queue+5, 1)...)
	for range 5 {
		if a := <-results; fault.ReasonOf(a.err) != "overloaded" {
			t.Fatal(a.err)
		}
	}
	if n := rec.Count(t, names.MetricBookingShed); n != 5 {
		t.Errorf("%d refusals counted, want 5", n)
	}
	release()
	for range queue {
		<-results
	}
}
