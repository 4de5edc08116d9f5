// Package ses sends mails through Amazon SES v2.
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

// New returns a sender. The identity that mails come from must be verified
// with SES by whoever set the account up.
//
// SES knows no token by which it could tell a repeated request, so whatever is
// sent again may arrive again. The SDK must not do that on its own: each request
// is an attempt that the postman has written down.
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
	cause := fault.Down("ses", hide(err.Error(), m))
	if answer, ok := errors.AsType[*awshttp.ResponseError](err); ok && answer.HTTPStatusCode()/100 == 4 {
		return refused(err, cause)
	}
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
		return fmt.Errorf("%w: %w", notification.ErrNotTaken, cause)
	}
	return cause // SES may have taken the mail before it failed, or its answer was lost on the way
}

// refused tells what is wrong with this mail from what is wrong with the
// account: the account's owner will mend it, and then the mail can go.
func refused(err, cause error) error {
	if e, ok := errors.AsType[smithy.APIError](err); ok && !aboutSender(e.ErrorMessage()) {
		switch e.ErrorCode() {
		case "MessageRejected", "BadRequestException", "InvalidParameterValue":
			return fmt.Errorf("%w: %w", notification.ErrRefused, cause)
		}
	}
	return fmt.Errorf("%w: %w", notification.ErrNotTaken, cause)
}

// aboutSender reads the message, since SES says MessageRejected also of a
// sender whose identity is not verified.
func aboutSender(message string) bool {
	return strings.Contains(message, "not verified") || strings.Contains(message, "authority to send")
}

// hide keeps the recipient's address out of logs.
func hide(message string, m notification.Mail) error {
	return errors.New(strings.ReplaceAll(message, m.To.Reveal(), m.To.LogValue().String()))
}
