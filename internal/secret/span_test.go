package secret_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"jari.example/internal/secret"
	"jari.example/telemetry"
	"jari.example/telemetry/telemetrytest"
)

func TestSpansAreRedacted(t *testing.T) {
	hidden := secret.New("kim@example.com")
	type account struct {
		ID    int
		Email secret.String
		Phone *secret.String
	}
	note := func(a slog.Attr) func(*testing.T, trace.Span) {
		return func(t *testing.T, s trace.Span) { telemetry.Note(trace.ContextWithSpan(t.Context(), s), a) }
	}
	set := func(a attribute.KeyValue) func(*testing.T, trace.Span) {
		return func(_ *testing.T, s trace.Span) { s.SetAttributes(a) }
	}
	formatted := fmt.Sprintf("%v %+v %#v %q %x", hidden, hidden, hidden, hidden, hidden)
	for name, c := range map[string]struct {
		record func(*testing.T, trace.Span)
		want   string
	}{
		"a note of a secret":           {note(slog.Any("a", hidden)), "[redacted]"},
		"a note of a pointer":          {note(slog.Any("a", &hidden)), "[redacted]"},
		"a note in a group":            {note(slog.Group("a", "email", hidden)), "[email=[redacted]]"},
		"a note of a struct":           {note(slog.Any("a", account{7, hidden, nil})), "{7 [redacted] <nil>}"},
		"a note of a slice":            {note(slog.Any("a", []secret.String{hidden})), "[[redacted]]"},
		"an attribute.Stringer":        {set(attribute.Stringer("a", hidden)), "[redacted]"},
		"formatted with fmt":           {set(attribute.String("a", formatted)), strings.TrimSpace(strings.Repeat("[redacted] ", 5))},
		"the revealed value (control)": {set(attribute.String("a", hidden.Reveal())), "kim@example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			rec := telemetrytest.Start(t)
			_, span := otel.Tracer("t").Start(t.Context(), "s")
			c.record(t, span)
			span.End()
			if got := telemetrytest.Attr(rec.Span(t, "s"), "a"); got != c.want {
				t.Errorf("the span has %v, want %v", got, c.want)
			}
		})
	}
}
