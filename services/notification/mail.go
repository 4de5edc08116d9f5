package notification

import (
	"bytes"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"github.com/google/uuid"
	gomail "github.com/wneessen/go-mail"

	"jari.example/internal/secret"
	"jari.example/services/internal/text"
	"jari.example/telemetry/names"
)

// Mail is a message ready to be sent.
type Mail struct {
	To  secret.String // the bare address
	Raw secret.String // RFC 5322
}

// ErrAddress means that mail cannot reach a diner's address. Sign-up refuses such an
// address; older accounts may have one.
var ErrAddress = errors.New("mail cannot reach the diner's address")

// compose makes the mail about e. The Message-ID depends on the event only, by which
// mail programs would show a mail that was sent twice once; SES replaces it. A header
// has the event's id, for tests that count mails.
func compose(e Event, from mail.Address, to User, restaurant Restaurant, now time.Time) (Mail, error) {
	// The address comes from another service and goes into a header.
	address, err := text.Email(to.Email.Reveal())
	if err != nil || address != to.Email.Reveal() {
		return Mail{}, ErrAddress
	}
	language := languageOf(to.Locale)
	t, err := newTemplateData(e, language, to, restaurant, now)
	if err != nil {
		return Mail{}, err
	}
	c, err := render(e.Kind, language, t)
	if err != nil {
		return Mail{}, err
	}
	plain, page, err := c.layout()
	if err != nil {
		return Mail{}, err
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithEncoding(gomail.EncodingB64))
	m.FromMailAddress(&from)
	m.ToMailAddress(&mail.Address{Name: t.Diner, Address: address})
	m.Subject(c.Subject)
	m.SetDateWithValue(now)
	m.SetMessageIDWithValue(messageID(e.ID, from))
	m.SetGenHeader(names.HeaderEventID, e.ID.String())
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: suppresses automatic replies
	m.SetGenHeader("Content-Language", language)
	m.SetBodyString(gomail.TypeTextPlain, plain)
	m.AddAlternativeString(gomail.TypeTextHTML, page)
	if entry, method, ok := calendar(e, t, from); ok {
		kind := gomail.ContentType("text/calendar; charset=UTF-8; method=" + string(method))
		if err := m.AttachReader("reservation.ics", strings.NewReader(entry), gomail.WithFileContentType(kind)); err != nil {
			return Mail{}, fmt.Errorf("attach calendar entry: %w", err)
		}
	}
	var raw bytes.Buffer
	if _, err := m.WriteTo(&raw); err != nil {
		return Mail{}, fmt.Errorf("encode mail: %w", err)
	}
	return Mail{To: secret.New(address), Raw: secret.New(raw.String())}, nil
}

func messageID(event uuid.UUID, from mail.Address) string {
	_, domain, _ := strings.Cut(from.Address, "@")
	return event.String() + "@" + domain
}
