package slack

import (
	"fmt"
	"regexp"
	"strings"

	slackapi "github.com/slack-go/slack"

	"jari.example/alerting/wording"
)

// userID is the form of the ids of people.
// https://docs.slack.dev/reference/objects/user-object
var userID = regexp.MustCompile(`^[UW][A-Z0-9]{5,20}$`)

// mentioned are the lines with a mention, which notifies, of each person whose id has
// the right form; quiet has none.
func mentioned(lines []wording.Line, quiet bool) []wording.Line {
	for _, l := range lines {
		for n := range l {
			if quiet || !userID.MatchString(l[n].User) {
				l[n].User = ""
			}
		}
	}
	return lines
}

// elements are the lines as rich text, in which Slack shows a text as it is: what comes
// from a log or a name cannot become markup or a mention.
func elements(lines []wording.Line, s sizes) []slackapi.RichTextSectionElement {
	var all []slackapi.RichTextSectionElement
	for _, sp := range wording.Join(lines, "\n") {
		var style *slackapi.RichTextSectionTextStyle
		if sp.Bold {
			style = &slackapi.RichTextSectionTextStyle{Bold: true}
		}
		text := sp.Text
		if text != "\n" {
			text = wording.Literal(text, s.span)
		}
		switch {
		case !sp.At.IsZero():
			fallback := sp.Clock()
			date := slackapi.NewRichTextSectionDateElement(sp.At.Unix(), clock(sp), nil, &fallback)
			date.Style = style
			all = append(all, date)
		case sp.User != "":
			all = append(all, slackapi.NewRichTextSectionUserElement(sp.User, style))
		case text == "":
		case sp.URL != "":
			all = append(all, slackapi.NewRichTextSectionLinkElement(sp.URL, text, style))
		default:
			all = append(all, slackapi.NewRichTextSectionTextElement(text, style))
		}
	}
	return all
}

// mrkdwn is l in Slack's older markup: for the text beside the blocks, which a
// phone's notification shows, and which is sent alone when Slack refuses the blocks.
func mrkdwn(l wording.Line, s sizes) string {
	var b strings.Builder
	for _, sp := range l {
		switch {
		case !sp.At.IsZero():
			fmt.Fprintf(&b, "<!date^%d^%s|%s>", sp.At.Unix(), clock(sp), sp.Clock())
		case sp.User != "":
			b.WriteString("<@" + sp.User + ">")
		case sp.URL != "":
			b.WriteString("<" + strings.ReplaceAll(escape(sp.URL), "|", "%7C") + "|" + Mrkdwn(sp.Text, s.span) + ">")
		default:
			b.WriteString(Mrkdwn(sp.Text, s.span))
		}
	}
	return b.String()
}

// clock is Slack's template for the time of a span.
// https://docs.slack.dev/messaging/formatting-message-text#date-formatting
func clock(sp wording.Span) string {
	if sp.Today() {
		return "{time_secs}"
	}
	return "{date_short} {time_secs}"
}

// markers replaces the characters that begin or end formatting, and the colon of an
// emoji, by others that look alike: Slack has no escape for them.
var markers = strings.NewReplacer("*", "∗", "_", "ˍ", "~", "∼", "`", "ˋ")

var emojiCode = regexp.MustCompile(`:([A-Za-z0-9_+'-]+):`)

// Mrkdwn is at most n characters of s for a text that Slack reads as mrkdwn: nothing
// in it becomes markup, a link or a mention.
func Mrkdwn(s string, n int) string {
	s = emojiCode.ReplaceAllString(wording.Literal(s, n), "∶$1∶")
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
