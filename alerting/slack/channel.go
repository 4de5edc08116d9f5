package slack

import (
	"context"
	"errors"
	"fmt"
	"strings"

	slackapi "github.com/slack-go/slack"
)

// channel is where to post. Slack posts to a name, but looks up history by id
// only.
type channel struct {
	name string // as configured: an id, or a name with '#'
	id   string // once known
}

func (c *channel) resolve(ctx context.Context, client *slackapi.Client) (string, error) {
	name, isName := strings.CutPrefix(c.name, "#")
	if !isName {
		return c.name, nil
	}
	var cursor string
	for range pages {
		if c.id != "" {
			return c.id, nil
		}
		all, next, err := client.GetConversationsContext(ctx, &slackapi.GetConversationsParameters{
			Cursor: cursor, Limit: pageSize, ExcludeArchived: true, Types: []string{"public_channel", "private_channel"},
		})
		if err != nil {
			return "", fmt.Errorf("look up channel %s: %w", c.name, err)
		}
		for _, found := range all {
			if found.Name == name {
				c.id = found.ID
			}
		}
		if next == "" && c.id == "" {
			return "", fmt.Errorf("there is no channel %s that the token may see", c.name)
		}
		cursor = next
	}
	return "", errors.New("too many channels to find " + c.name + ": configure its id")
}
