package notification

import (
	"embed"
	"errors"
	"fmt"
	html "html/template"
	"strings"
	text "text/template"
	"time"
)

// Languages there are letters in; the last serves everybody else.
const (
	korean  = "ko"
	english = "en"
)

func languageOf(locale string) string {
	if strings.HasPrefix(strings.ToLower(locale), korean) {
		return korean
	}
	return english
}

// letters hold one file of words per language, and how every letter is laid out
// as text and as page. Of each kind the words are a subject, a title, an opening
// and more, in paragraphs; facts are lines that stand between the opening and
// the rest.
//
//go:embed letters
var letters embed.FS

var (
	words = map[string]*text.Template{
		korean:  text.Must(text.ParseFS(letters, "letters/ko.txt")),
		english: text.Must(text.ParseFS(letters, "letters/en.txt")),
	}
	plain = text.Must(text.ParseFS(letters, "letters/plain.txt"))
	page  = html.Must(html.ParseFS(letters, "letters/page.html"))
)

// tale is what the words of a letter may speak of. Each string is one line.
// What is not known, or is not this letter's business, is empty.
type tale struct {
	Diner      string
	Restaurant string
	Address    string
	When       string // in the restaurant's time
	Day        string // the same, short enough for a subject
	Party      int
	Before     *change // what it was
	Note       string
	Words      string // the restaurant's
	Position   int
	OfferEnds  string
	OfferClock string // the same, within a day
	OfferOver  bool   // the mail comes too late to answer
	CancelBy   string
	CancelOver bool // it is too late to cancel
	LineClosed bool // as opposed to an offer that ran out
	Number     string
}

type change struct {
	When  string
	Party int
}

// tell gathers what a letter about e, written at now, has to say.
func tell(e Event, language string, to User, restaurant Restaurant, now time.Time) (t tale, err error) {
	v := e.Reservation
	zone, err := time.LoadLocation(v.TimeZone)
	if err != nil {
		return t, fmt.Errorf("time zone: %w", err)
	}
	long := func(at time.Time) string {
		if at.IsZero() {
			return ""
		}
		return longTime(at.In(zone), language)
	}
	t = tale{
		Diner: oneLine(to.Name.Reveal()), Restaurant: oneLine(restaurant.Name(language)),
		When: long(v.Start), Day: shortTime(v.Start.In(zone), language), Party: v.Party, Number: v.ID.String(),
		Words: oneLine(e.Words.Reveal()), CancelBy: long(v.CancelUntil),
		// An offer that runs out at the cut-off ends with its line.
		LineClosed: e.Kind == Expired && !v.CancelUntil.IsZero() && !e.OccurredAt.Before(v.CancelUntil),
	}
	if (e.Previous != Before{}) {
		t.Before = &change{long(e.Previous.Start), e.Previous.Party}
	}
	switch e.Kind {
	case Confirmed, Moved, Reminder: // somebody will come
		t.Address, t.Note = oneLine(restaurant.Address), oneLine(v.Note.Reveal())
		t.CancelOver = !v.CancelUntil.IsZero() && !now.Before(v.CancelUntil)
	case Joined, Changed, Offered:
		t.Note, t.Position, t.OfferEnds = oneLine(v.Note.Reveal()), v.Position, long(v.OfferEndsAt)
		t.OfferOver = !v.OfferEndsAt.IsZero() && !now.Before(v.OfferEndsAt)
		t.OfferClock = v.OfferEndsAt.In(zone).Format("15:04")
	}
	return t, nil
}

// letter is a letter as it is laid out.
type letter struct {
	Language       string
	Subject, Title string
	Greeting       string
	Opening        string
	Facts          []fact
	Rest           []string // paragraphs
	Signature      string
}

type fact struct{ Label, Value string }

// write puts t into the words that a language has for kind.
func write(kind Kind, language string, t tale) (letter, error) {
	var failed error
	say := func(name string) string {
		var b strings.Builder
		failed = errors.Join(failed, words[language].ExecuteTemplate(&b, name, t))
		return b.String()
	}
	l := letter{Language: language, Greeting: say("greeting"), Signature: say("signature")}
	for line := range strings.Lines(say("facts")) {
		if label, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
			l.Facts = append(l.Facts, fact{label, value})
		}
	}
	said := paragraphs(say(string(kind)))
	if failed != nil || len(said) < 3 {
		return l, fmt.Errorf("write letter %s.%s in %d paragraphs: %w", kind, language, len(said), failed)
	}
	l.Subject, l.Title, l.Opening, l.Rest = said[0], said[1], said[2], said[3:]
	return l, nil
}

func (l letter) layOut() (asText, asPage string, err error) {
	var t, p strings.Builder
	if err := errors.Join(plain.Execute(&t, l), page.Execute(&p, l)); err != nil {
		return "", "", fmt.Errorf("lay out letter: %w", err)
	}
	return t.String(), p.String(), nil
}

// paragraphs splits at empty lines; a paragraph is one line.
func paragraphs(s string) (found []string) {
	for p := range strings.SplitSeq(s, "\n\n") {
		if p = oneLine(p); p != "" {
			found = append(found, p)
		}
	}
	return found
}

// oneLine keeps what people typed from starting a header, a fact or a paragraph
// of its own.
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
