package slack

import (
	slackapi "github.com/slack-go/slack"

	"jari.example/alerting/notify"
	"jari.example/alerting/wording"
)

// digest writes the daily digest. It mentions nobody. Of a system with many objectives it
// says less, until Slack takes it.
func digest(d notify.Digest, links notify.Links) message {
	title := wording.DigestTitle(d)
	short := mrkdwn(wording.Say(title, ": ", wording.DigestSummary(d)), sizes{span: maxHeader})
	var m message
	for _, bounds := range wording.DigestSizes {
		if m = composeDigest(d, links, title, short, bounds); size(m.blocks) <= maxMessage {
			break
		}
	}
	return m
}

func composeDigest(d notify.Digest, links notify.Links, title, short string, bounds wording.DigestSize) message {
	s := sizes{span: 400}
	if bounds.Names <= 10 {
		s.span = 120
	}
	lines, where := wording.Digest(d, links, bounds)
	lines = mentioned(lines, true)
	blocks := []slackapi.Block{
		slackapi.NewHeaderBlock(plainText(wording.Literal(title, maxHeader))),
		slackapi.NewRichTextBlock("", richSection(elements(lines, s))),
	}
	if len(where) > 0 && len(where[0].URL) <= maxURL {
		blocks = append(blocks, slackapi.NewRichTextBlock("", richSection(elements([]wording.Line{where}, s))))
	}
	return message{text: short, blocks: blocks, alone: alone(short, append(lines, where), s)}
}
