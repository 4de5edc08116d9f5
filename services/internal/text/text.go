// Package text validates and normalises what people type: names, notes, e-mail
// addresses and phone numbers. Every service uses it for every such field, so that
// one rule decides what may be stored, shown, logged and mailed.
//
// A text becomes NFC (Unicode Standard Annex #15) without surrounding white space.
// Lengths count characters, which are Unicode code points, of that form. The errors
// are sentences for people; the caller adds the field's JSON pointer.
//
// Refused are invalid UTF-8, control characters, line breaks where the field is one
// line, noncharacters, characters that change the direction of the text around them
// (CVE-2021-42574), and invisible characters: those with the property
// Default_Ignorable_Code_Point of Unicode Standard Annex #44. Allowed of these are
// joiners and variation selectors where a script or an emoji needs them; see
// [invisible].
//
// The FreeformClass of PRECIS (RFC 8264) is not used: it refuses emoji with a joiner
// or a variation selector, and the variation selectors of Han names; it accepts
// U+2800, which shows nothing.
package text

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxName is the length of the longest name, in characters.
const MaxName = 100

// Refusal is a sentence for people: what is wrong with a text and what to do.
type Refusal string

func (r Refusal) Error() string { return string(r) }

func refuse(format string, args ...any) error { return Refusal(fmt.Sprintf(format, args...)) }

// Name returns a name of 1 to [MaxName] characters on one line.
func Name(s string) (string, error) { return Line("A name", 1, MaxName)(s) }

// Note is the rule for a text of at most most characters, which may be empty and may
// have line breaks.
func Note(most int) Rule { return Lines("A note", 0, most) }

// Line is the rule for a text of least to most characters on one line. Refusals begin
// with what, such as "A name".
func Line(what string, least, most int) Rule {
	return func(s string) (string, error) { return clean(what, s, least, most, false) }
}

// Lines is Line for a text that may have line breaks. Each becomes \n.
func Lines(what string, least, most int) Rule {
	return func(s string) (string, error) { return clean(what, s, least, most, true) }
}

func clean(what, s string, least, most int, multiline bool) (string, error) {
	if !utf8.ValidString(s) {
		return "", refuse("%s must be valid UTF-8 text.", what)
	}
	if multiline {
		s = lineBreaks.Replace(s)
	}
	s = norm.NFC.String(strings.TrimSpace(s))
	if err := checkCharacters(what, s, multiline); err != nil {
		return "", err
	}
	switch n := utf8.RuneCountInString(s); {
	case n < least && n == 0:
		return "", refuse("%s must not be empty.", what)
	case n < least || n > most:
		return "", refuse("%s must have %s characters; this has %d.", what, span(least, most), n)
	case n > 0 && !strings.ContainsFunc(s, visible):
		return "", refuse("%s must show something: all its characters are blank.", what)
	}
	return s, nil
}

// lineBreaks are the mandatory breaks of Unicode Standard Annex #14.
var lineBreaks = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")

func span(least, most int) string {
	if least == 0 {
		return fmt.Sprintf("at most %d", most)
	}
	return fmt.Sprintf("%d to %d", least, most)
}

// checkCharacters looks at each character of s and the one before it.
func checkCharacters(what, s string, multiline bool) error {
	previous := ' '
	for _, r := range s {
		switch {
		case multiline && r == '\n':
		case unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp):
			if multiline {
				return refuse("%s must not hold control characters (here U+%04X). Please type it instead of pasting it.", what, r)
			}
			return refuse("%s must not hold control characters or line breaks (here U+%04X). Please write it on one line.", what, r)
		case unicode.Is(unicode.Bidi_Control, r) && !(multiline && unicode.In(r, directionMarks)):
			return refuse("%s must not hold characters that change the direction of text (here U+%04X). Please type it instead of pasting it.",
				what, r)
		case invisible(r, previous) && !unicode.In(r, directionMarks):
			return refuse("%s must not hold invisible characters (here U+%04X). Please type it instead of pasting it.", what, r)
		}
		previous = r
	}
	return nil
}
