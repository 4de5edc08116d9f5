// Package ses lets package notification send its mails with Amazon SES.
package ses

import (
	"context"
	"errors"
	"fmt"

	"jari.example/internal/fault"
	"jari.example/internal/ses"
	"jari.example/services/notification"
)

// Sender implements notification.Sender and notification.Quota.
type Sender struct{ SES ses.Sender }

var (
	_ notification.Sender = Sender{}
	_ notification.Quota  = Sender{}
)

// MailsPerSecond implements notification.Quota.
func (s Sender) MailsPerSecond(ctx context.Context) (float64, error) { return s.SES.MaxSendRate(ctx) }

// Send implements notification.Sender.
func (s Sender) Send(ctx context.Context, m notification.Mail) error {
	err := s.SES.Send(ctx, ses.Mail(m))
	if err == nil {
		return nil
	}
	down := fault.Down("ses", err)
	if failed, ok := errors.AsType[*ses.Error](err); ok {
		switch failed.Outcome {
		case ses.Refused:
			return fmt.Errorf("%w: %w", notification.ErrRefused, down)
		case ses.Throttled:
			return fmt.Errorf("%w: %w", notification.ErrThrottled, down)
		case ses.Misconfigured:
			return fmt.Errorf("%w: %w", notification.ErrMisconfigured, down)
		case ses.NotAccepted:
			return fmt.Errorf("%w: %w", notification.ErrNotAccepted, down)
		}
	}
	return down
}
