package postgres_test

import (
	"testing"

	"go.opentelemetry.io/otel"

	"jari.example/services/internal/fault"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
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
