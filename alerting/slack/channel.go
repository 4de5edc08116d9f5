package slack

import (
	"context"
	"fmt"
	"strings"

	slackapi "github.com/slack-go/slack"
)

// channel is where messages go. Slack accepts a name for posting, but reads
// history by id only.
type channel struct {
	name string // as configured: an id, or a name with '#'
	id   string // "" until resolve has found it
}

func (c *channel) resolve(ctx context.Context, client *slackapi.Client) (string, error) {
	name, isName := strings.CutPrefix(c.name, "#")
	if !isName {
		return c.name, nil
	}
	var cursor string
	for range maxPages {
		if c.id != "" {
			return c.id, nil
		}
		all, next, err := client.GetConversationsContext(ctx, &slackapi.GetConversationsParameters{
			Cursor: cursor, Limit: pageSize, ExcludeArchived: true, Types: []string{"public_channel", "private_channel"},
		})
		if err != nil {
			return "", fmt.Errorf("look up the id of channel %s: %w", c.name, err)
		}
		for _, found := range all {
			if found.Name == name {
				c.id = found.ID
			}
		}
		if next == "" && c.id == "" {
			return "", fmt.Errorf("no channel %s is visible to the token: invite the bot, or correct -slack-channel", c.name)
		}
		cursor = next
	}
	return "", fmt.Errorf("too many channels to find %s: set -slack-channel to its id", c.name)
}
