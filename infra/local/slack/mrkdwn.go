package slack

import (
	"html"
	"html/template"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// The part of Slack's markup (https://api.slack.com/reference/surfaces/formatting)
// that the alerting daemon's messages use.
var (
	// Code or a link: the one that begins first contains the other unchanged.
	verbatim = regexp.MustCompile("(?s)```(.+?)```|`([^`\n]+)`|<([^<>\\s|][^<>|]*)(?:\\|([^<>]*))?>")
	spans    = regexp.MustCompile(`(^|[\s(\[])([*_~])(\S(?:[^\n]*?\S)?)([*_~])($|[\s.,:;!?)\]])`)
	emoji    = regexp.MustCompile(`:([a-z0-9_+-]+):`)
	quoted   = regexp.MustCompile(`(?m)^&gt; ?(.*)$`)
)

var emojis = map[string]string{
	"rotating_light": "🚨", "white_check_mark": "✅", "warning": "⚠️", "fire": "🔥", "eyes": "👀",
	"no_bell": "🔕", "bell": "🔔", "book": "📖", "chart_with_downwards_trend": "📉", "large_green_circle": "🟢",
	"red_circle": "🔴", "hourglass": "⌛", "mag": "🔍", "bar_chart": "📊",
}

var spanTags = map[string]string{"*": "b", "_": "i", "~": "s"}

// render turns a text object into HTML.
func (t Text) render() template.HTML {
	if t.Type == "plain_text" {
		return template.HTML(shortcodes(strings.ReplaceAll(template.HTMLEscapeString(t.Text), "\n", "<br>")))
	}
	return mrkdwn(t.Text)
}

// mrkdwn turns Slack's markup into HTML. Code is left unchanged. Only links to http,
// https and mailto become anchors.
func mrkdwn(s string) template.HTML {
	// Code and links are replaced by placeholders first, so that an underscore in an
	// address is not read as markup.
	const placeholder = "\x01"
	var verbatims []string
	s = strings.NewReplacer(placeholder, "", "\r", "").Replace(s)
	s = verbatim.ReplaceAllStringFunc(s, func(m string) string {
		p := verbatim.FindStringSubmatch(m)
		switch {
		case p[1] != "":
			verbatims = append(verbatims, "<pre>"+escape(p[1])+"</pre>")
		case p[2] != "":
			verbatims = append(verbatims, "<code>"+escape(p[2])+"</code>")
		default:
			verbatims = append(verbatims, link(p[3], p[4]))
		}
		return placeholder
	})
	s = quoted.ReplaceAllString(escape(s), "<blockquote>$1</blockquote>")
	for range 2 { // adjacent spans share the space between them
		s = spans.ReplaceAllStringFunc(s, span)
	}
	s = strings.ReplaceAll(shortcodes(s), "\n", "<br>")
	for _, k := range verbatims {
		s = strings.Replace(s, placeholder, k, 1)
	}
	return template.HTML(s)
}

func span(m string) string {
	p := spans.FindStringSubmatch(m)
	if p[2] != p[4] {
		return m
	}
	tag := spanTags[p[2]]
	return p[1] + "<" + tag + ">" + p[3] + "</" + tag + ">" + p[5]
}

func link(target, label string) string {
	shown := escape(label)
	switch target[0] {
	case '@', '#':
		if shown == "" {
			shown = escape(userName(target[1:]))
		}
		return `<b>` + string(target[0]) + shown + `</b>`
	case '!':
		if time, ok := dateToken(target); ok {
			return template.HTMLEscapeString(time)
		}
		if shown == "" {
			shown = "@" + escape(target[1:])
		}
		return "<b>" + shown + "</b>"
	}
	if shown == "" {
		shown = escape(target)
	}
	if linked := anchor(html.UnescapeString(target), shown); linked != shown {
		return linked
	}
	return escape("<" + target + ">")
}

// anchor leads from HTML to an address. Only http, https and mailto become anchors.
func anchor(address, inner string) string {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "mailto") {
		return inner
	}
	return `<a href="` + template.HTMLEscapeString(u.String()) + `" rel="noreferrer">` + inner + `</a>`
}

// dateToken is the time of "!date^seconds^format^link".
func dateToken(target string) (string, bool) {
	parts := strings.Split(target, "^")
	if parts[0] != "!date" || len(parts) < 3 {
		return "", false
	}
	seconds, err := strconv.ParseInt(parts[1], 10, 64)
	return date(seconds, parts[2]), err == nil
}

func shortcodes(s string) string {
	return emoji.ReplaceAllStringFunc(s, func(m string) string {
		if e, ok := emojis[strings.Trim(m, ":")]; ok {
			return e
		}
		return m
	})
}

// escape makes s safe as HTML text. Senders have already escaped &, < and >; these
// are not escaped twice.
func escape(s string) string { return template.HTMLEscapeString(html.UnescapeString(s)) }
