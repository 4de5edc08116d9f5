package slack

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	slackapi "github.com/slack-go/slack"

	"jari.example/alerting/incident"
	"jari.example/alerting/notify"
	"jari.example/alerting/slo"
)

// message is what is sent.
type message struct {
	text   string // of the notification on a phone
	blocks []slackapi.Block
	alone  string // in place of both when Slack refuses the blocks
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

// The most that a message shows, when there is room for it.
const (
	maxLogLine   = 600 // characters
	maxDiagnosis = 3   // lines
	maxTraces    = 3
)

// render writes the message for somebody who has just been woken up: what fails, for
// whom, since when, when the budget is exhausted, who has it, where to look.
func render(i incident.Incident, links notify.Links, quiet bool) message {
	s := sizes{span: 400, list: 10}
	var m message
	for _, shorten := range shortenings {
		shorten(&i.Facts, &s)
		if m = compose(i, links, quiet, s); size(m.blocks) <= maxMessage {
			break
		}
	}
	return m
}

func compose(i incident.Incident, links notify.Links, quiet bool, s sizes) message {
	title, lines, where := headline(i), body(i, quiet, s), renderLinks(i, links)
	rich := []slackapi.RichTextElement{richSection(elements(lines, s))}
	if log := literal(i.Facts.LogLine, maxLogLine); log != "" {
		rich = append(rich, &slackapi.RichTextPreformatted{Type: slackapi.RTEPreformatted,
			Elements: []slackapi.RichTextSectionElement{slackapi.NewRichTextSectionTextElement(log, nil)}})
		lines = append(slices.Clone(lines), say(log))
	}
	blocks := []slackapi.Block{
		slackapi.NewHeaderBlock(plainText(literal(title, maxHeader))),
		slackapi.NewRichTextBlock("", rich...),
	}
	if len(where) > 0 {
		blocks = append(blocks, slackapi.NewRichTextBlock("", richSection(elements([]line{where}, s))))
	}
	if i.Open() && len(i.ID) <= maxID {
		blocks = append(blocks, buttons(i))
	}
	about := rule(i)
	blocks = append(blocks, slackapi.NewContextBlock("",
		plainText(about[0].plain(s)),
		slackapi.NewTextBlockObject(slackapi.MarkdownType, about[1].mrkdwn(s), false, true),
		plainText(about[2].plain(s))))
	short := say(title, ": ", summary(i, s)).mrkdwn(sizes{span: maxHeader})
	return message{text: short, blocks: blocks, alone: alone(short, append(lines, where, join(about, " · ")), s)}
}

// alone is as many of the lines as fit beside the first.
func alone(first string, lines []line, s sizes) string {
	text, length := first, len([]rune(first))
	for _, l := range lines {
		next := l.mrkdwn(s)
		if length += len([]rune(next)) + 1; length > maxText {
			break
		}
		text += "\n" + next
	}
	return text
}

func headline(i incident.Incident) string {
	switch {
	case i.Facts.Withdrawn && !i.Open():
		return "⚪ Closed: " + i.Facts.Title
	case !i.Open():
		return "✅ Resolved: " + i.Facts.Title
	case i.Severity == slo.Ticket:
		return "🟡 Ticket: " + i.Facts.Title
	}
	return "🔴 " + i.Facts.Title
}

// body is the message, one sentence or two to a line.
func body(i incident.Incident, quiet bool, s sizes) []line {
	f := i.Facts
	var lines []line
	switch {
	case f.Withdrawn && !i.Open():
		lines = []line{withdrawn(i), lasted(i, s)}
	case !i.Open():
		lines = []line{lasted(i, s)}
	case f.EndsAfter != nil:
		lines = []line{waits(i), since(i, s)}
	default:
		lines = []line{happens(i, s), since(i, s)}
	}
	if f.Reopened > 0 {
		lines = append(lines, say("Reopened ", times(f.Reopened), ": the fault comes and goes."))
	}
	if f.Alert == nil {
		lines = append(lines, budget(i))
	}
	if len(f.AlsoAffected) > 0 {
		lines = append(lines, say("Also affected, without an incident of their own: "+list(f.AlsoAffected, s.list)+"."))
	}
	if i.Open() && f.Frozen != "" {
		lines = append(lines, say(bold("Frozen"), ": ", f.Frozen, ". Figures may be incomplete, and this stays open until telemetry is back."))
	}
	return slices.Concat(lines, evidence(f), people(i, quiet, s))
}

// evidence is what the bad events have in common.
func evidence(f incident.Facts) []line {
	var lines []line
	var most []line
	if f.ErrorType != "" {
		most = append(most, say("Most frequent error: ", bold(f.ErrorType)))
	}
	if f.Dependency != "" {
		most = append(most, say("Failing dependency: ", bold(f.Dependency)))
	}
	if len(most) > 0 {
		lines = append(lines, say(join(most, ". "), "."))
	}
	for _, d := range f.Diagnosis[:min(len(f.Diagnosis), maxDiagnosis)] {
		lines = append(lines, say("• ", d))
	}
	return lines
}

func renderLinks(i incident.Incident, links notify.Links) line {
	all := []span{
		{text: "Runbook", url: links.RunbookURL(cmp.Or(i.Facts.Runbook, i.Rule))},
		{text: "Dashboard", url: links.DashboardURL(i)},
		{text: "Status page", url: links.StatusURL(i)},
	}
	for n, id := range i.Facts.Traces[:min(len(i.Facts.Traces), maxTraces)] {
		all = append(all, span{text: fmt.Sprintf("Example trace %d", n+1), url: links.TraceURL(id)})
	}
	var known []line
	for _, l := range all {
		if l.url != "" && len(l.url) <= maxURL {
			known = append(known, say(l))
		}
	}
	return join(known, " · ")
}

// rule is the small print: which rule and when it fires; as of when; which incident.
func rule(i incident.Incident) []line {
	id := "incident " + i.ID
	if i.Facts.Scale > 1 {
		id += fmt.Sprintf(" · windows ÷%d", i.Facts.Scale)
	}
	return []line{
		say(i.Rule, ": ", condition(i.Facts)),
		say("as of ", span{at: i.UpdatedAt, now: i.UpdatedAt}),
		say(id),
	}
}

// noted is a text that alertingd wrote, after the mention of whom it is for.
func noted(n notify.Note, quiet bool) message {
	lines := strings.Split(strings.TrimSpace(n.Text), "\n")
	for k := range lines {
		lines[k] = literal(lines[k], maxSection)
	}
	text := lines[0]
	for _, l := range lines[1:] {
		if len([]rune(text))+len([]rune(l)) >= maxSection {
			break
		}
		text += "\n" + l
	}
	text = cmp.Or(text, "(no text)")
	var mention line
	if who := person("", n.Mention, quiet); who.user != "" {
		mention = say(who, " ")
	}
	whole := sizes{span: maxSection}
	rich := append(elements([]line{mention}, whole), slackapi.NewRichTextSectionTextElement(text, nil))
	lines = strings.Split(text, "\n")
	for k := range lines {
		lines[k] = Mrkdwn(lines[k], maxSection)
	}
	alone := mention.mrkdwn(whole) + strings.Join(lines, "\n")
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
	by := line{span{text: "nobody has acknowledged it"}}
	if !i.Response.AcknowledgedAt.IsZero() {
		by = say("acknowledged by ", i.Response.Assignee)
	}
	return say(headline(i), " · since ", span{at: i.StartedAt, now: i.UpdatedAt}, " · ", by, " · ", i.Rule, " · ", i.ID).mrkdwn(sizes{span: maxHeader})
}
