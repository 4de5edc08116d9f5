package slack

import (
	"encoding/json"
	"unicode/utf8"
)

// Block is the part of Block Kit (https://api.slack.com/reference/block-kit) that
// the page shows.
type Block struct {
	Type      string    `json:"type"`
	BlockID   string    `json:"block_id"`
	Text      *Text     `json:"text"`
	Fields    []Text    `json:"fields"`
	Accessory *Element  `json:"accessory"`
	Elements  []Element `json:"elements"`
}

// Text is a text object: mrkdwn or plain_text.
type Text struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// Element is an element of an actions or context block: a button, image or text.
type Element struct {
	Type     string          `json:"type"`
	ActionID string          `json:"action_id"`
	URL      string          `json:"url"`
	Value    string          `json:"value"`
	Style    string          `json:"style"`
	AltText  string          `json:"alt_text"`
	Raw      json.RawMessage `json:"text"` // a string in a context block's text, else a Text
}

// Label is the text of an element.
func (e Element) Label() Text {
	var t Text
	if json.Unmarshal(e.Raw, &t) == nil {
		return t
	}
	t = Text{Type: e.Type}
	json.Unmarshal(e.Raw, &t.Text)
	return t
}

// Slack's limits on the content of a message.
const (
	maxBlocks     = 50
	maxHeader     = 150
	maxSection    = 3000
	maxFields     = 10
	maxField      = 2000
	maxElements   = 25 // in an actions block
	maxContext    = 10
	maxButtonText = 75
	maxValue      = 2000
)

// parseBlocks reads blocks and rejects what Slack would reject.
func parseBlocks(raw json.RawMessage) ([]Block, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var blocks []Block
	if json.Unmarshal(raw, &blocks) != nil {
		return nil, apiError("invalid_blocks_format")
	}
	if len(blocks) > maxBlocks {
		return nil, apiError("invalid_blocks")
	}
	for _, b := range blocks {
		if !b.valid() {
			return nil, apiError("invalid_blocks")
		}
	}
	return blocks, nil
}

func (b Block) valid() bool {
	switch b.Type {
	case "header":
		return b.Text != nil && b.Text.Type == "plain_text" && within(b.Text.Text, maxHeader)
	case "section":
		if (b.Text == nil && len(b.Fields) == 0) || len(b.Fields) > maxFields {
			return false
		}
		for _, f := range b.Fields {
			if !within(f.Text, maxField) {
				return false
			}
		}
		return (b.Text == nil || within(b.Text.Text, maxSection)) && (b.Accessory == nil || b.Accessory.valid())
	case "context":
		return len(b.Elements) > 0 && len(b.Elements) <= maxContext
	case "actions":
		if len(b.Elements) == 0 || len(b.Elements) > maxElements {
			return false
		}
		seen := map[string]bool{}
		for _, e := range b.Elements {
			if !e.valid() || (e.ActionID != "" && seen[e.ActionID]) {
				return false
			}
			seen[e.ActionID] = true
		}
		return true
	case "divider", "image", "rich_text", "markdown":
		return true
	}
	return false
}

func (e Element) valid() bool {
	if e.Type != "button" {
		return e.Type != ""
	}
	return e.Label().Type == "plain_text" && within(e.Label().Text, maxButtonText) && len(e.Value) <= maxValue && len(e.URL) <= 3000
}

// within reports whether s has 1 to n characters.
func within(s string, n int) bool { c := utf8.RuneCountInString(s); return c > 0 && c <= n }
