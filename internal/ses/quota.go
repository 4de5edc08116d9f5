package ses

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/sesv2"

	"jari.example/internal/awsconf"
)

// MaxSendRate returns how many mails a second SES accepts from the account in its
// region, 0 if SES does not say. It needs the permission ses:GetAccount, which sending
// does not. An error is an *Error.
func (s Sender) MaxSendRate(ctx context.Context) (float64, error) {
	account, err := s.api.GetAccount(ctx, &sesv2.GetAccountInput{})
	if err != nil {
		return 0, &Error{Outcome: Unknown, Type: awsconf.ErrorType(err), text: err.Error()}
	}
	if account.SendQuota == nil {
		return 0, nil
	}
	return account.SendQuota.MaxSendRate, nil
}
