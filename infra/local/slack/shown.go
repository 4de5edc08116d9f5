package slack

import (
	"encoding/json"
	"strings"
)

// Link is a link in a message.
type Link struct{ Text, URL string }

// part is a block or a part of one, in the fields that show something
// (https://docs.slack.dev/reference/block-kit/blocks/rich-text-block).
type part struct {
	Type     string          `json:"type"`
	Text     json.RawMessage `json:"text"` // a string, or an object that has one
	URL      string          `json:"url"`
	UserID   string          `json:"user_id"`
	Fallback string          `json:"fallback"` // of a date
	AltText  string          `json:"alt_text"` // of an image
	Elements []part          `json:"elements"`
}

func (p part) text() string {
	var plain string
	var object struct{ Text string }
	if json.Unmarshal(p.Text, &plain) != nil {
		_ = json.Unmarshal(p.Text, &object) // neither: it shows no text
	}
	return plain + object.Text + p.Fallback + p.AltText
}

// each calls do for p and what it contains, in the order of reading.
func (p part) each(do func(part)) {
	do(p)
	for _, e := range p.Elements {
		e.each(do)
	}
}

func (m Message) parts() (all []part) {
	_ = json.Unmarshal(m.Blocks, &all) // a message without blocks has none
	return all
}

// Shown is what a reader sees of the blocks: a line for each block and each item
// of a list, and what stands beside each other in a context with dots between.
func (m Message) Shown() string {
	var lines []string
	for _, block := range m.parts() {
		line := ""
		block.each(func(p part) {
			switch {
			case line == "":
			case p.Type == "rich_text_section", p.Type == "rich_text_preformatted":
				line += "\n"
			case block.Type == "context":
				line += " · "
			}
			line += p.text()
		})
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// Links are the links of the blocks.
func (m Message) Links() (all []Link) {
	for _, block := range m.parts() {
		block.each(func(p part) {
			if p.URL != "" {
				all = append(all, Link{p.text(), p.URL})
			}
		})
	}
	return all
}

// Mentions reports whether Slack notifies this user of the message.
func (m Message) Mentions(user string) (found bool) {
	for _, block := range m.parts() {
		block.each(func(p part) { found = found || p.Type == "user" && p.UserID == user })
	}
	return found
}
