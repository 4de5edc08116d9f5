package slack

import (
	slackapi "github.com/slack-go/slack"

	"jari.example/alerting/incident"
)

// ActionBlock is the block_id of the buttons, and the others are their action_ids. The
// value of each is the incident's id.
const (
	ActionBlock               = "incident"
	ActionAcknowledge         = "acknowledge"
	ActionSilenceHour         = "silence_1h"
	ActionSilenceUntilResolve = "silence_until_resolved"
	ActionNotUseful           = "not_useful"
)

// buttons are what a reader of an open incident can do without leaving Slack.
func buttons(i incident.Incident) slackapi.Block {
	button := func(action, text string) *slackapi.ButtonBlockElement {
		return slackapi.NewButtonBlockElement(action, i.ID, plainText(text))
	}
	var all []slackapi.BlockElement
	if i.Response.AcknowledgedAt.IsZero() {
		all = append(all, button(ActionAcknowledge, "Acknowledge").WithStyle(slackapi.StylePrimary))
	}
	all = append(all,
		button(ActionSilenceHour, "Silence 1 h"),
		button(ActionSilenceUntilResolve, "Silence until resolved"),
		button(ActionNotUseful, "Not useful"))
	return slackapi.NewActionBlock(ActionBlock, all...)
}
