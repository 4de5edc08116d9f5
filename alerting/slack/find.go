package slack

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	slackapi "github.com/slack-go/slack"

	"jari.example/alerting/incident"
	"jari.example/alerting/notify"
	"jari.example/internal/wait"
)

// Enough for 4,000 messages within the minutes of one retry.
const (
	pageSize     = 200
	maxPages     = 20
	pageInterval = time.Second
	// clockSkew extends the search into the past: Slack's clock may be behind
	// ours.
	clockSkew = time.Minute
)

// Find implements notify.Notifier: it searches the channel, or for a note the
// thread, for the delivery's metadata.
func (n *Notifier) Find(ctx context.Context, d notify.Delivery) (ref incident.MessageRef, found bool, err error) {
	channel := d.Message.Channel
	if d.Kind != notify.Reply {
		if channel, err = n.channels.id(ctx, d.Target); err != nil {
			return ref, false, outcome(err, notify.Search)
		}
	}
	want := metadata(d)
	var cursor string
	for range maxPages {
		messages, next, err := n.page(ctx, d, channel, cursor)
		if err != nil {
			return ref, false, outcome(err, notify.Search)
		}
		for _, m := range messages {
			if m.Metadata.EventType == want.EventType && maps.Equal(m.Metadata.EventPayload, want.EventPayload) {
				return incident.MessageRef{Channel: channel, ID: m.Timestamp}, true, nil
			}
		}
		if next == "" {
			return ref, false, nil
		}
		cursor = next
		if err := wait.For(ctx, pageInterval); err != nil {
			return ref, false, err
		}
	}
	return ref, false, errors.New("the channel has too many messages to search")
}

func (n *Notifier) page(ctx context.Context, d notify.Delivery, channel, cursor string) ([]slackapi.Message, string, error) {
	oldest := fmt.Sprintf("%.6f", float64(d.FirstTry.Add(-clockSkew).UnixMilli())/1000)
	if d.Kind == notify.Reply {
		messages, _, next, err := n.client.GetConversationRepliesContext(ctx, &slackapi.GetConversationRepliesParameters{
			ChannelID: channel, Timestamp: d.Message.ID, Oldest: oldest, Cursor: cursor,
			Limit: pageSize, IncludeAllMetadata: true,
		})
		return messages, next, err
	}
	page, err := n.client.GetConversationHistoryContext(ctx, &slackapi.GetConversationHistoryParameters{
		ChannelID: channel, Oldest: oldest, Cursor: cursor, Limit: pageSize, IncludeAllMetadata: true,
	})
	if err != nil {
		return nil, "", err
	}
	return page.Messages, page.ResponseMetaData.NextCursor, nil
}
