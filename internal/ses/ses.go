// Package ses sends mails with Amazon SES v2, and says what a failed attempt means for
// the mail.
package ses

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/smithy-go"

	"jari.example/internal/awsconf"
	"jari.example/internal/secret"
)

// Mail is a message ready to be sent.
type Mail struct {
	To  secret.String // the bare address, to remove it from errors
	Raw secret.String // RFC 5322; SES reads sender and recipient from its headers
}

// Outcome is what is known about a mail that SES did not confirm.
type Outcome int

// The outcomes.
const (
	// Unknown: SES may have accepted the mail before it failed, or its response was lost.
	Unknown Outcome = iota
	// NotAccepted: certainly not accepted. The cause may pass.
	NotAccepted
	// Throttled: certainly not accepted, because too many mails were sent.
	Throttled
	// Misconfigured: certainly not accepted, nor will another mail be until an operator
	// corrects the account, its credentials or the sender.
	Misconfigured
	// Refused: certainly not accepted, because of its content or its recipient. A
	// repetition is refused, too.
	Refused
)

// Error is an attempt that SES did not confirm. Its text does not contain the address.
type Error struct {
	Outcome Outcome
	Type    string // for the error.type of a span: AWS's error code, timeout or connection
	text    string
}

func (e *Error) Error() string { return "ses: " + e.text }

// Sender sends mails.
type Sender struct{ api *sesv2.Client }

// New returns a Sender. The identity of a mail's sender must be verified in the SES
// account.
//
// SendEmail has no idempotency token, so a repeated request may send a second mail. The
// SDK's retries are off: each request must be an attempt that the caller has recorded.
func New(cfg aws.Config) Sender {
	return Sender{sesv2.NewFromConfig(cfg, func(o *sesv2.Options) { o.Retryer = aws.NopRetryer{} })}
}

// Send makes one attempt. An error is an *Error.
func (s Sender) Send(ctx context.Context, m Mail) error {
	var connected atomic.Bool // before that nothing was sent
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
	_, err := s.api.SendEmail(traced, &sesv2.SendEmailInput{
		Content: &types.EmailContent{Raw: &types.RawMessage{Data: []byte(m.Raw.Reveal())}},
	})
	res, responded := errors.AsType[*awshttp.ResponseError](err)
	if err == nil || responded && res.HTTPStatusCode()/100 == 2 {
		return nil // SES has accepted the mail; only its id could not be read
	}
	failed := &Error{Type: awsconf.ErrorType(err), text: err.Error()}
	if !m.To.IsZero() {
		failed.text = strings.ReplaceAll(failed.text, m.To.Reveal(), m.To.String())
	}
	if !connected.Load() {
		failed.Outcome = NotAccepted
	} else if responded {
		failed.Outcome = outcome(res.HTTPStatusCode(), err)
	}
	return failed
}

// outcomes are by the error codes of SendEmail, and by those that all of AWS's services
// have.
// https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html#API_SendEmail_Errors
// https://docs.aws.amazon.com/ses/latest/APIReference-V2/CommonErrors.html
var outcomes = map[string]Outcome{
	"MessageRejected": Refused, "BadRequestException": Refused, "InvalidParameterValue": Refused,
	"InvalidParameterCombination": Refused, "ValidationError": Refused, "ValidationException": Refused,

	"AccountSuspendedException": Misconfigured, "SendingPausedException": Misconfigured,
	"MailFromDomainNotVerifiedException": Misconfigured, "NotFoundException": Misconfigured, // no such configuration set

	"TooManyRequestsException": Throttled, "LimitExceededException": Throttled, "Throttling": Throttled, "ThrottlingException": Throttled,
}

// outcome of a response. What an operator has to correct is separated from what is wrong
// with the mail.
func outcome(status int, err error) Outcome {
	if status/100 != 4 {
		return Unknown
	}
	code, message := "", ""
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		code, message = e.ErrorCode(), e.ErrorMessage()
	}
	known, ok := outcomes[code]
	switch {
	case known == Refused && aboutSender(message), status == http.StatusForbidden:
		return Misconfigured
	case ok:
		return known
	case status == http.StatusTooManyRequests:
		return Throttled
	}
	return NotAccepted
}

// aboutSender reads the message, because SES returns MessageRejected also for a sender
// whose identity is not verified.
func aboutSender(message string) bool {
	return strings.Contains(message, "not verified") || strings.Contains(message, "authority to send")
}
