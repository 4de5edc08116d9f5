package slack

import (
	"encoding/json"
	"slices"
	"testing"
)

func TestShowsTheTextAndTheLinksOfBlocks(t *testing.T) {
	m := Message{Blocks: json.RawMessage(`[
		{"type": "header", "text": {"type": "plain_text", "text": "Title"}},
		{"type": "rich_text", "elements": [
			{"type": "rich_text_section", "elements": [
				{"type": "text", "text": "at "}, {"type": "date", "fallback": "10:00"}, {"type": "user", "user_id": "U1"}, {"type": "link", "text": "page", "url": "https://a.example"}]},
			{"type": "rich_text_list", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "item"}]}]},
			{"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "level=ERROR"}]}]},
		{"type": "context", "elements": [{"type": "mrkdwn", "text": "as of"}, {"type": "plain_text", "text": "end"}]},
		{"type": "image", "alt_text": "Chart.", "slack_file": {"id": "F0123456789"}}]`)}
	if got := m.Shown(); got != "Title\nat 10:00page\nitem\nlevel=ERROR\nas of · end\nChart." {
		t.Errorf("shown %q", got)
	}
	if got := m.Links(); !slices.Equal(got, []Link{{"page", "https://a.example"}}) {
		t.Errorf("links %v", got)
	}
	if !m.Mentions("U1") || m.Mentions("U2") {
		t.Error("it mentions U1 only")
	}
	if plain := (Message{Text: "only text"}); plain.Shown() != "" || plain.Links() != nil {
		t.Errorf("a message without blocks shows %q", plain.Shown())
	}
}
