package telemetry_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"jari.example/telemetry"
	"jari.example/telemetry/telemetrytest"
)

func TestASpanDoesNotTellASecret(t *testing.T) {
	secret := telemetry.NewSecret("kim@example.com")
	type account struct {
		ID    int
		Email telemetry.Secret
		Phone *telemetry.Secret
	}
	note := func(a slog.Attr) func(*testing.T, trace.Span) {
		return func(t *testing.T, s trace.Span) { telemetry.Note(trace.ContextWithSpan(t.Context(), s), a) }
	}
	set := func(a attribute.KeyValue) func(*testing.T, trace.Span) {
		return func(_ *testing.T, s trace.Span) { s.SetAttributes(a) }
	}
	for sentence, c := range map[string]struct {
		tell func(*testing.T, trace.Span)
		want string
	}{
		"noted":                  {note(slog.Any("a", secret)), "[redacted]"},
		"noted by its address":   {note(slog.Any("a", &secret)), "[redacted]"},
		"noted within a group":   {note(slog.Group("a", "email", secret)), "[email=[redacted]]"},
		"noted within a struct":  {note(slog.Any("a", account{7, secret, nil})), "{7 [redacted] <nil>}"},
		"noted as one of many":   {note(slog.Any("a", []telemetry.Secret{secret})), "[[redacted]]"},
		"set as what it says":    {set(attribute.Stringer("a", secret)), "[redacted]"},
		"set as it is formatted": {set(attribute.String("a", fmt.Sprintf("%v %+v %#v %q %x", secret, secret, secret, secret, secret))), strings.TrimSpace(strings.Repeat("[redacted] ", 5))},
		"revealed, which shows":  {set(attribute.String("a", secret.Reveal())), "kim@example.com"},
	} {
		t.Run(sentence, func(t *testing.T) {
			rec := telemetrytest.Start(t)
			_, span := otel.Tracer("t").Start(t.Context(), "s")
			c.tell(t, span)
			span.End()
			if got := telemetrytest.Attr(rec.Span(t, "s"), "a"); got != c.want {
				t.Errorf("the span says %v", got)
			}
		})
	}
}
