// Package deadletter reads, shows and replays what no index would take.
package deadletter

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"jari.example/fluentbit/record"
	"jari.example/fluentbit/ship"
	"jari.example/telemetry/names"
)

// Letter is one dead letter.
type Letter struct {
	Index, ID string    // its own
	Time      time.Time // when the refused event happened
	For       string    // the index it was meant for; "" where it could not be read
	ForID     string    // its id there
	Status    int
	Type      string
	Reason    string
	Document  []byte // what was refused, byte for byte
}

// unreadable is the type of what package record could make nothing of.
const unreadable = "unreadable"

func newLetter(index, id string, source []byte) (Letter, error) {
	var s struct {
		Time   time.Time `json:"@timestamp"`
		For    string    `json:"refused.index"`
		ForID  string    `json:"refused.id"`
		Status int       `json:"refused.status"`
		Type   string    `json:"refused.type"`
		Reason string    `json:"refused.reason"`
		Text   *string   `json:"refused.document"`
		Base64 string    `json:"refused.base64"`
	}
	if err := json.Unmarshal(source, &s); err != nil {
		return Letter{}, fmt.Errorf("read dead letter %s: %w", id, err)
	}
	l := Letter{Index: index, ID: id, Time: s.Time, For: s.For, ForID: s.ForID, Status: s.Status, Type: s.Type, Reason: s.Reason}
	if s.Text != nil {
		l.Document = []byte(*s.Text)
		return l, nil
	}
	var err error
	if l.Document, err = base64.StdEncoding.DecodeString(s.Base64); err != nil {
		return Letter{}, fmt.Errorf("read dead letter %s: %w", id, err)
	}
	return l, nil
}

// documents is what a replay creates: the document as it was or, of what could
// not be read, what today's decoder makes of it. why is set if that is nothing.
func (l Letter) documents() (docs []record.Document, why string) {
	switch {
	case l.Type == unreadable:
		records, err := record.Decode(l.Document)
		if err != nil || len(records) == 0 {
			return nil, fmt.Sprintf("still unreadable: %v", err)
		}
		for i := range records {
			docs = records[i].Documents(docs)
		}
		return docs, ""
	case l.Type == ship.TooLarge && !json.Valid(l.Document):
		return nil, "only its beginning was kept"
	}
	return []record.Document{{Index: l.For, ID: l.ForID, Time: l.Time, Body: l.Document}}, ""
}

// family is the index it was meant for without the date, for grouping.
func (l Letter) family() string {
	for _, i := range names.Indices {
		if _, ok := i.Ends(l.For); ok {
			return i.Family + "*"
		}
	}
	return l.For
}
