package slacktest

import (
	"encoding/json"
	"fmt"
	"strings"

	slackapi "github.com/slack-go/slack"
)

// Shown is what a reader sees of blocks, one paragraph for each: bold text between
// stars, a link as [text](url), a mention as @ID, a time as its fallback, a button as
// [text], an image as [image: its alternative text]. A block of another kind than ours is an error.
func Shown(blocks []slackapi.Block) (string, error) {
	var paragraphs []string
	for _, b := range blocks {
		switch b := b.(type) {
		case *slackapi.HeaderBlock:
			paragraphs = append(paragraphs, b.Text.Text)
		case *slackapi.RichTextBlock:
			text, err := richText(b)
			if err != nil {
				return "", err
			}
			paragraphs = append(paragraphs, text)
		case *slackapi.ContextBlock:
			var texts []string
			for _, e := range b.ContextElements.Elements {
				texts = append(texts, e.(*slackapi.TextBlockObject).Text)
			}
			paragraphs = append(paragraphs, strings.Join(texts, " · "))
		case *slackapi.ActionBlock:
			var texts []string
			for _, e := range b.Elements.ElementSet {
				texts = append(texts, "["+e.(*slackapi.ButtonBlockElement).Text.Text+"]")
			}
			paragraphs = append(paragraphs, strings.Join(texts, " "))
		case *slackapi.ImageBlock:
			paragraphs = append(paragraphs, "[image: "+b.AltText+"]")
		default:
			return "", fmt.Errorf("a block of the type %T is not ours", b)
		}
	}
	// Neighbours in bold type look like one.
	return strings.ReplaceAll(strings.Join(paragraphs, "\n\n"), "**", ""), nil
}

func richText(b *slackapi.RichTextBlock) (string, error) {
	var all strings.Builder
	for _, e := range b.Elements {
		switch e := e.(type) {
		case *slackapi.RichTextSection:
			for _, part := range e.Elements {
				all.WriteString(element(part))
			}
		case *slackapi.RichTextPreformatted:
			all.WriteString("\n| ")
			for _, part := range e.Elements {
				all.WriteString(element(part))
			}
		default:
			return "", fmt.Errorf("a rich text of the type %T is not ours", e)
		}
	}
	return all.String(), nil
}

func element(e slackapi.RichTextSectionElement) string {
	text, style := "", (*slackapi.RichTextSectionTextStyle)(nil)
	switch e := e.(type) {
	case *slackapi.RichTextSectionTextElement:
		text, style = e.Text, e.Style
	case *slackapi.RichTextSectionDateElement:
		text, style = *e.Fallback, e.Style
	case *slackapi.RichTextSectionUserElement:
		text, style = "@"+e.UserID, e.Style
	case *slackapi.RichTextSectionLinkElement:
		text, style = "["+e.Text+"]("+e.URL+")", e.Style
	}
	if style != nil && style.Bold {
		return "*" + text + "*"
	}
	return text
}

// Shown is what a reader sees of the message: its blocks, or its text without any.
func (m Message) Shown() string {
	var blocks slackapi.Blocks
	if json.Unmarshal([]byte(m.Blocks), &blocks) != nil || len(blocks.BlockSet) == 0 {
		return m.Text
	}
	shown, err := Shown(blocks.BlockSet)
	if err != nil {
		return err.Error()
	}
	return shown
}
