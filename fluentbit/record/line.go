package record

import (
	"encoding/json"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"jari.example/telemetry/names"
)

// Keys that the agents add to a line: its source.
const (
	keyPath        = names.LogFilePath
	keyOffset      = names.LogFileOffset
	keyPartialID   = "partial_id"      // of a line that FireLens has split
	keyPartialPart = "partial_ordinal" // counts its pieces from 1
)

// Line returns the record of one line of a process's output. received is when the
// agent received it, and source holds what the agent knows about its source. A JSON
// object is read as a line of our format. Any other line is a foreign line: its text,
// without the line end, becomes the body.
//
// A piece of a line that was too long for FireLens stays a record of its own and is
// never read as JSON. If pieces in one chunk were joined, the line's id would depend
// on whether its sender repeats them in one message, and the line would be lost or
// stored twice. A piece has the same id in every chunk, and partial_id with
// partial_ordinal puts the pieces in order.
func Line(line string, received time.Time, source map[string]any) Record {
	if isPiece(source) {
		return lineRecord(map[string]any{names.Body: line}, line, received, source)
	}
	line = strings.TrimRight(line, "\r\n")
	if !utf8.ValidString(line) { // the Collector passes it like this, and one line must have one id
		line = string([]rune(line))
	}
	own, ok := flatObject(line)
	if !ok {
		var err error
		if own, err = jsonObject(line); err != nil {
			own = map[string]any{names.Body: line}
		}
	}
	return lineRecord(own, line, received, source)
}

// Blank reports whether a line has no text. Both agents leave out blank lines of a
// file, because the Collector always leaves out empty ones.
func Blank(line string) bool { return strings.TrimSpace(line) == "" }

// isPiece requires both keys. Pieces with an id but without an ordinal are identified
// like any other foreign line.
func isPiece(source map[string]any) bool {
	return scalarText(source[keyPartialID]) != "" && scalarText(source[keyPartialPart]) != ""
}

// lineRecord returns the record of a line whose fields are already decoded. A line
// with a uid does not get its path and offset: only the id of other lines depends on
// them, and to index them was a sixth of OpenSearch's work for a line.
func lineRecord(own map[string]any, line string, received time.Time, source map[string]any) Record {
	r := Record{Signal: Log, Received: received, Attributes: own, isLine: true}
	placed := scalarText(own[names.RecordUID]) == ""
	if placed {
		r.origin = origin(line, source)
	}
	for k, v := range source {
		if _, exists := own[k]; !exists && (placed || k != keyPath && k != keyOffset) {
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

// foreignBody finds the message in a JSON line that is not of our format.
func foreignBody(own map[string]any, line string) any {
	for _, k := range []string{"msg", "message"} {
		if s, ok := own[k].(string); ok {
			delete(own, k)
			return s
		}
	}
	return line
}

// origin identifies a line by its place in its source; "" if the source allows none.
func origin(line string, source map[string]any) string {
	if isPiece(source) {
		return "partial\x00" + scalarText(source[keyPartialID]) + "\x00" + scalarText(source[keyPartialPart])
	}
	path, offset := scalarText(source[keyPath]), scalarText(source[keyOffset])
	if path == "" || offset == "" {
		return ""
	}
	// The text is included because another file may take the place of this one.
	return "file\x00" + path + "\x00" + offset + "\x00" + line
}

// jsonObject decodes line as one JSON object. Numbers keep every digit.
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

// scalarText returns v as a string if it is a scalar, else "".
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
