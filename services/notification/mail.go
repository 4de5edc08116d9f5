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
	"jari.example/telemetry/names"
)

// Mail is a message that is ready to be sent.
type Mail struct {
	To  secret.String // the bare address
	Raw secret.String // RFC 5322
}

// ErrAddress says that a diner's address is none.
var ErrAddress = errors.New("the diner's address cannot be written to")

// compose writes the mail about e. The same event has the same Message-ID
// whenever it is written, so that a mail sent twice is shown once, and names the
// event in a header for those who count.
func compose(e Event, from mail.Address, to User, restaurant Restaurant, now time.Time) (Mail, error) {
	// Addresses come from another service, and end up in headers.
	address, err := mail.ParseAddress(to.Email.Reveal())
	if err != nil || address.Address != to.Email.Reveal() {
		return Mail{}, ErrAddress
	}
	language := languageOf(to.Locale)
	t, err := tell(e, language, to, restaurant, now)
	if err != nil {
		return Mail{}, err
	}
	l, err := write(e.Kind, language, t)
	if err != nil {
		return Mail{}, err
	}
	plain, page, err := l.layOut()
	if err != nil {
		return Mail{}, err
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithEncoding(gomail.EncodingB64))
	m.FromMailAddress(&from)
	m.ToMailAddress(&mail.Address{Name: t.Diner, Address: address.Address})
	m.Subject(l.Subject)
	m.SetDateWithValue(now)
	m.SetMessageIDWithValue(messageID(e.ID, from))
	m.SetGenHeader(names.HeaderEventID, e.ID.String())
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no holiday replies, please
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
	return Mail{To: secret.New(address.Address), Raw: secret.New(raw.String())}, nil
}

func messageID(event uuid.UUID, from mail.Address) string {
	_, domain, _ := strings.Cut(from.Address, "@")
	return event.String() + "@" + domain
}
