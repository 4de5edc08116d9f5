package mail

import (
	"cmp"
	"strings"

	"jari.example/alerting/incident"
	"jari.example/alerting/notify"
	"jari.example/alerting/slo"
	"jari.example/alerting/wording"
)

// The most that a mail shows.
const (
	maxSubject = 150 // characters
	maxSpan    = 1000
	maxItems   = 20
	maxLines   = 200 // of a note
)

// about is the mail about an incident as it is now.
func about(i incident.Incident, links notify.Links) (subject, text string) {
	subject = wording.Literal(wording.Headline(i), maxSubject)
	t := paragraphs{subject}
	t.add(wording.Body(i, maxItems)...)
	if i.Facts.LogLine != "" {
		t.add(wording.Say("An example from the log: ", i.Facts.LogLine))
	}
	t.add(acknowledge(i)...)
	t.addLinks(wording.Links(i, links))
	t.add(wording.Rule(i)...)
	return subject, t.String()
}

// acknowledge is how a reader without Slack takes the incident over.
func acknowledge(i incident.Incident) []wording.Line {
	if !i.Open() || i.Severity != slo.Page || !i.Response.AcknowledgedAt.IsZero() {
		return nil
	}
	return []wording.Line{wording.Say("To acknowledge it: the button in Slack, the status page, or alertingd ack ", i.ID)}
}

// reply is the mail with a note about an incident.
func reply(d notify.Delivery, links notify.Links) (subject, text string) {
	i := d.Incident
	subject = wording.Literal("Re: "+wording.Headline(i), maxSubject)
	t := paragraphs{note(d.Note)}
	if where := links.StatusURL(i); where != "" {
		t.addLinks([]wording.Span{{Text: "Status page", URL: where}})
	}
	t.add(wording.Say(i.Rule, ", incident ", i.ID))
	return subject, t.String()
}

// notice is the mail with a note that belongs to no incident. Its first line is the
// subject.
func notice(n notify.Note) (subject, text string) {
	text = cmp.Or(note(n), "(no text)")
	first, _, _ := strings.Cut(text, "\n")
	return wording.Literal(first, maxSubject), text + "\n"
}

// digest is the mail with the daily digest.
func digest(d notify.Digest, links notify.Links) (subject, text string) {
	subject = wording.Literal(wording.DigestTitle(d), maxSubject)
	lines, where := wording.Digest(d, links, wording.DigestSizes[0])
	t := paragraphs{subject}
	t.add(lines...)
	t.addLinks(where)
	return subject, t.String()
}

// note is the text of a note, each line by itself.
func note(n notify.Note) string {
	lines := strings.Split(strings.TrimSpace(n.Text), "\n")
	if len(lines) > maxLines {
		lines = append(lines[:maxLines:maxLines], "…")
	}
	for k := range lines {
		lines[k] = wording.Literal(lines[k], maxSpan)
	}
	return strings.Join(lines, "\n")
}

// paragraphs are the parts of a text, with an empty line between.
type paragraphs []string

func (p *paragraphs) add(lines ...wording.Line) {
	var all []string
	for _, l := range lines {
		all = append(all, l.Plain(maxSpan))
	}
	if len(all) > 0 {
		*p = append(*p, strings.Join(all, "\n"))
	}
}

// addLinks adds each link with its address, which no reader of plain text sees otherwise.
func (p *paragraphs) addLinks(links []wording.Span) {
	var all []string
	for _, l := range links {
		all = append(all, l.Text+": "+wording.Literal(l.URL, 2*maxSpan))
	}
	if len(all) > 0 {
		*p = append(*p, strings.Join(all, "\n"))
	}
}

func (p *paragraphs) String() string { return strings.Join(*p, "\n\n") + "\n" }
