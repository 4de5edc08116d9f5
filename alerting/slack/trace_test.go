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

	"jari.example/alerting/slack"
	"jari.example/alerting/slack/slacktest"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

func TestADeliveryIsTracedWithoutItsWordsOrToken(t *testing.T) {
	rec := telemetrytest.Start(t)
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.open(t, "i-1")
		d.slack.Fail("chat.postMessage", slacktest.RateLimited)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		client := &http.Client{Transport: telemetry.Transport("slack", d.slack.Client().Transport)}
		slack.NewDeliverer(slack.Config{URL: d.slack.URL, Token: d.token, Channel: slacktest.Channel, HTTP: client},
			d.Store, func(context.Context, slack.Delivery, error) {}).Run(ctx, d.term)
	})
	var deliveries, calls int
	for _, span := range rec.Spans() {
		if text := fmt.Sprint(span.Name(), span.Attributes(), span.Events(), span.Status()); strings.Contains(text, slacktest.Token) || strings.Contains(text, "It fails") {
			t.Errorf("the message or the token reached a span: %s", text)
		}
		switch span.Name() {
		case names.SpanSlackDeliver:
			deliveries++
			failed := span.Status().Code == codes.Error
			if class := telemetrytest.Attr(span, names.ErrorType); failed != (deliveries == 1) || failed && class != "rate_limited" {
				t.Errorf("delivery %d: %v %v", deliveries, span.Status(), class)
			}
		case "POST slack":
			calls++
			if span.SpanKind() != trace.SpanKindClient || !span.Parent().IsValid() || telemetrytest.Attr(span, names.PeerService) != "slack" ||
				(telemetrytest.Attr(span, names.ErrorType) != nil) != (calls == 1) {
				t.Errorf("call %d: %v %v", calls, span.SpanKind(), span.Attributes())
			}
		}
	}
	if deliveries != 3 || calls != 3 { // refused, posted, and the note in its thread
		t.Errorf("%d deliveries with %d calls, want 3 each", deliveries, calls)
	}
}
