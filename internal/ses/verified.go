package ses

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"jari.example/internal/awsconf"
)

// Verified finds out, without sending anything, whether SES would take mails from the
// address. The identity may be the address, its domain, or a domain above that
// (https://docs.aws.amazon.com/ses/latest/dg/creating-identities.html). The error is an
// *Error: Misconfigured when an operator has to verify the sender or to correct the
// credentials, then always with the same text; another outcome when it could not be found out, also because the
// credentials do not permit ses:GetEmailIdentity, which sending does not need.
func (s Sender) Verified(ctx context.Context, address string) error {
	for _, identity := range identities(address) {
		found, err := s.api.GetEmailIdentity(ctx, &sesv2.GetEmailIdentityInput{EmailIdentity: aws.String(identity)})
		switch code := awsconf.ErrorType(err); {
		case err == nil && (found.VerifiedForSendingStatus || found.VerificationStatus == types.VerificationStatusSuccess):
			return nil
		case err == nil || code == "NotFoundException":
			continue
		case refusesCredentials(err, code):
			return &Error{Outcome: Misconfigured, Type: code, text: fmt.Sprintf("AWS refuses the credentials (%s)", code)}
		default:
			return &Error{Outcome: Unknown, Type: code, text: err.Error()}
		}
	}
	return &Error{Outcome: Misconfigured, Type: "not_verified",
		text: fmt.Sprintf("neither %s nor its domain is an identity that is verified for sending", address)}
}

// identities are those by which SES may take mails from the address.
func identities(address string) []string {
	all := []string{address}
	_, domain, _ := strings.Cut(address, "@")
	for strings.Contains(domain, ".") {
		all = append(all, domain)
		_, domain, _ = strings.Cut(domain, ".")
	}
	return all
}

// refusesCredentials: AWS knows the credentials not, and not only forbids the call.
// https://docs.aws.amazon.com/ses/latest/APIReference-V2/CommonErrors.html
func refusesCredentials(err error, code string) bool {
	res, ok := errors.AsType[*awshttp.ResponseError](err)
	return ok && res.HTTPStatusCode() == http.StatusForbidden && code != "AccessDeniedException" && code != "AccessDenied"
}
