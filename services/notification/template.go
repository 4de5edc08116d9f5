package notification

import (
	"embed"
	"errors"
	"fmt"
	html "html/template"
	"strings"
	text "text/template"
	"time"

	"jari.example/internal/zone"
)

// The languages of the templates. English is used for every other locale.
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

// templates holds one file of texts per language, and the layouts of a mail as
// plain text and as HTML. The text of a kind is a list of paragraphs: subject,
// title, opening, and the rest. Facts are lines between the opening and the rest.
//
//go:embed templates
var templates embed.FS

var (
	texts = map[string]*text.Template{
		korean:  text.Must(text.ParseFS(templates, "templates/ko.txt")),
		english: text.Must(text.ParseFS(templates, "templates/en.txt")),
	}
	plain = text.Must(text.ParseFS(templates, "templates/plain.txt"))
	page  = html.Must(html.ParseFS(templates, "templates/page.html"))
)

// templateData is the input of a template. Each string is one line. A value that
// is unknown, or that the kind does not use, is empty.
type templateData struct {
	Diner          string
	Restaurant     string
	Address        string
	When           string // in the restaurant's time zone
	Day            string // the same, short enough for a subject
	Party          int
	Previous       *change // before the event
	Note           string
	ClosureReason  string // the restaurant's text
	Position       int
	OfferEnds      string
	OfferClock     string // the same, within a day
	OfferExpired   bool   // the diner can no longer respond to the offer
	CancelBy       string
	CutOffPassed   bool // the diner can no longer cancel
	WaitlistClosed bool // as opposed to an offer that expired
	Number         string
}

type change struct {
	When  string
	Party int
}

// newTemplateData returns the data of a mail about e that is composed at now.
func newTemplateData(e Event, language string, to User, restaurant Restaurant, now time.Time) (t templateData, err error) {
	v := e.Reservation
	// A record with a bad zone must not be retried for ever.
	loc, err := zone.Load(zone.Repaired(v.TimeZone))
	if err != nil {
		return t, fmt.Errorf("time zone: %w", err)
	}
	long := func(at time.Time) string {
		if at.IsZero() {
			return ""
		}
		return longTime(at.In(loc), language)
	}
	t = templateData{
		Diner: oneLine(to.Name.Reveal()), Restaurant: oneLine(restaurant.Name(language)),
		When: long(v.Start), Day: shortTime(v.Start.In(loc), language), Party: v.Party, Number: v.ID.String(),
		ClosureReason: oneLine(e.ClosureReason.Reveal()), CancelBy: long(v.CancelUntil),
		// At the cut-off the waitlist closes and its offers expire.
		WaitlistClosed: e.Kind == Expired && !v.CancelUntil.IsZero() && !e.OccurredAt.Before(v.CancelUntil),
	}
	if (e.Previous != PreviousState{}) {
		t.Previous = &change{long(e.Previous.Start), e.Previous.Party}
	}
	switch e.Kind {
	case Confirmed, Moved, Reminder: // the party will come
		t.Address, t.Note = oneLine(restaurant.Address), oneLine(v.Note.Reveal())
		t.CutOffPassed = !v.CancelUntil.IsZero() && !now.Before(v.CancelUntil)
	case Joined, Changed, Offered:
		t.Note, t.Position, t.OfferEnds = oneLine(v.Note.Reveal()), v.Position, long(v.OfferEndsAt)
		t.OfferExpired = !v.OfferEndsAt.IsZero() && !now.Before(v.OfferEndsAt)
		t.OfferClock = v.OfferEndsAt.In(loc).Format("15:04")
	}
	return t, nil
}

// content is the content of a mail, before layout.
type content struct {
	Language       string
	Subject, Title string
	Greeting       string
	Opening        string
	Facts          []fact
	Rest           []string // paragraphs
	Signature      string
}

type fact struct{ Label, Value string }

// render executes the template of a kind in a language.
func render(kind Kind, language string, t templateData) (content, error) {
	var failed error
	execute := func(name string) string {
		var b strings.Builder
		failed = errors.Join(failed, texts[language].ExecuteTemplate(&b, name, t))
		return b.String()
	}
	c := content{Language: language, Greeting: execute("greeting"), Signature: execute("signature")}
	for line := range strings.Lines(execute("facts")) {
		if label, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
			c.Facts = append(c.Facts, fact{label, value})
		}
	}
	parts := paragraphs(execute(string(kind)))
	if failed != nil || len(parts) < 3 {
		return c, fmt.Errorf("render mail %s.%s with %d paragraphs: %w", kind, language, len(parts), failed)
	}
	c.Subject, c.Title, c.Opening, c.Rest = parts[0], parts[1], parts[2], parts[3:]
	return c, nil
}

func (c content) layout() (asText, asPage string, err error) {
	var t, p strings.Builder
	if err := errors.Join(plain.Execute(&t, c), page.Execute(&p, c)); err != nil {
		return "", "", fmt.Errorf("lay out mail: %w", err)
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

// oneLine replaces line breaks, so that text that people typed cannot start a
// header, a fact or a paragraph.
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
