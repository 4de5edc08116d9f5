package slack

import (
	"cmp"
	"slices"
	"strings"

	slackapi "github.com/slack-go/slack"

	"jari.example/alerting/incident"
	"jari.example/alerting/notify"
	"jari.example/alerting/wording"
)

// message is what is sent.
type message struct {
	text   string // of the notification on a phone
	blocks []slackapi.Block
	chart  slackapi.Block // below the blocks; nil without one
	alone  string         // in place of all when Slack refuses the blocks
}

// all are the blocks with the chart. It is the last one, so that the buttons do not move
// under a finger when it appears.
func (m message) all() []slackapi.Block {
	if m.chart == nil {
		return m.blocks
	}
	return append(m.blocks[:len(m.blocks):len(m.blocks)], m.chart)
}

// shortenings are what a message that is too long loses, in this order, each in
// addition to those before it: what helps to find the cause first, then who else is
// affected, then the ends of sentences.
var shortenings = []func(*incident.Facts, *sizes){
	func(*incident.Facts, *sizes) {},
	func(f *incident.Facts, _ *sizes) { f.LogLine = "" },
	func(f *incident.Facts, _ *sizes) { f.Diagnosis = nil },
	func(f *incident.Facts, _ *sizes) { f.Traces = nil },
	func(f *incident.Facts, _ *sizes) { f.AlsoAffected = nil },
	func(f *incident.Facts, _ *sizes) { f.Regions = nil },
	func(_ *incident.Facts, s *sizes) { s.span, s.list = 120, 5 },
	func(_ *incident.Facts, s *sizes) { s.span, s.list = 30, 2 },
}

// maxLogLine is how much of a log line is shown when there is room for it.
const maxLogLine = 600 // characters

// render writes the message for somebody who has just been woken up: what fails, for
// whom, since when, when the budget is exhausted, who has it, where to look.
func render(i incident.Incident, links notify.Links, quiet bool) message {
	s := sizes{span: 400, list: 10}
	var m message
	for _, shorten := range shortenings {
		shorten(&i.Facts, &s)
		if m = compose(i, links, quiet, s); size(m.all()) <= maxMessage {
			break
		}
	}
	return m
}

func compose(i incident.Incident, links notify.Links, quiet bool, s sizes) message {
	title, lines, where := wording.Headline(i), mentioned(wording.Body(i, s.list), quiet), renderLinks(i, links)
	rich := []slackapi.RichTextElement{richSection(elements(lines, s))}
	if log := wording.Literal(i.Facts.LogLine, maxLogLine); log != "" {
		rich = append(rich, &slackapi.RichTextPreformatted{Type: slackapi.RTEPreformatted,
			Elements: []slackapi.RichTextSectionElement{slackapi.NewRichTextSectionTextElement(log, nil)}})
		lines = append(slices.Clone(lines), wording.Say(log))
	}
	blocks := []slackapi.Block{
		slackapi.NewHeaderBlock(plainText(wording.Literal(title, maxHeader))),
		slackapi.NewRichTextBlock("", rich...),
	}
	if len(where) > 0 {
		blocks = append(blocks, slackapi.NewRichTextBlock("", richSection(elements([]wording.Line{where}, s))))
	}
	if i.Open() && len(i.ID) <= maxID {
		blocks = append(blocks, buttons(i))
	}
	about := wording.Rule(i)
	blocks = append(blocks, slackapi.NewContextBlock("",
		plainText(about[0].Plain(s.span)),
		slackapi.NewTextBlockObject(slackapi.MarkdownType, mrkdwn(about[1], s), false, true),
		plainText(about[2].Plain(s.span))))
	short := mrkdwn(wording.Say(title, ": ", wording.Summary(i, s.list)), sizes{span: maxHeader})
	return message{
		text: short, blocks: blocks, chart: picture(i.Chart), alone: alone(short, append(lines, where, wording.Join(about, " · ")), s),
	}
}

// alone is as many of the lines as fit beside the first.
func alone(first string, lines []wording.Line, s sizes) string {
	text, length := first, len([]rune(first))
	for _, l := range lines {
		next := mrkdwn(l, s)
		if length += len([]rune(next)) + 1; length > maxText {
			break
		}
		text += "\n" + next
	}
	return text
}

func renderLinks(i incident.Incident, links notify.Links) wording.Line {
	var known []wording.Line
	for _, l := range wording.Links(i, links) {
		if len(l.URL) <= maxURL {
			known = append(known, wording.Say(l))
		}
	}
	return wording.Join(known, " · ")
}

// noted is a text that alertingd wrote, after the mention of whom it is for.
func noted(n notify.Note, quiet bool) message {
	lines := strings.Split(strings.TrimSpace(n.Text), "\n")
	for k := range lines {
		lines[k] = wording.Literal(lines[k], maxSection)
	}
	text := lines[0]
	for _, l := range lines[1:] {
		if len([]rune(text))+len([]rune(l)) >= maxSection {
			break
		}
		text += "\n" + l
	}
	text = cmp.Or(text, "(no text)")
	var mention wording.Line
	if !quiet && userID.MatchString(n.Mention) {
		mention = wording.Say(wording.Span{User: n.Mention}, " ")
	}
	whole := sizes{span: maxSection}
	rich := append(elements([]wording.Line{mention}, whole), slackapi.NewRichTextSectionTextElement(text, nil))
	lines = strings.Split(text, "\n")
	for k := range lines {
		lines[k] = Mrkdwn(lines[k], maxSection)
	}
	alone := mrkdwn(mention, whole) + strings.Join(lines, "\n")
	return message{text: alone, alone: alone, blocks: []slackapi.Block{slackapi.NewRichTextBlock("", richSection(rich))}}
}

func richSection(all []slackapi.RichTextSectionElement) slackapi.RichTextElement {
	return &slackapi.RichTextSection{Type: slackapi.RTESection, Elements: all}
}

// plainText: without emoji, so that the colons of a name stay as they are.
func plainText(s string) *slackapi.TextBlockObject {
	return slackapi.NewTextBlockObject(slackapi.PlainTextType, cmp.Or(s, "–"), false, false)
}

// Line is the incident on one line in mrkdwn, for the answer to a command.
func Line(i incident.Incident) string {
	by := wording.Say("nobody has acknowledged it")
	if !i.Response.AcknowledgedAt.IsZero() {
		by = wording.Say("acknowledged by ", i.Response.Assignee)
	}
	since := wording.Span{At: i.StartedAt, Now: i.UpdatedAt}
	return mrkdwn(wording.Say(wording.Headline(i), " · since ", since, " · ", by, " · ", i.Rule, " · ", i.ID), sizes{span: maxHeader})
}
