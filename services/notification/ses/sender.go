// Package ses sends mails through Amazon SES v2.
package ses

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/smithy-go"

	"jari.example/services/internal/fault"
	"jari.example/services/notification"
)

// Sender sends raw messages; SES reads sender and recipient from their headers.
type Sender struct{ api *sesv2.Client }

var _ notification.Sender = Sender{}

// New returns a sender. The identity that mails come from must be verified
// with SES by whoever set the account up.
func New(cfg aws.Config) Sender { return Sender{sesv2.NewFromConfig(cfg)} }

// Send implements notification.Sender.
func (s Sender) Send(ctx context.Context, m notification.Mail) error {
	_, err := s.api.SendEmail(ctx, &sesv2.SendEmailInput{
		Content: &types.EmailContent{Raw: &types.RawMessage{Data: []byte(m.Raw.Reveal())}},
	})
	if err == nil {
		return nil
	}
	if refusal, ok := errors.AsType[smithy.APIError](err); ok {
		return refused(refusal, m)
	}
	return fault.Down("ses", hide(err.Error(), m))
}

// refused tells what is wrong with this mail from what is wrong with the
// account: the account's owner will mend it, and then the mail can go.
func refused(e smithy.APIError, m notification.Mail) error {
	cause := hide(e.ErrorCode()+": "+e.ErrorMessage(), m)
	switch e.ErrorCode() {
	case "MessageRejected", "BadRequestException", "InvalidParameterValue":
		if !aboutSender(e.ErrorMessage()) {
			return fmt.Errorf("%w: %w", notification.ErrRefused, cause)
		}
	}
	return fault.Down("ses", cause)
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
