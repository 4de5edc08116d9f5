package slack

import (
	"encoding/json"
	"html/template"
	"strings"
	"time"
)

// RichText is a rich text block as HTML. Every text in it is shown as it is.
func (b Block) RichText() template.HTML {
	var out strings.Builder
	for _, e := range b.Elements {
		out.WriteString(e.container())
	}
	return template.HTML(out.String())
}

func (e Element) container() string {
	var inner strings.Builder
	for _, p := range e.Elements {
		if e.Type == "rich_text_list" {
			inner.WriteString("<li>" + p.container() + "</li>")
		} else {
			inner.WriteString(p.part())
		}
	}
	switch e.Type {
	case "rich_text_preformatted":
		return "<pre>" + inner.String() + "</pre>"
	case "rich_text_quote":
		return "<blockquote>" + inner.String() + "</blockquote>"
	case "rich_text_list":
		return "<ul>" + inner.String() + "</ul>"
	}
	return "<div>" + strings.ReplaceAll(inner.String(), "\n", "<br>") + "</div>"
}

func (e Element) part() string {
	text := template.HTMLEscapeString(e.Label().Text)
	switch e.Type {
	case "link":
		text = anchor(e.URL, text)
	case "user":
		text = "<b>@" + template.HTMLEscapeString(userName(e.UserID)) + "</b>"
	case "date":
		text = template.HTMLEscapeString(date(e.Timestamp, e.Format))
	case "text":
	default:
		text = "[" + template.HTMLEscapeString(e.Type) + "]"
	}
	var style struct{ Bold, Italic, Strike, Code bool }
	json.Unmarshal(e.Style, &style)
	for _, s := range []struct {
		on  bool
		tag string
	}{{style.Bold, "b"}, {style.Italic, "i"}, {style.Strike, "s"}, {style.Code, "code"}} {
		if s.on {
			text = "<" + s.tag + ">" + text + "</" + s.tag + ">"
		}
	}
	return text
}

// date fills in Slack's template for a time, in the zone of this machine.
// https://docs.slack.dev/messaging/formatting-message-text#date-formatting
func date(seconds int64, format string) string {
	t := time.Unix(seconds, 0)
	return strings.NewReplacer(
		"{date_num}", t.Format("2006-01-02"), "{date_slash}", t.Format("02/01/2006"),
		"{date}", t.Format("January 2, 2006"), "{date_pretty}", t.Format("January 2, 2006"),
		"{date_short}", t.Format("Jan 2, 2006"), "{date_short_pretty}", t.Format("Jan 2, 2006"),
		"{date_long}", t.Format("Monday, January 2, 2006"), "{date_long_pretty}", t.Format("Monday, January 2, 2006"),
		"{time}", t.Format("15:04"), "{time_secs}", t.Format("15:04:05"),
	).Replace(format)
}
