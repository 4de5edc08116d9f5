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

// Entry is one dead letter.
type Entry struct {
	Index, ID   string    // its own
	Time        time.Time // when the refused event happened
	TargetIndex string    // the index it was meant for; "" where it could not be read
	TargetID    string    // its id there
	Status      int
	Type        string
	Reason      string
	Document    []byte // what was refused, byte for byte
}

// unreadable is the type of what package record could make nothing of, foreign
// of what is among the letters and is none: it must not hide those.
const (
	unreadable = "unreadable"
	invalid    = "foreign"
)

func entryOf(index, id string, source []byte) Entry {
	l, err := parseEntry(index, id, source)
	if err != nil {
		return Entry{Index: index, ID: id, Type: invalid, Reason: err.Error(), Document: source}
	}
	return l
}

func parseEntry(index, id string, source []byte) (l Entry, err error) {
	var d map[string]any
	if err := json.Unmarshal(source, &d); err != nil {
		return l, fmt.Errorf("read dead letter %s: %w", id, err)
	}
	text := func(name string) string { s, _ := d[name].(string); return s }
	status, _ := d[names.DocRefusedStatus].(float64)
	l = Entry{
		Index: index, ID: id, TargetIndex: text(names.DocRefusedIndex), TargetID: text(names.DocRefusedID),
		Status: int(status), Type: text(names.DocRefusedType), Reason: text(names.DocRefusedReason),
		Document: []byte(text(names.DocRefused)),
	}
	if l.Time, err = time.Parse(time.RFC3339Nano, text(names.DocTime)); err != nil {
		return l, fmt.Errorf("read the time of dead letter %s: %w", id, err)
	}
	if bytes := text(names.DocRefusedBase64); bytes != "" {
		if l.Document, err = base64.StdEncoding.DecodeString(bytes); err != nil {
			return l, fmt.Errorf("read the document of dead letter %s: %w", id, err)
		}
	}
	return l, nil
}

// replayDocuments is what a replay creates: the document as it was or, of what could
// not be read, what today's decoder makes of it. why is set if that is nothing.
func (l Entry) replayDocuments() (docs []record.Document, why string) {
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
	case l.Type == invalid:
		return nil, "it is no dead letter"
	case l.Type == ship.TooLarge && !json.Valid(l.Document):
		return nil, "only its beginning was kept"
	}
	return []record.Document{{Index: l.TargetIndex, ID: l.TargetID, Time: l.Time, Body: l.Document}}, ""
}

// targetFamily is the index it was meant for without the date, for grouping.
func (l Entry) targetFamily() string {
	for _, i := range names.Indices {
		if _, ok := i.Ends(l.TargetIndex); ok {
			return i.Family + "*"
		}
	}
	return l.TargetIndex
}
