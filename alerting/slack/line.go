package slack

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"

	slackapi "github.com/slack-go/slack"
)

// line is one line of a message. Its spans are sent as rich text, in which Slack
// shows a text as it is: what comes from a log or a name cannot become markup or a
// mention.
type line []span

// span is a part of a line. One of text, at and user is set.
type span struct {
	text string
	bold bool
	url  string    // where text leads to
	at   time.Time // shown in the zone of the reader
	now  time.Time // with at: the date is shown when it is another day in UTC
	user string    // Slack id of a person, who is notified
}

// say joins texts, spans and lines to a line. Other values are written as fmt does.
func say(parts ...any) line {
	var l line
	for _, p := range parts {
		switch p := p.(type) {
		case span:
			l = append(l, p)
		case line:
			l = append(l, p...)
		default:
			l = append(l, span{text: fmt.Sprint(p)})
		}
	}
	return l
}

// bold is say in bold type.
func bold(parts ...any) line {
	l := say(parts...)
	for n := range l {
		l[n].bold = true
	}
	return l
}

// join joins lines with a separator.
func join(all []line, separator string) line {
	var l line
	for n, part := range all {
		if n > 0 {
			l = say(l, separator)
		}
		l = say(l, part)
	}
	return l
}

// userID is the form of the ids of people.
// https://docs.slack.dev/reference/objects/user-object
var userID = regexp.MustCompile(`^[UW][A-Z0-9]{5,20}$`)

// person mentions somebody by a Slack id of the right form, which notifies; without
// one, and when quiet, it is the name.
func person(name, id string, quiet bool) span {
	if quiet || !userID.MatchString(id) {
		return span{text: name}
	}
	return span{user: id}
}

// elements are the lines as rich text.
func elements(lines []line, s sizes) []slackapi.RichTextSectionElement {
	var all []slackapi.RichTextSectionElement
	for _, sp := range join(lines, "\n") {
		var style *slackapi.RichTextSectionTextStyle
		if sp.bold {
			style = &slackapi.RichTextSectionTextStyle{Bold: true}
		}
		text := sp.text
		if text != "\n" {
			text = literal(text, s.span)
		}
		switch {
		case !sp.at.IsZero():
			format, fallback := sp.clock()
			date := slackapi.NewRichTextSectionDateElement(sp.at.Unix(), format, nil, &fallback)
			date.Style = style
			all = append(all, date)
		case sp.user != "":
			all = append(all, slackapi.NewRichTextSectionUserElement(sp.user, style))
		case text == "":
		case sp.url != "":
			all = append(all, slackapi.NewRichTextSectionLinkElement(sp.url, text, style))
		default:
			all = append(all, slackapi.NewRichTextSectionTextElement(text, style))
		}
	}
	return all
}

// mrkdwn is the line in Slack's older markup: for the text beside the blocks, which a
// phone's notification shows, and which is sent alone when Slack refuses the blocks.
func (l line) mrkdwn(s sizes) string {
	var b strings.Builder
	for _, sp := range l {
		switch {
		case !sp.at.IsZero():
			format, fallback := sp.clock()
			fmt.Fprintf(&b, "<!date^%d^%s|%s>", sp.at.Unix(), format, fallback)
		case sp.user != "":
			b.WriteString("<@" + sp.user + ">")
		case sp.url != "":
			b.WriteString("<" + strings.ReplaceAll(escape(sp.url), "|", "%7C") + "|" + Mrkdwn(sp.text, s.span) + ">")
		default:
			b.WriteString(Mrkdwn(sp.text, s.span))
		}
	}
	return b.String()
}

// plain is the line for a plain_text object, which has no zone of the reader.
func (l line) plain(s sizes) string {
	var b strings.Builder
	for _, sp := range l {
		text := sp.text
		if !sp.at.IsZero() {
			_, text = sp.clock()
		}
		b.WriteString(literal(text, s.span))
	}
	return b.String()
}

// clock is Slack's template for the time and what is shown where it is not known.
// https://docs.slack.dev/messaging/formatting-message-text#date-formatting
func (sp span) clock() (format, fallback string) {
	if t := sp.at.UTC(); t.Format(time.DateOnly) != sp.now.UTC().Format(time.DateOnly) {
		return "{date_short} {time_secs}", t.Format("2 January 15:04:05 UTC")
	}
	return "{time_secs}", sp.at.UTC().Format("15:04:05 UTC")
}

// literal is at most n characters of s: on one line, and without characters that
// nobody sees or that change the direction of what follows.
func literal(s string, n int) string {
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

// markers replaces the characters that begin or end formatting, and the colon of an
// emoji, by others that look alike: Slack has no escape for them.
var markers = strings.NewReplacer("*", "∗", "_", "ˍ", "~", "∼", "`", "ˋ")

var emojiCode = regexp.MustCompile(`:([A-Za-z0-9_+'-]+):`)

// Mrkdwn is at most n characters of s for a text that Slack reads as mrkdwn: nothing
// in it becomes markup, a link or a mention.
func Mrkdwn(s string, n int) string {
	s = emojiCode.ReplaceAllString(literal(s, n), "∶$1∶")
	if after, quotes := strings.CutPrefix(s, ">"); quotes {
		s = "›" + after
	}
	return escape(markers.Replace(s))
}

// escape keeps Slack from reading a text as a link or a mention.
// https://docs.slack.dev/messaging/formatting-message-text#escaping
func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}
