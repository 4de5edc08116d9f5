package telemetry

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

	"jari.example/telemetry/names"
)

const (
	maxLine  = 15 << 10 // FireLens splits lines at 16 KiB
	maxValue = 12 << 10 // what one value may keep once a line must be cut
	minValue = 1 << 10  // no value is cut below it; attributes are left out instead

	lineTime = "2006-01-02T15:04:05.000000000Z"
	lineEnd  = "}\n"
)

// event is what the fixed fields of a line say.
type event struct {
	r       *slog.Record
	uid     ulid.ULID
	span    trace.SpanContext
	process []byte // encoded
}

// isFixed tells the names of fixed fields.
func isFixed(name string) bool {
	switch name {
	case names.Time, names.SeverityText, names.SeverityNumber, names.Body, names.RecordUID,
		names.ServiceName, names.ServiceInstanceID, names.ServiceVersion, names.CloudRegion,
		names.TraceID, names.SpanID, names.Truncated:
		return true
	}
	return false
}

// appendTo appends the line's beginning, up to and without its first attribute.
func (e *event) appendTo(b []byte, limit int) []byte {
	text, number := severity(e.r.Level)
	b = append(b, '{')
	if !e.r.Time.IsZero() {
		b = append(appendName(b, names.Time), '"')
		b = append(e.r.Time.UTC().AppendFormat(b, lineTime), `",`...)
	}
	b = appendString(appendName(b, names.SeverityText), text)
	b = strconv.AppendInt(appendName(append(b, ','), names.SeverityNumber), number, 10)
	b = appendString(appendName(append(b, ','), names.Body), shorten(e.r.Message, limit))
	b = appendUID(appendName(append(b, ','), names.RecordUID), e.uid)
	b = append(b, e.process...)
	if e.span.IsValid() {
		traceID, spanID := e.span.TraceID(), e.span.SpanID()
		b = appendHex(appendName(append(b, ','), names.TraceID), traceID[:])
		b = appendHex(appendName(append(b, ','), names.SpanID), spanID[:])
	}
	return b
}

// cut encodes again with values only as long as all of them have room, and
// without those attributes that have none even when all are short.
func (e *event) cut(line []byte, fields []field) []byte {
	for limit := maxValue; ; limit /= 2 {
		line = e.appendTo(line[:0], limit)
		line = strconv.AppendBool(appendName(append(line, ','), names.Truncated), true)
		whole := len(line) <= maxLine-len(lineEnd)
		for i := range fields {
			before := len(line)
			line = appendFields(line, fields[i:i+1], limit)
			if len(line) > maxLine-len(lineEnd) {
				line, whole = line[:before], false
			}
		}
		if whole || limit <= minValue {
			return append(line, lineEnd...)
		}
	}
}

func severity(l slog.Level) (text string, number int64) {
	switch {
	case l < slog.LevelInfo:
		return "DEBUG", 5
	case l < slog.LevelWarn:
		return "INFO", 9
	case l < slog.LevelError:
		return "WARN", 13
	case l < levelFatal:
		return "ERROR", 17
	}
	return "FATAL", 21
}

// levelFatal is of the one line that says how the process ended.
const levelFatal = slog.LevelError + 4

// newUID makes a line's id: its time and 80 random bits, which no lock guards.
func newUID(t time.Time) (id ulid.ULID) {
	if t.IsZero() {
		t = time.Now()
	}
	_ = id.SetTime(ulid.Timestamp(t)) // fails after the year 10889
	binary.BigEndian.PutUint16(id[6:], uint16(rand.Uint32()))
	binary.BigEndian.PutUint64(id[8:], rand.Uint64())
	return id
}

func appendUID(b []byte, id ulid.ULID) []byte {
	b = append(b, '"')
	n := len(b)
	b = append(b, make([]byte, ulid.EncodedSize)...)
	_ = id.MarshalTextTo(b[n:]) // fails for another size alone
	return append(b, '"')
}

// appendFields appends each with a comma before it.
func appendFields(b []byte, fields []field, limit int) []byte {
	for i := range fields {
		b = appendName(append(b, ','), fields[i].name)
		b = appendValue(b, fields[i].value, limit)
	}
	return b
}

func appendName(b []byte, name string) []byte { return append(appendString(b, name), ':') }

func appendValue(b []byte, v slog.Value, limit int) []byte {
	switch v.Kind() {
	case slog.KindString:
		return appendString(b, shorten(v.String(), limit))
	case slog.KindInt64:
		return strconv.AppendInt(b, v.Int64(), 10)
	case slog.KindUint64:
		return strconv.AppendUint(b, v.Uint64(), 10)
	case slog.KindBool:
		return strconv.AppendBool(b, v.Bool())
	case slog.KindFloat64:
		return appendFloat(b, v.Float64())
	case slog.KindDuration:
		return appendFloat(b, v.Duration().Seconds())
	case slog.KindTime:
		return append(v.Time().UTC().AppendFormat(append(b, '"'), time.RFC3339Nano), '"')
	}
	return appendAny(b, v.Any(), limit)
}

// appendAny appends what a value says of itself. One that panics, as a nil
// pointer may, must not take the request with it that wanted to log it.
func appendAny(b []byte, v any, limit int) (appended []byte) {
	defer func() {
		if p := recover(); p != nil {
			appended = appendString(b, shorten(fmt.Sprintf("!PANIC: %v", p), limit))
		}
	}()
	if err, ok := v.(error); ok {
		return appendString(b, shorten(err.Error(), limit))
	}
	encoded, err := json.Marshal(v)
	switch {
	case err != nil:
		return appendString(b, shorten(fmt.Sprint(v), limit))
	case len(encoded) > limit:
		return appendString(b, shorten(string(encoded), limit))
	}
	return append(b, encoded...)
}

func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit] + "…"
}
