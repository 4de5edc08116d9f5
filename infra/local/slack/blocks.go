package slack

import (
	"encoding/json"
	"slices"
	"unicode/utf8"
)

// Block is the part of Block Kit (https://docs.slack.dev/reference/block-kit/blocks)
// that the page shows.
type Block struct {
	Type      string    `json:"type"`
	BlockID   string    `json:"block_id"`
	Text      *Text     `json:"text"`
	Fields    []Text    `json:"fields"`
	Accessory *Element  `json:"accessory"`
	Elements  []Element `json:"elements"`
	AltText   string    `json:"alt_text"` // of an image, as the next two
	ImageURL  string    `json:"image_url"`
	SlackFile *struct {
		ID  string `json:"id"`
		URL string `json:"url"`
	} `json:"slack_file"`
}

// Text is a text object: mrkdwn or plain_text.
type Text struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// Element is an element of an actions, context or rich text block: a button, an image,
// a text, or a part of a rich text with elements of its own.
type Element struct {
	Type      string          `json:"type"`
	ActionID  string          `json:"action_id"`
	URL       string          `json:"url"`
	Value     string          `json:"value"`
	AltText   string          `json:"alt_text"`
	Raw       json.RawMessage `json:"text"` // a Text for a button, else a string
	UserID    string          `json:"user_id"`
	Timestamp int64           `json:"timestamp"`
	Format    string          `json:"format"`
	Style     json.RawMessage `json:"style"` // the name of a button's style, or the styles of a text
	Elements  []Element       `json:"elements"`
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

// ButtonStyle is "", "primary" or "danger".
func (e Element) ButtonStyle() (name string) {
	json.Unmarshal(e.Style, &name)
	return name
}

// Slack's limits on the content of a message.
const (
	maxText       = 40000
	maxBlocks     = 50
	maxHeader     = 150
	maxSection    = 3000
	maxFields     = 10
	maxField      = 2000
	maxElements   = 25 // in an actions block
	maxContext    = 10
	maxButtonText = 75
	maxValue      = 2000
	maxID         = 255 // of an action or a block
	maxAlt        = 2000
	// maxTotal is what was measured, of all blocks with their containers:
	// https://github.com/slackapi/bolt-js/issues/2509
	maxTotal = 13172
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
		if !b.valid() || len(b.BlockID) > maxID {
			return nil, apiError("invalid_blocks")
		}
	}
	if length(raw) > maxTotal {
		return nil, apiError("msg_blocks_too_long")
	}
	return blocks, nil
}

// length is the number of characters of JSON without needless escapes such as \u003c.
func length(raw json.RawMessage) (total int) {
	var v any
	json.Unmarshal(raw, &v)
	var each func(any)
	each = func(v any) {
		switch v := v.(type) {
		case string:
			total += utf8.RuneCountInString(v) + 2
		case []any:
			for _, e := range v {
				each(e)
				total++
			}
		case map[string]any:
			for name, e := range v {
				each(e)
				total += len(name) + 4
			}
		default:
			total += 5
		}
	}
	each(v)
	return total
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
		return len(b.Elements) > 0 && len(b.Elements) <= maxContext &&
			!slices.ContainsFunc(b.Elements, func(e Element) bool { return e.Type != "image" && !within(e.Label().Text, maxSection) })
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
	case "rich_text":
		return len(b.Elements) > 0 && !slices.ContainsFunc(b.Elements, func(e Element) bool { return !e.validContainer() })
	case "image":
		if !within(b.AltText, maxAlt) || (b.ImageURL == "") == (b.SlackFile == nil) || len(b.ImageURL) > maxSection {
			return false
		}
		// Only ids are simulated, and no URLs of files.
		return b.SlackFile == nil || hasOne(b.SlackFile.ID, b.SlackFile.URL) && fileID.MatchString(b.SlackFile.ID)
	case "divider", "markdown":
		return true
	}
	return false
}

func (e Element) valid() bool {
	if e.Type != "button" {
		return e.Type != ""
	}
	return e.Label().Type == "plain_text" && within(e.Label().Text, maxButtonText) && len(e.ActionID) <= maxID &&
		len(e.Value) <= maxValue && len(e.URL) <= 3000
}

// validContainer reports whether e is an element of a rich text block.
func (e Element) validContainer() bool {
	switch e.Type {
	case "rich_text_section", "rich_text_preformatted", "rich_text_quote":
		return !slices.ContainsFunc(e.Elements, func(p Element) bool { return !p.validPart() })
	case "rich_text_list":
		return !slices.ContainsFunc(e.Elements, func(p Element) bool { return !p.validContainer() })
	}
	return false
}

// validPart reports whether e is a part of a line of rich text.
func (e Element) validPart() bool {
	switch e.Type {
	case "text":
		return e.Label().Text != ""
	case "link":
		return e.URL != ""
	case "user":
		return userID.MatchString(e.UserID)
	case "date":
		return e.Timestamp > 0 && e.Format != ""
	case "emoji", "channel", "usergroup", "broadcast", "color", "team":
		return true
	}
	return false
}

// within reports whether s has 1 to n characters.
func within(s string, n int) bool { c := utf8.RuneCountInString(s); return c > 0 && c <= n }
