package mail

import (
	"bytes"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"jari.example/internal/secret"
	"jari.example/internal/ses"
)

// Message is a mail in plain text.
type Message struct {
	From    mail.Address
	To      string // the bare address, of ASCII characters
	Subject string
	Text    string
	At      time.Time
	// ID and Thread are Message-IDs without angle brackets. All mails with the same
	// Thread refer to it, so that a mail program shows them together. "" is none.
	ID, Thread string
	InReplyTo  string // Message-ID of the mail that this one answers; "" for none
}

// errAddress is returned for an address that SES does not take: it knows no SMTPUTF8.
// https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Destination.html
var errAddress = errors.New("the recipient is not a mail address of ASCII characters: write the domain in Punycode")

// CheckAddress returns an error unless mail can reach the address. Its text does not
// have the address.
func CheckAddress(address string) error {
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Address != address || strings.ContainsFunc(address, func(r rune) bool { return r > 0x7e || r <= ' ' }) {
		return errAddress
	}
	return nil
}

// Raw encodes the message. No field becomes a header or a line of its own: what would
// is encoded (RFC 2047), and lines are at most 76 characters long.
func (m Message) Raw() (ses.Mail, error) {
	if err := CheckAddress(m.To); err != nil {
		return ses.Mail{}, err
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(&m.From)
	msg.ToMailAddress(&mail.Address{Address: m.To})
	msg.Subject(m.Subject)
	msg.SetDateWithValue(m.At)
	msg.SetMessageIDWithValue(m.ID)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: suppresses automatic replies
	if m.Thread != "" {
		references := "<" + m.Thread + ">"
		if m.InReplyTo != "" {
			msg.SetGenHeader(gomail.HeaderInReplyTo, "<"+m.InReplyTo+">")
			references += " <" + m.InReplyTo + ">"
		}
		msg.SetGenHeader(gomail.HeaderReferences, references)
	}
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	var raw bytes.Buffer
	if _, err := msg.WriteTo(&raw); err != nil {
		return ses.Mail{}, fmt.Errorf("encode mail: %w", err)
	}
	return ses.Mail{To: secret.New(m.To), Raw: secret.New(raw.String())}, nil
}

// MessageID is a Message-ID without angle brackets, unique by its local part at the
// domain of the sender.
func MessageID(local string, from mail.Address) string {
	_, domain, _ := strings.Cut(from.Address, "@")
	return local + "@" + domain
}
