package slack

import (
	"errors"
	"net/http"
	"strconv"

	slackapi "github.com/slack-go/slack"

	"jari.example/alerting/notify"
)

// outcome says what an error of the Slack client means for the attempt; nil
// stays nil. A connection that broke may have broken after Slack accepted the
// message, so everything that is not a clear refusal is ambiguous.
func outcome(err error) error {
	if err == nil {
		return nil
	}
	if limited, ok := errors.AsType[*slackapi.RateLimitedError](err); ok {
		return &notify.Error{Outcome: notify.RateLimited, RetryAfter: limited.RetryAfter, Type: "rate_limited", Err: err}
	}
	if status, ok := errors.AsType[slackapi.StatusCodeError](err); ok {
		o := notify.Refused
		if status.Code >= http.StatusInternalServerError {
			o = notify.Ambiguous
		}
		return &notify.Error{Outcome: o, Type: strconv.Itoa(status.Code), Err: err}
	}
	if refused, ok := errors.AsType[slackapi.SlackErrorResponse](err); ok {
		return &notify.Error{Outcome: outcomeOf(refused.Err), Type: refused.Err, Err: err}
	}
	return &notify.Error{Outcome: notify.Ambiguous, Type: "connection", Err: err}
}

// outcomeOf classifies the error codes of Slack's Web API.
func outcomeOf(code string) notify.Outcome {
	switch code {
	case "message_not_found", "thread_not_found":
		return notify.Gone
	case "ratelimited", "rate_limited":
		return notify.RateLimited
	case "internal_error", "fatal_error", "service_unavailable", "request_timeout":
		// Slack's reference: part of the operation may have succeeded.
		return notify.Ambiguous
	}
	return notify.Refused
}
