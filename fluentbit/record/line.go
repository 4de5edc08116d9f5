package record

import (
	"encoding/json"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"jari.example/telemetry/names"
)

// Keys that the agents put beside a line: where it came from.
const (
	keyPath        = names.LogFilePath
	keyOffset      = names.LogFileOffset
	keyPartialID   = "partial_id"      // of a line that FireLens has split
	keyPartialPart = "partial_ordinal" // counts its pieces from 1
)

// Line is the record of one line of a process's output that the agent got at
// received; beside holds what the agent knows about its source. A JSON object
// is read as a line of ours. Anything else is a foreign line and becomes the
// body as it stands, without its line end.
//
// A piece of a line that was too long for FireLens stays a record of its own,
// and is never read as JSON. Joining those that happen to share a chunk would
// give the line one id when its sender repeats them in one message and others
// when it does not, and so lose or double it; pieces have ids of their own
// wherever they turn up, and partial_id with partial_ordinal puts them in order.
func Line(line string, received time.Time, beside map[string]any) Record {
	if isPiece(beside) {
		return lineRecord(map[string]any{names.Body: line}, line, received, beside)
	}
	line = strings.TrimRight(line, "\r\n")
	if !utf8.ValidString(line) { // the Collector hands it over like this: one line, one id
		line = string([]rune(line))
	}
	own, err := jsonObject(line)
	if err != nil {
		own = map[string]any{names.Body: line}
	}
	return lineRecord(own, line, received, beside)
}

// Blank tells a line that says nothing. Every host leaves those of a file out,
// because the Collector cannot but leave out empty ones.
func Blank(line string) bool { return strings.TrimSpace(line) == "" }

// isPiece needs both: pieces that share an id and lack a number are told apart
// like any other foreign lines.
func isPiece(beside map[string]any) bool {
	return scalarText(beside[keyPartialID]) != "" && scalarText(beside[keyPartialPart]) != ""
}

// lineRecord is the record of a line whose fields are known already.
func lineRecord(own map[string]any, line string, received time.Time, beside map[string]any) Record {
	r := Record{Signal: Log, Received: received, Attributes: own, isLine: true, origin: origin(line, beside)}
	for k, v := range beside {
		if _, taken := own[k]; !taken {
			own[k] = v
		}
	}
	if t, err := time.Parse(time.RFC3339Nano, scalarText(own[names.Time])); err == nil {
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
	if isPiece(beside) {
		return "partial\x00" + scalarText(beside[keyPartialID]) + "\x00" + scalarText(beside[keyPartialPart])
	}
	path, offset := scalarText(beside[keyPath]), scalarText(beside[keyOffset])
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

// scalarText is v as a string if it is a scalar, else "".
func scalarText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case nil, []any, map[string]any, []byte:
		return ""
	default:
		return string(appendValue(nil, v))
	}
}
