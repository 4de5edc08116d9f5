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
	Index, ID   string    // of the dead letter
	Time        time.Time // of the refused record
	TargetIndex string    // the index that the document was sent to; "" if it could not be decoded
	TargetID    string    // its id there
	Status      int
	Type        string
	Reason      string
	Document    []byte // what was refused, byte for byte
}

// Types that OpenSearch does not have. unreadable is input that package record could
// not decode. invalid is a document in the index that is not a dead letter: it must
// not hide the others.
const (
	unreadable = "unreadable"
	invalid    = "invalid"
)

func entryOf(index, id string, source []byte) Entry {
	e, err := parseEntry(index, id, source)
	if err != nil {
		return Entry{Index: index, ID: id, Type: invalid, Reason: err.Error(), Document: source}
	}
	return e
}

func parseEntry(index, id string, source []byte) (e Entry, err error) {
	var d map[string]any
	if err := json.Unmarshal(source, &d); err != nil {
		return e, fmt.Errorf("read dead letter %s: %w", id, err)
	}
	text := func(name string) string { s, _ := d[name].(string); return s }
	status, _ := d[names.DocRefusedStatus].(float64)
	e = Entry{
		Index: index, ID: id, TargetIndex: text(names.DocRefusedIndex), TargetID: text(names.DocRefusedID),
		Status: int(status), Type: text(names.DocRefusedType), Reason: text(names.DocRefusedReason),
		Document: []byte(text(names.DocRefused)),
	}
	if e.Time, err = time.Parse(time.RFC3339Nano, text(names.DocTime)); err != nil {
		return e, fmt.Errorf("read the time of dead letter %s: %w", id, err)
	}
	if bytes := text(names.DocRefusedBase64); bytes != "" {
		if e.Document, err = base64.StdEncoding.DecodeString(bytes); err != nil {
			return e, fmt.Errorf("read the document of dead letter %s: %w", id, err)
		}
	}
	return e, nil
}

// replayDocuments returns what a replay creates: the document as it was, or the
// documents that the present decoder makes of unreadable input. problem is set if
// there are none.
func (e Entry) replayDocuments() (docs []record.Document, problem string) {
	switch {
	case e.Type == unreadable:
		records, err := record.Decode(e.Document)
		if err != nil || len(records) == 0 {
			return nil, fmt.Sprintf("still unreadable: %v", err)
		}
		return record.Documents(records), ""
	case e.Type == invalid:
		return nil, "it is not a dead letter"
	case e.Type == ship.TooLarge && !json.Valid(e.Document):
		return nil, "only its beginning was kept"
	}
	return []record.Document{{Index: e.TargetIndex, ID: e.TargetID, Time: e.Time, Body: e.Document}}, ""
}

// targetFamily returns the target index without its date, for grouping.
func (e Entry) targetFamily() string {
	for _, i := range names.Indices {
		if _, ok := i.Ends(e.TargetIndex); ok {
			return i.Family + "*"
		}
	}
	return e.TargetIndex
}
