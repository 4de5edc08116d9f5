package slack_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"jari.example/alerting/notify"
	"jari.example/alerting/slack"
	"jari.example/alerting/slack/slacktest"
	"jari.example/internal/secret"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

func TestTheSpanOfADeliveryHasNeitherTextNorToken(t *testing.T) {
	rec := telemetrytest.Start(t)
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.open(t, "i-1")
		f.slack.Fail("chat.postMessage", slacktest.RateLimited)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		client := &http.Client{Transport: telemetry.Transport("slack", f.slack.Client().Transport)}
		newRelay(f.Store, slack.Config{URL: f.slack.URL, Token: secret.New(f.token), Channels: channels, HTTP: client},
			func(context.Context, notify.Delivery, error) {}).Run(ctx, f.term)
	})
	var deliveries, calls int
	for _, span := range rec.Spans() {
		text := fmt.Sprint(span.Name(), span.Attributes(), span.Events(), span.Status())
		if strings.Contains(text, slacktest.Token) || strings.Contains(text, "It fails") {
			t.Errorf("the message or the token reached a span: %s", text)
		}
		switch span.Name() {
		case names.SpanSlackDeliver:
			deliveries++
			failed := span.Status().Code == codes.Error
			if errorType := telemetrytest.Attr(span, names.ErrorType); failed != (deliveries == 1) || failed && errorType != "rate_limited" {
				t.Errorf("delivery %d: %v %v", deliveries, span.Status(), errorType)
			}
		case "POST slack":
			calls++
			if span.SpanKind() != trace.SpanKindClient || !span.Parent().IsValid() ||
				telemetrytest.Attr(span, names.PeerService) != "slack" || (telemetrytest.Attr(span, names.ErrorType) != nil) != (calls == 1) {
				t.Errorf("call %d: %v %v", calls, span.SpanKind(), span.Attributes())
			}
		}
	}
	if deliveries != 3 || calls != 5 { // rate limited; looked for and posted; the note in its thread
		t.Errorf("%d deliveries with %d calls, want 3 with 5", deliveries, calls)
	}
}
