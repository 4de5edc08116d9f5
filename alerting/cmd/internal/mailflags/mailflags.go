// Package mailflags has the flags of the commands that send mails with Amazon SES.
package mailflags

import (
	"context"
	"fmt"
	"net/mail"

	"github.com/aws/aws-sdk-go-v2/aws"

	"jari.example/internal/awsconf"
	"jari.example/internal/config"
	"jari.example/internal/ses"
)

// senderName is the sender's name when the flag has only an address.
const senderName = "Jari alerting"

// Flags are the parsed flags.
type Flags struct {
	endpoint, from, region *string
}

// New defines the flags. without says what is the case without an endpoint, for the help;
// region is the flag with the AWS region.
func New(set *config.Set, without string, region *string) *Flags {
	return &Flags{
		endpoint: set.String("aws-endpoint-url", "", "endpoint of Amazon SES, aws for AWS's own; "+without),
		from:     set.String("mail-from", "no-reply@jari.example", "sender of mails, an identity verified with SES"),
		region:   region,
	}
}

// Check is one of the checks of set.Parse.
func (f *Flags) Check(set *config.Set) {
	set.Require(!f.Given() || awsconf.Valid(*f.endpoint), "-aws-endpoint-url is neither a URL nor aws")
	_, err := mail.ParseAddress(*f.from)
	set.Require(err == nil, "-mail-from is not a mail address")
}

// Given reports whether mails are sent.
func (f *Flags) Given() bool { return *f.endpoint != "" }

// Sender returns the sender of mails, and what sends them.
func (f *Flags) Sender(ctx context.Context) (from mail.Address, s ses.Sender, err error) {
	parsed, err := mail.ParseAddress(*f.from)
	if err != nil {
		return from, s, fmt.Errorf("-mail-from: %w", err)
	}
	if parsed.Name == "" {
		parsed.Name = senderName
	}
	cfg, err := f.AWS(ctx)
	return *parsed, ses.New(cfg), err
}

// AWS returns the configuration by which the sender reaches AWS.
func (f *Flags) AWS(ctx context.Context) (aws.Config, error) {
	return awsconf.Load(ctx, *f.region, *f.endpoint)
}
