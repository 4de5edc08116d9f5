package slack

import (
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Channel is a channel. Its id is derived from its name, so that it is the same in
// every run.
type Channel struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Archived bool   `json:"archived"`
	Left     bool   `json:"left"` // the bot is not a member
}

func newChannel(name string) Channel {
	name = strings.TrimPrefix(strings.TrimSpace(name), "#")
	sum := sha256.Sum256([]byte(name))
	return Channel{ID: "C" + base32.StdEncoding.EncodeToString(sum[:])[:10], Name: name}
}

// Message is one message as Slack shows it. TS identifies it within its channel and
// never changes.
type Message struct {
	Type        string          `json:"type"`
	Channel     string          `json:"channel,omitempty"` // only in the simulator; Slack does not send it
	User        string          `json:"user"`
	BotID       string          `json:"bot_id"`
	AppID       string          `json:"app_id"`
	Team        string          `json:"team"`
	Text        string          `json:"text"`
	TS          string          `json:"ts"`
	ThreadTS    string          `json:"thread_ts,omitempty"`
	Broadcast   bool            `json:"reply_broadcast,omitempty"`
	ReplyCount  int             `json:"reply_count,omitempty"`
	LatestReply string          `json:"latest_reply,omitempty"`
	Edited      *Edited         `json:"edited,omitempty"`
	Revisions   int             `json:"revisions,omitempty"` // only in the simulator: number of updates
	OnlyFor     string          `json:"only_for,omitempty"`  // only in the simulator: who sees an ephemeral message
	Blocks      json.RawMessage `json:"blocks,omitempty"`
	Attachments json.RawMessage `json:"attachments,omitempty"`
	Metadata    json.RawMessage `json:"metadata,omitempty"`
}

// Edited has the user and the time of the last change.
type Edited struct {
	User string `json:"user"`
	TS   string `json:"ts"`
}

// isReply reports whether m is a reply in another message's thread.
func (m Message) isReply() bool { return m.ThreadTS != "" && m.ThreadTS != m.TS }

// store has the messages of all channels, sorted by ts. A ts is unique within the
// workspace and greater than all earlier ones.
type store struct {
	mu       sync.Mutex
	file     string
	now      func() time.Time
	channels []Channel
	last     int64 // microseconds of the newest ts
	messages []Message
}

type state struct {
	Last     int64     `json:"last"`
	Messages []Message `json:"messages"`
}

func openStore(file string, channels []string, now func() time.Time) (*store, error) {
	s := &store{file: file, now: now}
	for _, name := range channels {
		s.channels = append(s.channels, newChannel(name))
	}
	if file == "" {
		return s, nil
	}
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return s, os.MkdirAll(filepath.Dir(file), 0o755)
	} else if err != nil {
		return nil, err
	}
	var saved state
	if err := json.Unmarshal(b, &saved); err != nil {
		return nil, fmt.Errorf("%s: %w (delete it to start with empty channels)", file, err)
	}
	s.last, s.messages = saved.Last, saved.Messages
	return s, nil
}

// byID finds a channel by its id.
func (s *store) byID(id string) (Channel, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.channels, func(c Channel) bool { return c.ID == id })
	if i < 0 {
		return Channel{}, false
	}
	return s.channels[i], true
}

// find finds a channel by id, name or #name.
func (s *store) find(ref string) (Channel, bool) {
	if c, ok := s.byID(ref); ok {
		return c, true
	}
	return s.byID(newChannel(ref).ID)
}

// list returns the channels.
func (s *store) list() []Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.channels)
}

// set replaces the channel with the id of c.
func (s *store) set(c Channel) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.channels, func(o Channel) bool { return o.ID == c.ID })
	s.channels[i] = c
}

// add assigns a ts to m and stores it.
func (s *store) add(m Message) (Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.TS = s.nextTS()
	s.messages = append(s.messages, m)
	if i := s.index(m.Channel, m.ThreadTS); i >= 0 {
		parent := &s.messages[i]
		parent.ThreadTS, parent.LatestReply = parent.TS, m.TS
		parent.ReplyCount++
	}
	return m, s.save()
}

// change lets f edit the message ts of a channel. ok is false if there is none.
func (s *store) change(channel, ts string, f func(*Message)) (m Message, ok bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.index(channel, ts)
	if i < 0 {
		return Message{}, false, nil
	}
	f(&s.messages[i])
	s.messages[i].Edited = &Edited{User: botUser, TS: s.nextTS()}
	s.messages[i].Revisions++
	return s.messages[i], true, s.save()
}

// get returns the message ts of a channel.
func (s *store) get(channel, ts string) (Message, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.index(channel, ts)
	if i < 0 {
		return Message{}, false
	}
	return s.messages[i], true
}

// remove deletes the message ts of a channel. ok is false if there is none.
func (s *store) remove(channel, ts string) (ok bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.index(channel, ts)
	if i < 0 {
		return false, nil
	}
	s.messages = slices.Delete(s.messages, i, i+1)
	return true, s.save()
}

// in returns the channel's messages, oldest first.
func (s *store) in(channel string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Message
	for _, m := range s.messages {
		if m.Channel == channel {
			out = append(out, m)
		}
	}
	return out
}

func (s *store) index(channel, ts string) int {
	i, found := slices.BinarySearchFunc(s.messages, ts, func(m Message, ts string) int { return cmp.Compare(m.TS, ts) })
	if !found || s.messages[i].Channel != channel {
		return -1
	}
	return i
}

// nextTS returns the next ts. It has ten digits before the point until the year
// 2286, so two ts can be compared as strings.
func (s *store) nextTS() string {
	s.last = max(s.last+1, s.now().UnixMicro())
	return fmt.Sprintf("%010d.%06d", s.last/1e6, s.last%1e6)
}

func (s *store) save() error {
	if s.file == "" {
		return nil
	}
	b, err := json.Marshal(state{s.last, s.messages})
	if err != nil {
		return err
	}
	tmp := s.file + ".new"
	if err := os.WriteFile(tmp, b, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, s.file)
}
