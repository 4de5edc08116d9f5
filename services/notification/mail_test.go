package notification

import (
	"encoding/base64"
	"errors"
	"flag"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/secret"
	"jari.example/telemetry/names"
)

var update = flag.Bool("update", false, "write golden files")

func newEvent(kind Kind) Event {
	start := time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	e := Event{
		ID: uuid.MustParse("01900000-0000-7000-8000-000000000001"), Kind: kind, OccurredAt: noon,
		Reservation: ReservationState{
			ID: uuid.MustParse("01900000-0000-7000-8000-000000000009"), RestaurantID: "mosu", SlotID: "42", Party: 2,
			Start: start, End: start.Add(90 * time.Minute), TimeZone: "Asia/Seoul", Status: "confirmed", Version: 3,
			Note: secret.New("창가 <b>자리</b> & quiet"), CancelUntil: start.Add(-2 * time.Hour),
		},
	}
	switch kind {
	case Moved, Changed:
		e.Previous = PreviousState{Start: start.Add(-24 * time.Hour), Party: 4}
	case Closed:
		e.ClosureReason = secret.New("수도관이 터졌습니다.\n죄송합니다!")
	case Joined:
		e.Reservation.Position = 3
	case Offered:
		e.Reservation.OfferEndsAt = noon.Add(10 * time.Minute)
	}
	return e
}

// noon is the time of every event, a day before the visit.
var noon = time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)

var mosu = Restaurant{"모수", "Mosu", "서울 용산구 이태원로55가길 45"}

func user(name, address, locale string) User {
	return User{secret.New(address), secret.New(name), locale}
}

var from = mail.Address{Name: "Jari 자리", Address: "no-reply@jari.example"}

// received is a mail as a mail program parses it.
type received struct {
	header mail.Header
	parts  map[string]string // by media type
}

func receive(t *testing.T, m Mail) received {
	t.Helper()
	msg, err := mail.ReadMessage(strings.NewReader(m.Raw.Reveal()))
	if err != nil {
		t.Fatal(err)
	}
	r := received{msg.Header, map[string]string{}}
	r.open(t, msg.Header.Get("Content-Type"), "", msg.Body)
	return r
}

