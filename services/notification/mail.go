package notification

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	html "html/template"
	"net/mail"
	"strings"
	text "text/template"
	"time"

	"github.com/google/uuid"
	gomail "github.com/wneessen/go-mail"

	"jari.example/telemetry"
)

// Mail is a message that is ready to be sent.
type Mail struct {
	To  telemetry.Secret // the bare address
	Raw telemetry.Secret // RFC 5322
}

// ErrAddress says that a diner's address is none.
var ErrAddress = errors.New("the diner's address cannot be written to")

// Languages there are letters in; the last serves everybody else.
const (
	korean  = "ko"
	english = "en"
)

// letters hold, per kind and language, a text that begins with its subject, and
// a page.
//
//go:embed letters
var letters embed.FS

var (
	texts = text.Must(text.ParseFS(letters, "letters/*.txt"))
	pages = html.Must(html.ParseFS(letters, "letters/*.html"))
)

// letter is what a letter may speak of.
type letter struct {
	Diner      string
	Restaurant string
	When       string // in the restaurant's time
	Day        string // the same, short enough for a subject
	Party      int
	Note       string
	Number     string // by which a restaurant finds the reservation
}

// compose writes the mail about e. The same event has the same Message-ID
// whenever it is written, so that a mail sent twice is shown once.
func compose(e Event, from mail.Address, to User, restaurant Restaurant, now time.Time) (Mail, error) {
	// Addresses come from another service, and end up in headers.
	address, err := mail.ParseAddress(to.Email.Reveal())
	if err != nil || address.Address != to.Email.Reveal() {
		return Mail{}, ErrAddress
	}
	language := english
	if strings.HasPrefix(strings.ToLower(to.Locale), korean) {
		language = korean
	}
	subject, plain, page, err := write(e, language, to, restaurant)
	if err != nil {
		return Mail{}, err
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithEncoding(gomail.EncodingB64))
	m.FromMailAddress(&from)
	m.ToMailAddress(&mail.Address{Name: oneLine(to.Name.Reveal()), Address: address.Address})
	m.Subject(subject)
	m.SetDateWithValue(now)
	m.SetMessageIDWithValue(messageID(e.ID, from))
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no holiday replies, please
	m.SetGenHeader("Content-Language", language)
	m.SetBodyString(gomail.TypeTextPlain, plain)
	m.AddAlternativeString(gomail.TypeTextHTML, page)
	var raw bytes.Buffer
	if _, err := m.WriteTo(&raw); err != nil {
		return Mail{}, fmt.Errorf("encode mail: %w", err)
	}
	return Mail{To: telemetry.NewSecret(address.Address), Raw: telemetry.NewSecret(raw.String())}, nil
}

func messageID(event uuid.UUID, from mail.Address) string {
	_, domain, _ := strings.Cut(from.Address, "@")
	return event.String() + "@" + domain
}

func write(e Event, language string, to User, restaurant Restaurant) (subject, plain, page string, err error) {
	zone, err := time.LoadLocation(e.Reservation.TimeZone)
	if err != nil {
		return "", "", "", fmt.Errorf("time zone: %w", err)
	}
	start := e.Reservation.Start.In(zone)
	l := letter{
		Diner: oneLine(to.Name.Reveal()), Restaurant: oneLine(restaurant.Name(language)),
		When: longTime(start, language), Day: shortTime(start, language),
		Party: e.Reservation.Party, Note: e.Reservation.Note.Reveal(), Number: e.Reservation.ID.String(),
	}
	name := strings.TrimPrefix(string(e.Kind), "reservation.") + "." + language
	var t, p bytes.Buffer
	if err := texts.ExecuteTemplate(&t, name+".txt", l); err != nil {
		return "", "", "", fmt.Errorf("write letter: %w", err)
	}
	if err := pages.ExecuteTemplate(&p, name+".html", l); err != nil {
		return "", "", "", fmt.Errorf("write letter: %w", err)
	}
	subject, plain, _ = strings.Cut(t.String(), "\n\n")
	return oneLine(subject), plain, p.String(), nil
}

// oneLine keeps what people typed from starting a header of its own.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

var weekdays = [...]string{"일", "월", "화", "수", "목", "금", "토"}

func longTime(t time.Time, language string) string {
	if language == korean {
		return t.Format("2006년 1월 2일 (") + weekdays[t.Weekday()] + t.Format(") 15:04 MST")
	}
	return t.Format("Monday, 2 January 2006, 15:04 MST")
}

func shortTime(t time.Time, language string) string {
	if language == korean {
		return t.Format("1월 2일 (") + weekdays[t.Weekday()] + t.Format(") 15:04")
	}
	return t.Format("Mon 2 Jan, 15:04")
}
