package slack

import (
	"encoding/base64"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func (s *Server) authTest(arguments) (reply, error) {
	return reply{
		"url": "https://jari.slack.example/", "team": "Jari", "user": "jari",
		"team_id": team, "user_id": botUser, "bot_id": botID, "is_enterprise_install": false,
	}, nil
}

func (s *Server) postMessage(a arguments) (reply, error) {
	c, err := s.writable(a)
	if err != nil {
		return nil, err
	}
	m := Message{Type: "message", Channel: c.ID, User: botUser, BotID: botID, AppID: appID, Team: team,
		ThreadTS: a.str("thread_ts"), Broadcast: a.flag("reply_broadcast")}
	if err := m.fill(a, &s.files); err != nil {
		return nil, err
	}
	if m.Text == "" && empty(m.Blocks) && empty(m.Attachments) {
		return nil, apiError("no_text")
	}
	if m.ThreadTS != "" {
		parent, ok := s.store.get(c.ID, m.ThreadTS)
		if !ok || parent.isReply() {
			return nil, apiError("thread_not_found")
		}
	}
	if m, err = s.store.add(m); err != nil {
		return nil, err
	}
	return reply{"channel": c.ID, "ts": m.TS, "message": m.public(true)}, nil
}

// writable is the channel of a new message: by id or name, joined, and not archived.
func (s *Server) writable(a arguments) (Channel, error) {
	c, ok := s.store.find(a.str("channel"))
	switch {
	case !ok:
		return c, apiError("channel_not_found")
	case c.Archived:
		return c, apiError("is_archived")
	case c.Left:
		return c, apiError("not_in_channel")
	}
	return c, nil
}

// postEphemeral shows a message to one user. Slack keeps none in the history.
func (s *Server) postEphemeral(a arguments) (reply, error) {
	c, err := s.writable(a)
	if err != nil {
		return nil, err
	}
	if !userID.MatchString(a.str("user")) {
		return nil, apiError("user_not_in_channel")
	}
	m := Message{Type: "message", Channel: c.ID, User: botUser, BotID: botID, AppID: appID, Team: team, OnlyFor: a.str("user")}
	if err := m.fill(a, &s.files); err != nil {
		return nil, err
	}
	if m.Text == "" && empty(m.Blocks) {
		return nil, apiError("no_text")
	}
	m, err = s.store.add(m)
	return reply{"message_ts": m.TS}, err
}

// userID is the form of the ids of people.
var userID = regexp.MustCompile(`^[UW][A-Z0-9]+$`)

// remove deletes a message, or a reply. Slack keeps the replies of a deleted message.
func (s *Server) remove(a arguments) (reply, error) {
	c, ok := s.store.byID(a.str("channel"))
	if !ok {
		return nil, apiError("channel_not_found")
	}
	ok, err := s.store.remove(c.ID, a.str("ts"))
	if err == nil && !ok {
		err = apiError("message_not_found")
	}
	return reply{"channel": c.ID, "ts": a.str("ts")}, err
}

func (s *Server) update(a arguments) (reply, error) {
	c, ok := s.store.byID(a.str("channel"))
	if !ok {
		return nil, apiError("channel_not_found")
	}
	if c.Archived {
		return nil, apiError("is_inactive")
	}
	var next Message
	if err := next.fill(a, &s.files); err != nil {
		return nil, err
	}
	if !a.has("text") && !a.has("blocks") && !a.has("attachments") {
		return nil, apiError("no_text")
	}
	m, ok, err := s.store.change(c.ID, a.str("ts"), func(m *Message) {
		// Omitted arguments leave their part unchanged: a new text keeps the blocks.
		if a.has("text") {
			m.Text = next.Text
		}
		if a.has("blocks") {
			m.Blocks = next.Blocks
		}
		if a.has("attachments") {
			m.Attachments = next.Attachments
		}
		if a.has("metadata") {
			m.Metadata = next.Metadata
		}
	})
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, apiError("message_not_found")
	}
	return reply{"channel": c.ID, "ts": m.TS, "text": m.Text, "message": m.public(true)}, nil
}

// readable is the channel whose history is read: by id, and joined.
func (s *Server) readable(a arguments) (Channel, error) {
	c, ok := s.store.byID(a.str("channel"))
	switch {
	case !ok:
		return c, apiError("channel_not_found")
	case c.Left:
		return c, apiError("not_in_channel")
	}
	return c, nil
}

// history pages through a channel, newest first, without the replies in threads.
func (s *Server) history(a arguments) (reply, error) {
	c, err := s.readable(a)
	if err != nil {
		return nil, err
	}
	all := s.store.in(c.ID)
	all = slices.DeleteFunc(all, func(m Message) bool { return m.isReply() && !m.Broadcast || m.OnlyFor != "" })
	slices.Reverse(all)
	return pageOf(all, a, func(m Message, cursor string) bool { return m.TS <= cursor })
}