// open parses a part and the parts within it.
func (r received) open(t *testing.T, kind, encoding string, body io.Reader) {
	t.Helper()
	media, params, err := mime.ParseMediaType(kind)
	if err != nil {
		t.Fatalf("content type %q, %v", kind, err)
	}
	if strings.HasPrefix(media, "multipart/") {
		for parts := multipart.NewReader(body, params["boundary"]); ; {
			p, err := parts.NextRawPart()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			r.open(t, p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p)
		}
	}
	switch encoding {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	b, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	r.parts[media] = string(b)
	r.parts[media+" method"] = params["method"]
}

func (r received) text() string { return r.parts["text/plain"] }
func (r received) page() string { return r.parts["text/html"] }

func (r received) word(t *testing.T, header string) string {
	t.Helper()
	s, err := new(mime.WordDecoder).DecodeHeader(r.header.Get(header))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestMails(t *testing.T) {
	events := map[string]Event{}
	for _, kind := range Kinds {
		events[string(kind)] = newEvent(kind)
	}
	closed := newEvent(Expired)
	closed.OccurredAt = closed.Reservation.CancelUntil.Add(time.Second)
	events["waitlist.expired.closed"] = closed
	offered := newEvent(Changed)
	offered.Reservation.Status, offered.Reservation.OfferEndsAt = "offered", noon.Add(10*time.Minute)
	events["waitlist.changed.offered"] = offered
	for _, kind := range []Kind{Offered, Changed} { // composed after the offer has expired
		over := newEvent(kind)
		over.Reservation.OfferEndsAt = noon
		events[string(kind)+".over"] = over
	}
	for name, e := range events {
		for _, locale := range []string{"ko", "en"} {
			t.Run(name+"."+locale, func(t *testing.T) {
				m, err := compose(e, from, user("김자리", "kim@example.com", locale), mosu, noon)
				if err != nil {
					t.Fatal(err)
				}
				r := receive(t, m)
				got := "Subject: " + r.word(t, "Subject") + "\n\n" + r.text() + "\n=== page ===\n\n" + r.page()
				golden := filepath.Join("testdata", "mails", name+"."+locale+".golden")
				if *update {
					if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(golden)
				if err != nil || got != string(want) {
					t.Errorf("the mail differs from %s (%v); -update rewrites it:\n%s", golden, err, got)
				}
			})
		}
	}
}

func TestMailLeavesOutUnknownValues(t *testing.T) {
	for _, kind := range Kinds {
		for _, locale := range []string{"ko", "en"} {
			e := newEvent(kind)
			e.Previous, e.ClosureReason = PreviousState{}, secret.String{}
			e.Reservation.CancelUntil, e.Reservation.Position, e.Reservation.Note = time.Time{}, 0, secret.String{}
			m, err := compose(e, from, user("Kim", "kim@example.com", locale), Restaurant{Ko: "모수", En: "Mosu"}, noon)
			if err != nil {
				t.Fatal(err)
			}
			text := receive(t, m).text()
			if strings.Contains(text, "0001") || strings.Contains(text, ": \n") || strings.Contains(text, "“”") ||
				strings.Contains(text, "\n\n\n") {
				t.Errorf("%s.%s shows an empty value:\n%s", kind, locale, text)
			}
		}
	}
}

func TestReminderOffersCancellationOnlyBeforeTheCutOff(t *testing.T) {
	e := newEvent(Reminder)
	for name, c := range map[string]struct {
		now  time.Time
		want string
	}{
		"before": {e.Reservation.CancelUntil.Add(-time.Second), "cancel it under"},
		"after":  {e.Reservation.CancelUntil, "no longer be changed or cancelled"},
	} {
		m, err := compose(e, from, user("Kim", "kim@example.com", "en"), mosu, c.now)
		if err != nil {
			t.Fatal(err)
		}
		if text := receive(t, m).text(); !strings.Contains(text, c.want) {
			t.Errorf("%s: %q is missing in\n%s", name, c.want, text)
		}
	}
}

func TestHeaders(t *testing.T) {
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	m, err := compose(newEvent(Confirmed), from, user("김자리, \"Kim\"", "kim@example.com", "ko"), mosu, now)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(m.Raw.Reveal()) {
		if len(strings.TrimRight(line, "\r\n")) > 998 || strings.ContainsFunc(line, func(r rune) bool { return r > 126 }) {
			t.Errorf("a line that SMTP does not allow: %q", line)
		}
	}
	r := receive(t, m)
	if got := r.header.Get("Message-ID"); got != "<01900000-0000-7000-8000-000000000001@jari.example>" {
		t.Errorf("Message-ID %s", got)
	}
	if got := r.header.Get(names.HeaderEventID); got != "01900000-0000-7000-8000-000000000001" {
		t.Errorf("%s %s", names.HeaderEventID, got)
	}
	to, err := r.header.AddressList("To")
	if err != nil || len(to) != 1 || to[0].Address != "kim@example.com" || to[0].Name != "김자리, \"Kim\"" {
		t.Errorf("To %v, %v", to, err)
	}
	sender, err := r.header.AddressList("From")
	if err != nil || len(sender) != 1 || *sender[0] != from {
		t.Errorf("From %v, %v", sender, err)
	}
	if date, err := r.header.Date(); err != nil || !date.Equal(now) {
		t.Errorf("Date %v, %v", date, err)
	}
}

func TestEscapesWhatPeopleTyped(t *testing.T) {
	evil := "Kim\r\nBcc: everybody@example.com"
	m, err := compose(newEvent(Confirmed), from, user(evil, "kim@example.com", "en"),
		Restaurant{Ko: "x", En: "Mosu\nBcc: y@example.com"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	r := receive(t, m)
	if r.header.Get("Bcc") != "" {
		t.Errorf("a name became a header: %v", r.header)
	}
	if strings.Contains(r.page(), "<b>자리") || !strings.Contains(r.page(), "&lt;b&gt;자리") {
		t.Errorf("a note became markup:\n%s", r.page())
	}
	for _, address := range []string{"", "kim", "kim@example.com, lee@example.com", "Kim <kim@example.com>",
		"kim@example.com\r\nBcc: x@y.z", "김민지@example.com", "kim@한국.kr", "a@b", "kim@example.com。", "kim\u200b@example.com",
		strings.Repeat("k", 70) + "@example.com"} {
		if _, err := compose(newEvent(Confirmed), from, user("Kim", address, "en"), Restaurant{}, time.Now()); !errors.Is(err, ErrAddress) {
			t.Errorf("address %q: %v, want ErrAddress", address, err)
		}
	}
}

func TestLanguageFollowsTheLocale(t *testing.T) {
	for locale, want := range map[string]string{
		"ko": "모수", "ko-KR": "모수", "en": "Mosu", "en-US": "Mosu", "fr": "Mosu", "": "Mosu",
	} {
		m, err := compose(newEvent(Confirmed), from, user("Kim", "kim@example.com", locale), mosu, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if s := receive(t, m).word(t, "Subject"); !strings.Contains(s, want) {
			t.Errorf("for %q the subject is %q", locale, s)
		}
	}
}
