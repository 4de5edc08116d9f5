// Package outcome decides what a campaign against alerting has found. It compares what
// the database says with what the Slack simulator and the campaign have recorded, and
// does nothing else.
package outcome

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Expected is the message of an incident as the database has it at the end.
type Expected struct {
	Incident string          `json:"incident"`
	Text     string          `json:"text"`
	Blocks   json.RawMessage `json:"blocks"`
	Notes    []string        `json:"notes"` // of its thread, in any order
}

// Message is a message in the simulator.
type Message struct {
	Channel  string          `json:"channel"`
	TS       string          `json:"ts"`
	ThreadTS string          `json:"thread_ts"`
	Text     string          `json:"text"`
	Blocks   json.RawMessage `json:"blocks"`
	Metadata struct {
		Type    string `json:"event_type"`
		Payload struct {
			Incident string `json:"incident_id"`
		} `json:"event_payload"`
	} `json:"metadata"`
}

// reply reports whether m is in the thread of another message.
func (m Message) reply() bool { return m.ThreadTS != "" && m.ThreadTS != m.TS }

// Delivery is what became of the messages.
type Delivery struct {
	Lost       int // messages or notes that are not there, or do not say what the database says
	Duplicates int // messages or notes that are there once too often
	Findings   []string
}

// Compare looks for the message of each incident and for its notes. A message that does
// not say what the database says is lost, because its last update is.
func Compare(expected []Expected, found []Message) (d Delivery) {
	roots, notes := map[string][]Message{}, map[string][]Message{}
	for _, m := range found {
		id := m.Metadata.Payload.Incident
		if m.reply() {
			notes[id] = append(notes[id], m)
		} else {
			roots[id] = append(roots[id], m)
		}
	}
	for _, e := range expected {
		d.root(e, roots[e.Incident])
		d.notes(e, roots[e.Incident], notes[e.Incident])
		delete(roots, e.Incident)
		delete(notes, e.Incident)
	}
	for id, all := range roots {
		d.duplicate(len(all), "incident %q is not in the database and has %d messages", id, len(all))
	}
	for id, all := range notes {
		d.duplicate(len(all), "incident %q is not in the database and has %d notes", id, len(all))
	}
	return d
}

func (d *Delivery) lost(n int, format string, args ...any) {
	if n > 0 {
		d.Lost += n
		d.Findings = append(d.Findings, "lost: "+fmt.Sprintf(format, args...))
	}
}

func (d *Delivery) duplicate(n int, format string, args ...any) {
	if n > 0 {
		d.Duplicates += n
		d.Findings = append(d.Findings, "duplicate: "+fmt.Sprintf(format, args...))
	}
}

func (d *Delivery) root(e Expected, found []Message) {
	if len(found) == 0 {
		d.lost(1, "incident %s has no message", e.Incident)
		return
	}
	d.duplicate(len(found)-1, "incident %s has %d messages", e.Incident, len(found))
	for _, m := range found {
		if m.Text == e.Text && sameJSON(m.Blocks, e.Blocks) {
			return
		}
	}
	d.lost(1, "the message of incident %s says %q, the database %q", e.Incident, found[0].Text, e.Text)
}

// notes compares the notes in the thread of one of the incident's messages.
func (d *Delivery) notes(e Expected, roots, found []Message) {
	left := map[string]int{}
	for _, text := range e.Notes {
		left[text]++
	}
	threads := map[string]bool{}
	for _, m := range roots {
		threads[m.Channel+m.TS] = true
	}
	for _, m := range found {
		if !threads[m.Channel+m.ThreadTS] {
			d.duplicate(1, "the note %q of incident %s is in another thread", m.Text, e.Incident)
			continue
		}
		left[m.Text]--
	}
	for text, n := range left {
		d.lost(n, "incident %s lacks the note %q", e.Incident, text)
		d.duplicate(-n, "incident %s has the note %q %d times too often", e.Incident, text, -n)
	}
}

// sameJSON compares without the space between tokens.
func sameJSON(a, b json.RawMessage) bool {
	var x, y bytes.Buffer
	return json.Compact(&x, a) == nil && json.Compact(&y, b) == nil && bytes.Equal(x.Bytes(), y.Bytes())
}
