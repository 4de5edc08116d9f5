package slack

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	slackapi "github.com/slack-go/slack"
)

// Slack's limits, in characters unless something else is said. A message over one of
// them is refused as a whole, so that nobody would be notified.
const (
	maxBlocks = 50   // https://docs.slack.dev/reference/block-kit/blocks
	maxHeader = 150  // https://docs.slack.dev/reference/block-kit/blocks/header-block
	maxButton = 75   // https://docs.slack.dev/reference/block-kit/block-elements/button-element
	maxValue  = 2000 // of a button; the same page
	maxID     = 255  // action_id and block_id; the same page. Ours of incidents, too
	// maxContext is the number of elements.
	maxContext = 10 // https://docs.slack.dev/reference/block-kit/blocks/context-block
	// maxSection is the limit of a section's text. Slack states none for a text
	// within a rich text block, so the same is kept there.
	maxSection = 3000 // https://docs.slack.dev/reference/block-kit/blocks/section-block
	// maxText: Slack advises 4,000 and cuts at 40,000.
	maxText = 4000 // https://docs.slack.dev/reference/methods/chat.postMessage
	// maxMessage is the limit of all blocks together, of which Slack's reference says
	// nothing. Slack's developers name 12,000 characters of text, and a user measured
	// refusals from 13,172 on, with the containers of the texts counted:
	// https://github.com/slackapi/bolt-js/issues/2509. The JSON is longer than both
	// counts, so JSON below 12,000 is accepted.
	maxMessage = 12000
	// maxAlt is of an image block, and maxAltOfFile of a file. Slack allows 2,000 and 1,000;
	// nobody wants to hear that much.
	maxAlt       = 600  // https://docs.slack.dev/reference/block-kit/blocks/image-block
	maxAltOfFile = 1000 // https://docs.slack.dev/reference/methods/files.getUploadURLExternal
	// maxURL is ours: a longer address is no use to a reader, and is left out.
	maxURL = 1500
)

// sizes bound what comes from outside the program.
type sizes struct {
	span int // characters of one name, or of one sentence from a log
	list int // items of a list
}

// size is the number of characters of the blocks as JSON.
func size(blocks []slackapi.Block) int {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(blocks); err != nil {
		return maxMessage + 1
	}
	return utf8.RuneCount(b.Bytes())
}
