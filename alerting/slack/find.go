package slack

import (
	"context"
	"errors"
	"fmt"

	slackapi "github.com/slack-go/slack"
)

// Enough for 4,000 messages within the minutes of one retry.
const (
	pageSize = 200
	pages    = 20
)

// find looks for the message that an attempt with an unknown end may have
// left behind; nil when there is none.
func (s *Deliverer) find(ctx context.Context, d Delivery) (*slackapi.Message, error) {
	channel, err := s.channel.resolve(ctx, s.client)
	if err != nil {
		return nil, err
	}
	var cursor string
	for range pages {
		messages, next, err := s.page(ctx, d, channel, cursor)
		if err != nil {
			return nil, err
		}
		for _, m := range messages {
			if isOf(d, m.Metadata) {
				m.Channel = channel // history leaves it out
				return &m, nil
			}
		}
		if next == "" {
			return nil, nil
		}
		cursor = next
		pause(ctx, spacing)
	}
	return nil, errors.New("the channel's history is too long to search")
}

func (s *Deliverer) page(ctx context.Context, d Delivery, channel, cursor string) ([]slackapi.Message, string, error) {
	oldest := fmt.Sprintf("%.6f", float64(d.FirstTry.Add(-clockSkew).UnixMilli())/1000)
	if d.Kind == Reply {
		messages, _, next, err := s.client.GetConversationRepliesContext(ctx, &slackapi.GetConversationRepliesParameters{
			ChannelID: channel, Timestamp: d.Incident.MessageTS, Oldest: oldest, Cursor: cursor,
			Limit: pageSize, IncludeAllMetadata: true,
		})
		return messages, next, err
	}
	page, err := s.client.GetConversationHistoryContext(ctx, &slackapi.GetConversationHistoryParameters{
		ChannelID: channel, Oldest: oldest, Cursor: cursor, Limit: pageSize, IncludeAllMetadata: true,
	})
	if err != nil {
		return nil, "", err
	}
	return page.Messages, page.ResponseMetaData.NextCursor, nil
}

func isOf(d Delivery, m slackapi.SlackMetadata) bool {
	if m.EventPayload[keyIncident] != d.Incident.ID {
		return false
	}
	if d.Kind == Post {
		return m.EventType == eventIncident
	}
	return m.EventType == eventNote && fmt.Sprint(m.EventPayload[keyNote]) == fmt.Sprint(d.ID)
}
