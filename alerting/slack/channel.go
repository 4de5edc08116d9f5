package slack

import (
	"context"
	"fmt"
	"strings"
	"sync"

	slackapi "github.com/slack-go/slack"

	"jari.example/alerting/incident"
	"jari.example/alerting/notify"
)

// channels are where messages go, by the address of a target. Slack accepts a name for
// posting, but reads history by id only.
type channels struct {
	client *slackapi.Client
	names  map[string]string // as configured: ids, or names with '#'
	mu     sync.Mutex
	ids    map[string]string // by name, as far as they were looked up
}

// of is the channel of a target, as configured.
func (c *channels) of(t incident.Target) (string, error) {
	name, ok := c.names[t.Address]
	if !ok {
		return "", &notify.Error{Outcome: notify.Misconfigured, Type: "no_channel",
			Err: fmt.Errorf("no Slack channel is configured for %q", t.Address)}
	}
	return name, nil
}

// id is the id of the channel of a target.
func (c *channels) id(ctx context.Context, t incident.Target) (string, error) {
	name, err := c.of(t)
	if err != nil || !strings.HasPrefix(name, "#") {
		return name, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if id, ok := c.ids[name]; ok {
		return id, nil
	}
	id, err := find(ctx, c.client, name)
	if err == nil {
		c.ids[name] = id
	}
	return id, err
}

// find looks up the id of a channel by its name, which begins with '#'.
func find(ctx context.Context, client *slackapi.Client, name string) (string, error) {
	var cursor string
	for range maxPages {
		all, next, err := client.GetConversationsContext(ctx, &slackapi.GetConversationsParameters{
			Cursor: cursor, Limit: pageSize, ExcludeArchived: true, Types: []string{"public_channel", "private_channel"},
		})
		if err != nil {
			return "", fmt.Errorf("look up the id of channel %s: %w", name, err)
		}
		for _, found := range all {
			if "#"+found.Name == name {
				return found.ID, nil
			}
		}
		if next == "" {
			return "", &notify.Error{Outcome: notify.Misconfigured, Type: "channel_not_found", Err: fmt.Errorf(
				"no channel %s is visible to the token: invite the bot, restore the channel, or correct the configured name", name)}
		}
		cursor = next
	}
	return "", fmt.Errorf("too many channels to find %s: configure its id", name)
}
