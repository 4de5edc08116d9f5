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

// Sender implements notification.Sender.
type Sender struct{ SES ses.Sender }

var _ notification.Sender = Sender{}

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
		case ses.Misconfigured, ses.Throttled, ses.NotAccepted:
			return fmt.Errorf("%w: %w", notification.ErrNotAccepted, down)
		}
	}
	return down
}
