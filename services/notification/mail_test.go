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

	"jari.example/telemetry"
)

var update = flag.Bool("update", false, "write golden files")

func booked(kind Kind) Event {
	return Event{
		ID: uuid.MustParse("01900000-0000-7000-8000-000000000001"), Kind: kind,
		Reservation: Visit{
			ID: uuid.MustParse("01900000-0000-7000-8000-000000000009"), RestaurantID: "mosu", Party: 2,
			Start: time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC), TimeZone: "Asia/Seoul",
			Note: telemetry.NewSecret("창가 <b>자리</b> & quiet"),
		},
	}
}

func user(name, address, locale string) User {
	return User{telemetry.NewSecret(address), telemetry.NewSecret(name), locale}
}

var from = mail.Address{Name: "Jari 자리", Address: "no-reply@jari.example"}

// received reads a mail as a mail program does.
type received struct {
	header mail.Header
	parts  map[string]string // by content type
}

func receive(t *testing.T, m Mail) received {
	t.Helper()
	msg, err := mail.ReadMessage(strings.NewReader(m.Raw.Reveal()))
	if err != nil {
		t.Fatal(err)
	}
	media, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil || media != "multipart/alternative" {
		t.Fatalf("content type %q, %v", media, err)
	}
	r := received{msg.Header, map[string]string{}}
	for parts := multipart.NewReader(msg.Body, params["boundary"]); ; {
		p, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return r
		}
		if err != nil {
			t.Fatal(err)
		}
		var body io.Reader = p
		switch p.Header.Get("Content-Transfer-Encoding") {
		case "base64":
			body = base64.NewDecoder(base64.StdEncoding, p)
		case "quoted-printable":
			body = quotedprintable.NewReader(p)
		}
		b, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		r.parts[p.Header.Get("Content-Type")] = string(b)
	}
}

func (r received) text() string { return r.parts["text/plain; charset=UTF-8"] }
func (r received) page() string { return r.parts["text/html; charset=UTF-8"] }

func (r received) word(t *testing.T, header string) string {
	t.Helper()
	s, err := new(mime.WordDecoder).DecodeHeader(r.header.Get(header))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLetters(t *testing.T) {
	for name, e := range map[string]Event{"confirmed": booked(Confirmed), "cancelled": booked(Cancelled)} {
		for _, locale := range []string{"ko", "en"} {
			t.Run(name+"."+locale, func(t *testing.T) {
				m, err := compose(e, from, user("김자리", "kim@example.com", locale), Restaurant{"모수", "Mosu"}, time.Now())
				if err != nil {
					t.Fatal(err)
				}
				r := receive(t, m)
				got := "Subject: " + r.word(t, "Subject") + "\n\n" + r.text() + "\n=== page ===\n\n" + r.page()
				golden := filepath.Join("testdata", "letters", name+"."+locale+".golden")
				if *update {
					if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(golden)
				if err != nil || got != string(want) {
					t.Errorf("the letter differs from %s (%v); run with -update if it should:\n%s", golden, err, got)
				}
			})
		}
	}
}

func TestHeaders(t *testing.T) {
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	m, err := compose(booked(Confirmed), from, user("김자리, \"Kim\"", "kim@example.com", "ko"), Restaurant{"모수", "Mosu"}, now)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(m.Raw.Reveal()) {
		if len(strings.TrimRight(line, "\r\n")) > 998 || strings.ContainsFunc(line, func(r rune) bool { return r > 126 }) {
			t.Errorf("not for the wire: %q", line)
		}
	}
	r := receive(t, m)
	if got := r.header.Get("Message-ID"); got != "<01900000-0000-7000-8000-000000000001@jari.example>" {
		t.Errorf("Message-ID %s", got)
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

func TestWhatPeopleTypedStaysInItsPlace(t *testing.T) {
	evil := "Kim\r\nBcc: everybody@example.com"
	m, err := compose(booked(Confirmed), from, user(evil, "kim@example.com", "en"), Restaurant{"x", "Mosu\nBcc: y@example.com"}, time.Now())
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
	for _, address := range []string{"", "kim", "kim@example.com, lee@example.com", "Kim <kim@example.com>", "kim@example.com\r\nBcc: x@y.z"} {
		if _, err := compose(booked(Confirmed), from, user("Kim", address, "en"), Restaurant{}, time.Now()); !errors.Is(err, ErrAddress) {
			t.Errorf("address %q: %v, want ErrAddress", address, err)
		}
	}
}

func TestTheLanguageIsTheDiners(t *testing.T) {
	for locale, want := range map[string]string{"ko": "모수", "ko-KR": "모수", "en": "Mosu", "en-US": "Mosu", "fr": "Mosu", "": "Mosu"} {
		m, err := compose(booked(Confirmed), from, user("Kim", "kim@example.com", locale), Restaurant{"모수", "Mosu"}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if s := receive(t, m).word(t, "Subject"); !strings.Contains(s, want) {
			t.Errorf("for %q the subject is %q", locale, s)
		}
	}
}
