package record

import (
	"encoding/json"
	"io"
	"strings"
	"time"

	"jari.example/telemetry/names"
)

// Keys that the agents put beside a line: where it came from.
const (
	keyPath        = "log.file.path"
	keyOffset      = "log.file.record_offset"
	keyPartialID   = "partial_id"
	keyPartialPart = "partial_ordinal"
)

// Line is the record of one line of a process's output that the agent got at
// received; beside holds what the agent knows about its source. A JSON object
// is read as a line of ours. Anything else is a foreign line and becomes the
// body as it stands.
func Line(line string, received time.Time, beside map[string]any) Record {
	own, err := jsonObject(line)
	if err != nil {
		own = map[string]any{names.Body: strings.TrimRight(line, "\r\n")}
	}
	return lineRecord(own, line, received, beside)
}

// lineRecord is the record of a line whose fields are known already.
func lineRecord(own map[string]any, line string, received time.Time, beside map[string]any) Record {
	r := Record{Signal: Log, Received: received, Attributes: own, origin: origin(line, beside)}
	for k, v := range beside {
		if _, taken := own[k]; !taken {
			own[k] = v
		}
	}
	if t, err := time.Parse(time.RFC3339Nano, text(own[names.Time])); err == nil {
		r.Time = t.UTC()
		delete(own, names.Time)
	}
	if own[names.Body] == nil {
		own[names.Body] = foreignBody(own, line)
	}
	return r
}

// foreignBody finds the sentence in a JSON line that is not ours.
func foreignBody(own map[string]any, line string) any {
	for _, k := range []string{"msg", "message"} {
		if s, ok := own[k].(string); ok {
			delete(own, k)
			return s
		}
	}
	return line
}

// origin identifies a line by its place in its source, or is "".
func origin(line string, beside map[string]any) string {
	if id := text(beside[keyPartialID]); id != "" {
		return "partial\x00" + id + "\x00" + text(beside[keyPartialPart])
	}
	path, offset := text(beside[keyPath]), text(beside[keyOffset])
	if path == "" || offset == "" {
		return ""
	}
	// The text is part of it because a file may be replaced under its name.
	return "file\x00" + path + "\x00" + offset + "\x00" + line
}

// jsonObject reads line as one JSON object; numbers keep every digit.
func jsonObject(line string) (map[string]any, error) {
	if !strings.HasPrefix(strings.TrimLeft(line, " \t"), "{") {
		return nil, io.ErrUnexpectedEOF
	}
	d := json.NewDecoder(strings.NewReader(line))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, io.ErrNoProgress
	}
	return m, nil
}

// text is v as a string if it is a scalar, else "".
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case nil, []any, map[string]any, []byte:
		return ""
	default:
		return string(appendValue(nil, v))
	}
}
