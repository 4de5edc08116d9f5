package slack

import (
	"html"
	"html/template"
	"net/url"
	"regexp"
	"strings"
)

// Slack's own markup (https://api.slack.com/reference/surfaces/formatting), as
// far as an operator's message uses it.
var (
	angle  = regexp.MustCompile(`<([^<>\s|][^<>|]*)(?:\|([^<>]*))?>`)
	fence  = regexp.MustCompile("(?s)```(.+?)```|`([^`\n]+)`")
	spans  = regexp.MustCompile(`(^|[\s(\[])([*_~])(\S(?:[^\n]*?\S)?)([*_~])($|[\s.,:;!?)\]])`)
	emoji  = regexp.MustCompile(`:([a-z0-9_+-]+):`)
	quoted = regexp.MustCompile(`(?m)^&gt; ?(.*)$`)
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

// mrkdwn turns Slack's markup into HTML. Code is left as it is; links come
// out as anchors only when they lead to a page or an address.
func mrkdwn(s string) template.HTML {
	var out strings.Builder
	for s != "" {
		m := fence.FindStringSubmatchIndex(s)
		if m == nil {
			out.WriteString(prose(s))
			break
		}
		out.WriteString(prose(s[:m[0]]))
		if m[2] >= 0 {
			out.WriteString("<pre>" + escape(s[m[2]:m[3]]) + "</pre>")
		} else {
			out.WriteString("<code>" + escape(s[m[4]:m[5]]) + "</code>")
		}
		s = s[m[1]:]
	}
	return template.HTML(out.String())
}

func prose(s string) string {
	// Links are set aside, so that an underscore in an address stays one.
	const aside = "\x01"
	var links []string
	s = strings.ReplaceAll(s, aside, "")
	s = angle.ReplaceAllStringFunc(s, func(m string) string {
		p := angle.FindStringSubmatch(m)
		links = append(links, link(p[1], p[2]))
		return aside
	})
	s = quoted.ReplaceAllString(escape(strings.ReplaceAll(s, "\r", "")), "<blockquote>$1</blockquote>")
	for range 2 { // neighbours share the space between them
		s = spans.ReplaceAllStringFunc(s, span)
	}
	s = strings.ReplaceAll(shortcodes(s), "\n", "<br>")
	for _, l := range links {
		s = strings.Replace(s, aside, l, 1)
	}
	return s
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
			shown = escape(target[1:])
		}
		return `<b>` + string(target[0]) + shown + `</b>`
	case '!':
		if shown == "" {
			shown = "@" + escape(target[1:])
		}
		return "<b>" + shown + "</b>"
	}
	u, err := url.Parse(html.UnescapeString(target))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "mailto") {
		return escape("<" + target + ">")
	}
	if shown == "" {
		shown = escape(target)
	}
	return `<a href="` + template.HTMLEscapeString(u.String()) + `" rel="noreferrer">` + shown + `</a>`
}

func shortcodes(s string) string {
	return emoji.ReplaceAllStringFunc(s, func(m string) string {
		if e, ok := emojis[strings.Trim(m, ":")]; ok {
			return e
		}
		return m
	})
}

// escape makes s safe as HTML text. Senders escape &, < and > themselves, so
// what they escaped is not escaped twice.
func escape(s string) string { return template.HTMLEscapeString(html.UnescapeString(s)) }