// replies pages through one thread, its first message included, oldest first.
func (s *Server) replies(a arguments) (reply, error) {
	c, err := s.readable(a)
	if err != nil {
		return nil, err
	}
	ts := a.str("ts")
	if _, ok := s.store.get(c.ID, ts); !ok {
		return nil, apiError("thread_not_found")
	}
	all := slices.DeleteFunc(s.store.in(c.ID), func(m Message) bool { return m.TS != ts && m.ThreadTS != ts })
	return pageOf(all, a, func(m Message, cursor string) bool { return m.TS >= cursor })
}

func (s *Server) conversations(a arguments) (reply, error) {
	out := []reply{}
	for _, c := range s.store.list() {
		if !c.Archived || !a.flag("exclude_archived") {
			out = append(out, c.public())
		}
	}
	return reply{"channels": out, "response_metadata": reply{"next_cursor": ""}}, nil
}

func (s *Server) info(a arguments) (reply, error) {
	c, ok := s.store.byID(a.str("channel"))
	if !ok {
		return nil, apiError("channel_not_found")
	}
	return reply{"channel": c.public()}, nil
}

func (c Channel) public() reply {
	return reply{"id": c.ID, "name": c.Name, "name_normalized": c.Name, "is_channel": true, "is_archived": c.Archived,
		"is_member": !c.Left, "num_members": 2}
}

const cursorPrefix = "next_ts:"

// pageOf returns one page of all, which is in display order. reached reports whether
// a message is at or after a cursor in that order.
func pageOf(all []Message, a arguments, reached func(m Message, cursor string) bool) (reply, error) {
	limit := 100
	if v := a.str("limit"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > 999 {
			return nil, apiError("invalid_limit")
		}
		limit = n
	}
	oldest, latest, inclusive := a.str("oldest"), a.str("latest"), a.flag("inclusive")
	within := func(ts string) bool {
		if inclusive && (ts == oldest || ts == latest) {
			return true
		}
		return (oldest == "" || later(ts, oldest)) && (latest == "" || later(latest, ts))
	}
	start := ""
	if v := a.str("cursor"); v != "" {
		b, err := base64.StdEncoding.DecodeString(v)
		ts, ok := strings.CutPrefix(string(b), cursorPrefix)
		if err != nil || !ok {
			return nil, apiError("invalid_cursor")
		}
		start = ts
	}
	messages, next := []Message{}, ""
	for _, m := range all {
		if !within(m.TS) || (start != "" && !reached(m, start)) {
			continue
		}
		if len(messages) == limit {
			next = base64.StdEncoding.EncodeToString([]byte(cursorPrefix + m.TS))
			break
		}
		messages = append(messages, m.public(a.flag("include_all_metadata")))
	}
	return reply{
		"messages": messages, "has_more": next != "", "pin_count": 0, "response_metadata": reply{"next_cursor": next},
	}, nil
}

// later reports whether ts a is after ts b. Callers may also give "0" or omit the
// fraction.
func later(a, b string) bool {
	x, err1 := strconv.ParseFloat(a, 64)
	y, err2 := strconv.ParseFloat(b, 64)
	return err1 == nil && err2 == nil && x > y
}

// public is m as the API shows it: without the fields that only the simulator has.
func (m Message) public(metadata bool) Message {
	m.Channel, m.Revisions = "", 0
	if !metadata {
		m.Metadata = nil
	}
	return m
}

// fill sets the content from the arguments and checks Slack's limits, and that the pictures
// that it shows are there.
func (m *Message) fill(a arguments, pictures *files) (err error) {
	if m.Text = a.str("text"); len([]rune(m.Text)) > maxText {
		return apiError("msg_too_long")
	}
	if m.Blocks, err = a.json("blocks"); err != nil {
		return err
	}
	if m.Attachments, err = a.json("attachments"); err != nil {
		return err
	}
	if m.Metadata, err = a.json("metadata"); err != nil {
		return err
	}
	blocks, err := parseBlocks(m.Blocks)
	if err != nil {
		return err
	}
	if !pictures.images(blocks) {
		return apiError("invalid_blocks")
	}
	if len(m.Metadata) == 0 || string(m.Metadata) == "{}" {
		m.Metadata = nil
		return nil
	}
	var meta struct {
		EventType    string         `json:"event_type"`
		EventPayload map[string]any `json:"event_payload"`
	}
	if json.Unmarshal(m.Metadata, &meta) != nil || meta.EventType == "" || meta.EventPayload == nil {
		return apiError("invalid_metadata_format")
	}
	return nil
}

func empty(v json.RawMessage) bool { return len(v) == 0 || string(v) == "[]" || string(v) == "null" }
