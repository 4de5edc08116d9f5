package slack

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	slackapi "github.com/slack-go/slack"

	"jari.example/alerting/notify"
)

// outcome says what an error of the Slack client means for an attempt with the method;
// nil stays nil. A connection that broke may have broken after Slack accepted the
// message, so everything that is not a clear refusal is ambiguous.
func outcome(err error, method notify.Method) error {
	if err == nil {
		return nil
	}
	if limited, ok := errors.AsType[*slackapi.RateLimitedError](err); ok {
		return &notify.Error{Outcome: notify.RateLimited, RetryAfter: limited.RetryAfter, Method: method, Type: "rate_limited", Err: err}
	}
	if status, ok := errors.AsType[slackapi.StatusCodeError](err); ok {
		o := notify.Refused
		if status.Code >= http.StatusInternalServerError {
			o = notify.Ambiguous
		}
		return &notify.Error{Outcome: o, Type: strconv.Itoa(status.Code), Err: err}
	}
	if code := codeOf(err); code != "" {
		e := &notify.Error{Outcome: outcomeOf(code), Type: code, Err: err}
		if e.Outcome == notify.RateLimited {
			e.Method = method
		}
		return e
	}
	if known, ok := errors.AsType[*notify.Error](err); ok {
		return known
	}
	return &notify.Error{Outcome: notify.Ambiguous, Type: "connection", Err: err}
}

// codeOf is Slack's error code; "" when err is not an answer of Slack.
func codeOf(err error) string {
	refused, _ := errors.AsType[slackapi.SlackErrorResponse](err)
	return refused.Err
}

// outcomes are the error codes of Slack's Web API whose meaning for a delivery is
// known. Their source is the table of errors of each method:
//
//	https://docs.slack.dev/reference/methods/chat.postMessage
//	https://docs.slack.dev/reference/methods/chat.update
//	https://docs.slack.dev/reference/methods/conversations.history
//	https://docs.slack.dev/reference/methods/conversations.replies
//	https://docs.slack.dev/reference/methods/conversations.list
//	https://docs.slack.dev/reference/methods/files.getUploadURLExternal
//	https://docs.slack.dev/reference/methods/files.completeUploadExternal
var outcomes = map[notify.Outcome][]string{
	notify.RateLimited: {"ratelimited", "rate_limited"},
	// Slack's reference: part of the operation may have succeeded. update_failed is an
	// internal failure of an edit.
	notify.Ambiguous: {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "update_failed"},
	// The message, or the one whose thread it is, was deleted.
	notify.Gone: {"message_not_found", "thread_not_found"},
	notify.Misconfigured: {
		// the channel, or what the workspace allows in it; further codes begin with restricted_action
		"channel_not_found", "is_archived", "is_inactive", "not_in_channel", "restricted_action", "channel_type_not_supported",
		// the token
		"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "not_allowed_token_type",
		// what the app may do
		"missing_scope", "no_permission", "access_denied", "accesslimited", "ekm_access_denied", "two_factor_setup_required",
		"metadata_must_be_sent_from_app",
		// the workspace
		"file_uploads_disabled", "file_uploads_except_images_disabled", "file_type_not_allowed", "file_upload_size_restricted",
		"org_login_required", "team_access_not_granted", "team_not_found", "enterprise_is_restricted",
	},
	notify.Never: {
		// The message cannot be edited any more, or not by this app.
		"edit_window_closed", "cant_update_message",
		// What is sent would be refused each time.
		"no_text", "msg_too_long", "msg_blocks_too_long", "invalid_blocks", "invalid_blocks_format", "block_mismatch",
		"invalid_metadata_format", "invalid_metadata_schema", "metadata_too_large", "too_many_attachments", "invalid_attachments",
		"cannot_reply_to_message", "cant_broadcast_message",
		"invalid_arguments", "invalid_arg_name", "invalid_array_arg", "invalid_charset", "invalid_form_data", "invalid_post_type",
		"missing_post_type", "invalid_json", "json_not_object", "as_user_not_supported", "markdown_text_conflict",
		"method_deprecated", "deprecated_endpoint",
	},
}

var outcomeByCode = func() map[string]notify.Outcome {
	all := map[string]notify.Outcome{}
	for o, codes := range outcomes {
		for _, code := range codes {
			all[code] = o
		}
	}
	return all
}()

// outcomeOf is the outcome of an error code. Any other is Refused, that is tried again:
// Slack adds codes, and many stand for what passes, such as team_added_to_org.
func outcomeOf(code string) notify.Outcome {
	if o, ok := outcomeByCode[code]; ok {
		return o
	}
	if strings.HasPrefix(code, "restricted_action_") {
		return notify.Misconfigured
	}
	return notify.Refused
}

// refusesBlocks are the codes with which Slack refuses how a message looks, and not
// what it says.
var refusesBlocks = map[string]bool{
	"invalid_blocks": true, "invalid_blocks_format": true, "block_mismatch": true,
	"msg_too_long": true, "msg_blocks_too_long": true,
}
