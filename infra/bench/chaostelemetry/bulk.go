package main

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// entry is one document of a bulk request, with its action line.
type entry struct{ action, doc []byte }

func entries(body []byte) ([]entry, error) {
	lines := bytes.Split(bytes.TrimSuffix(body, []byte("\n")), []byte("\n"))
	if len(lines)%2 != 0 {
		return nil, fmt.Errorf("a bulk request has an odd number of lines: %d", len(lines))
	}
	list := make([]entry, len(lines)/2)
	for i := range list {
		list[i] = entry{lines[2*i], lines[2*i+1]}
	}
	return list, nil
}

func body(list []entry) []byte {
	var b bytes.Buffer
	for _, e := range list {
		b.Write(e.action)
		b.WriteByte('\n')
		b.Write(e.doc)
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// withoutID is the entry without its id, so that OpenSearch generates one.
func (e entry) withoutID() (entry, error) {
	var action map[string]map[string]any
	if err := json.Unmarshal(e.action, &action); err != nil {
		return e, err
	}
	for _, metadata := range action {
		delete(metadata, "_id")
	}
	line, err := json.Marshal(action)
	return entry{line, e.doc}, err
}

// items are the results in OpenSearch's response, one for each entry.
type items struct {
	Items []json.RawMessage `json:"items"`
}

var (
	itemCreated  = json.RawMessage(`{"create":{"status":201}}`)
	itemRejected = json.RawMessage(`{"create":{"status":429,"error":{"type":"rejected_execution_exception","reason":"injected fault"}}}`)
)

// created counts the entries that were created.
func (a response) created() int { return a.count(201) }

// count counts the entries with a status.
func (a response) count(status int) (n int) {
	var all struct {
		Items []struct {
			Create struct{ Status int }
		}
	}
	if json.Unmarshal(a.body, &all) != nil {
		return 0
	}
	for _, it := range all.Items {
		if it.Create.Status == status {
			n++
		}
	}
	return n
}
