package jsonlog

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"
	"go.opentelemetry.io/otel/trace"

	"jari.example/telemetry/internal/jsonappend"
	"jari.example/telemetry/names"
)

// MaxLine is the largest size of a line in bytes: FireLens splits lines at 16 KiB.
const MaxLine = 15 << 10

const (
	maxValue = 12 << 10 // bytes that one value may keep once a line must be truncated
	minValue = 1 << 10  // values are not truncated below this; attributes are left out instead

	timeLayout = "2006-01-02T15:04:05.000000000Z"
	lineEnd    = "}\n"
)

// header holds the fixed fields of a line.
type header struct {
	record   *slog.Record
	uid      ulid.ULID
	span     trace.SpanContext
	identity []byte // of the process, encoded
}

// isFixed reports whether name is a fixed field's.
func isFixed(name string) bool {
	switch name {
	case names.Time, names.SeverityText, names.SeverityNumber, names.Body, names.RecordUID,
		names.ServiceName, names.ServiceInstanceID, names.ServiceVersion, names.CloudRegion,
		names.TraceID, names.SpanID, names.Truncated:
		return true
	}
	return false
}

// appendTo appends the beginning of the line, up to its first attribute. The
// body is truncated to limit bytes.
func (h *header) appendTo(b []byte, limit int) []byte {
	text, number := severity(h.record.Level)
	b = append(b, '{')
	if !h.record.Time.IsZero() {
		b = append(appendName(b, names.Time), '"')
		b = append(h.record.Time.UTC().AppendFormat(b, timeLayout), `",`...)
	}
	b = jsonappend.String(appendName(b, names.SeverityText), text)
	b = strconv.AppendInt(appendName(append(b, ','), names.SeverityNumber), number, 10)
	b = jsonappend.String(appendName(append(b, ','), names.Body), truncate(h.record.Message, limit))
	b = appendUID(appendName(append(b, ','), names.RecordUID), h.uid)
	b = append(b, h.identity...)
	if h.span.IsValid() {
		traceID, spanID := h.span.TraceID(), h.span.SpanID()
		b = jsonappend.Hex(appendName(append(b, ','), names.TraceID), traceID[:])
		b = jsonappend.Hex(appendName(append(b, ','), names.SpanID), spanID[:])
	}
	return b
}

// appendTruncated appends a line of at most MaxLine bytes. It halves the limit
// per value until all fields fit; at minValue it leaves out the fields that
// still do not.
func (h *header) appendTruncated(line []byte, fields []field) []byte {
	for limit := maxValue; ; limit /= 2 {
		line = h.appendTo(line[:0], limit)
		line = strconv.AppendBool(appendName(append(line, ','), names.Truncated), true)
		complete := len(line) <= MaxLine-len(lineEnd)
		for i := range fields {
			before := len(line)
			line = appendFields(line, fields[i:i+1], limit)
			if len(line) > MaxLine-len(lineEnd) {
				line, complete = line[:before], false
			}
		}
		if complete || limit <= minValue {
			return append(line, lineEnd...)
		}
	}
}

// severity returns OpenTelemetry's severity text and number.
func severity(l slog.Level) (text string, number int64) {
	switch {
	case l < slog.LevelInfo:
		return "DEBUG", 5
	case l < slog.LevelWarn:
		return "INFO", 9
	case l < slog.LevelError:
		return "WARN", 13
	case l < LevelFatal:
		return "ERROR", 17
	}
	return "FATAL", 21
}

// newUID returns the id of a line: its time and 80 random bits, without a lock.
func newUID(t time.Time) (id ulid.ULID) {
	if t.IsZero() {
		t = time.Now()
	}
	_ = id.SetTime(ulid.Timestamp(t)) // fails only after the year 10889
	binary.BigEndian.PutUint16(id[6:], uint16(rand.Uint32()))
	binary.BigEndian.PutUint64(id[8:], rand.Uint64())
	return id
}

func appendUID(b []byte, id ulid.ULID) []byte {
	b = append(b, '"')
	n := len(b)
	b = append(b, make([]byte, ulid.EncodedSize)...)
	_ = id.MarshalTextTo(b[n:]) // fails only for another size
	return append(b, '"')
}

// appendFields appends each field with a comma before it, string values
// truncated to limit bytes.
func appendFields(b []byte, fields []field, limit int) []byte {
	for i := range fields {
		b = appendName(append(b, ','), fields[i].name)
		b = appendValue(b, fields[i].value, limit)
	}
	return b
}

func appendName(b []byte, name string) []byte { return append(jsonappend.String(b, name), ':') }

func appendValue(b []byte, v slog.Value, limit int) []byte {
	switch v.Kind() {
	case slog.KindString:
		return jsonappend.String(b, truncate(v.String(), limit))
	case slog.KindInt64:
		return strconv.AppendInt(b, v.Int64(), 10)
	case slog.KindUint64:
		return strconv.AppendUint(b, v.Uint64(), 10)
	case slog.KindBool:
		return strconv.AppendBool(b, v.Bool())
	case slog.KindFloat64:
		return jsonappend.Float(b, v.Float64())
	case slog.KindDuration:
		return jsonappend.Float(b, v.Duration().Seconds())
	case slog.KindTime:
		return append(v.Time().UTC().AppendFormat(append(b, '"'), time.RFC3339Nano), '"')
	}
	return appendAny(b, v.Any(), limit)
}

// appendAny appends a value through its own methods. If they panic, as those of
// a nil pointer may, the panic becomes the value: it must not end the request
// that logged it.
func appendAny(b []byte, v any, limit int) (appended []byte) {
	defer func() {
		if p := recover(); p != nil {
			appended = jsonappend.String(b, truncate(fmt.Sprintf("!PANIC: %v", p), limit))
		}
	}()
	if err, ok := v.(error); ok {
		return jsonappend.String(b, truncate(err.Error(), limit))
	}
	encoded, err := json.Marshal(v)
	switch {
	case err != nil:
		return jsonappend.String(b, truncate(fmt.Sprint(v), limit))
	case len(encoded) > limit:
		return jsonappend.String(b, truncate(string(encoded), limit))
	}
	return append(b, encoded...)
}

// truncate shortens s to at most limit bytes, at the start of a rune, and marks
// that with an ellipsis.
func truncate(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit] + "…"
}
