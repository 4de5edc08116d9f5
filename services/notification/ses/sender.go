// Package ses sends mails with Amazon SES v2.
package ses

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/smithy-go"

	"jari.example/internal/fault"
	"jari.example/services/notification"
)

// Sender sends raw messages; SES reads sender and recipient from their headers.
type Sender struct{ api *sesv2.Client }

var _ notification.Sender = Sender{}

// New returns a sender. The sender's identity must be verified in the SES account.
//
// SendEmail has no idempotency token, so a repeated request may send a second
// mail. The SDK's retries are off: each request must be an attempt that the
// delivery worker has recorded.
func New(cfg aws.Config) Sender {
	return Sender{sesv2.NewFromConfig(cfg, func(o *sesv2.Options) { o.Retryer = aws.NopRetryer{} })}
}

// Send implements notification.Sender.
func (s Sender) Send(ctx context.Context, m notification.Mail) error {
	_, err := s.api.SendEmail(ctx, &sesv2.SendEmailInput{
		Content: &types.EmailContent{Raw: &types.RawMessage{Data: []byte(m.Raw.Reveal())}},
	})
	if err == nil {
		return nil
	}
	cause := fault.Down("ses", redact(err.Error(), m))
	if res, ok := errors.AsType[*awshttp.ResponseError](err); ok && res.HTTPStatusCode()/100 == 4 {
		return classify(err, cause)
	}
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
		return fmt.Errorf("%w: %w", notification.ErrNotAccepted, cause)
	}
	return cause // unknown: SES may have accepted the mail before it failed, or its response was lost
}

// classify separates what is wrong with the mail, which is permanent, from what is
// wrong with our account, which its operator repairs before a retry.
func classify(err, cause error) error {
	if e, ok := errors.AsType[smithy.APIError](err); ok && !aboutSender(e.ErrorMessage()) {
		switch e.ErrorCode() {
		case "MessageRejected", "BadRequestException", // SendEmail's own errors
			"InvalidParameterValue", "InvalidParameterCombination", "ValidationError", "ValidationException": // AWS's common errors
			return fmt.Errorf("%w: %w", notification.ErrRefused, cause)
		}
	}
	return fmt.Errorf("%w: %w", notification.ErrNotAccepted, cause)
}

// aboutSender reads the message, because SES returns MessageRejected also for a
// sender whose identity is not verified.
func aboutSender(message string) bool {
	return strings.Contains(message, "not verified") || strings.Contains(message, "authority to send")
}

// redact removes the recipient's address from a message, for logs.
func redact(message string, m notification.Mail) error {
	return errors.New(strings.ReplaceAll(message, m.To.Reveal(), m.To.LogValue().String()))
}
