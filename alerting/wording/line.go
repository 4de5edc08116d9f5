// Package wording writes what messages say about an incident, in plain sentences that
// no medium owns. A notifier turns the lines into its own format.
package wording

import (
	"cmp"
	"fmt"
	"strings"
	"time"
	"unicode"
)

// Line is one line of a message.
type Line []Span

// Span is a part of a line: a time when At is set, else a text. What comes from a log
// or a name is in it as it was; Literal makes it harmless.
type Span struct {
	Text string
	Bold bool
	URL  string    // where Text leads to
	User string    // Slack id of the person whose name Text is
	At   time.Time // which a medium may show in the zone of its reader
	Now  time.Time // with At: when the message was written
	// Zone is where At is written by a medium that does not know the zone of its reader;
	// nil is UTC.
	Zone *time.Location
}

// Say joins texts, spans and lines to a line. Other values are written as fmt does.
func Say(parts ...any) Line {
	var l Line
	for _, p := range parts {
		switch p := p.(type) {
		case Span:
			l = append(l, p)
		case Line:
			l = append(l, p...)
		default:
			l = append(l, Span{Text: fmt.Sprint(p)})
		}
	}
	return l
}

// Bold is Say in bold type.
func Bold(parts ...any) Line {
	l := Say(parts...)
	for n := range l {
		l[n].Bold = true
	}
	return l
}

// Join joins lines with a separator.
func Join(all []Line, separator string) Line {
	var l Line
	for n, part := range all {
		if n > 0 {
			l = Say(l, separator)
		}
		l = Say(l, part)
	}
	return l
}

// Plain is the line without format and links, with at most n characters of each span.
func (l Line) Plain(n int) string {
	var b strings.Builder
	for _, sp := range l {
		text := sp.Text
		if !sp.At.IsZero() {
			text = sp.Clock()
		}
		b.WriteString(Literal(text, n))
	}
	return b.String()
}

// Today reports whether At is on the day of Now, in the zone. Otherwise its date is shown.
func (sp Span) Today() bool {
	return sp.At.In(sp.zone()).Format(time.DateOnly) == sp.Now.In(sp.zone()).Format(time.DateOnly)
}

// Clock is At in the zone.
func (sp Span) Clock() string {
	if sp.Today() {
		return sp.At.In(sp.zone()).Format("15:04:05 MST")
	}
	return sp.At.In(sp.zone()).Format("2 January 15:04:05 MST")
}

func (sp Span) zone() *time.Location { return cmp.Or(sp.Zone, time.UTC) }

// Literal is at most n characters of s: on one line, and without characters that
// nobody sees or that change the direction of what follows.
func Literal(s string, n int) string {
	var b strings.Builder
	length, space := 0, false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r):
			if r = ' '; space {
				continue
			}
		case !unicode.IsGraphic(r) || unicode.Is(unicode.Cf, r):
			continue
		}
		if length == n {
			return string([]rune(b.String())[:n-1]) + "…"
		}
		space = r == ' '
		length++
		b.WriteRune(r)
	}
	return b.String()
}
