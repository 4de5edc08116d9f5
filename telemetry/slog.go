package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"
	"go.opentelemetry.io/otel/trace"

	"jari.example/telemetry/names"
)

const (
	maxLine  = 15 << 10 // FireLens splits lines at 16 KiB
	maxValue = 2 << 10  // what one value may keep once a line must be cut
)

// handler writes each record as one JSON line: the fixed fields first, then
// attributes in the order they were given. A line is written by one Write.
type handler struct {
	out     *output
	level   slog.Level
	process []field // who the process is
	attrs   []field // from WithAttrs
	prefix  string  // from WithGroup, with its dot
}

type output struct {
	mu sync.Mutex
	w  io.Writer
}

type field struct {
	name  string
	value slog.Value
}

func newHandler(c Config, instance string) *handler {
	return &handler{out: &output{w: c.Output}, level: c.Level, process: []field{
		{names.ServiceName, slog.StringValue(c.Service)},
		{names.ServiceInstanceID, slog.StringValue(instance)},
		{names.ServiceVersion, slog.StringValue(c.Version)},
		{names.CloudRegion, slog.StringValue(c.Region)},
	}}
}

// Enabled implements slog.Handler.
func (h *handler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level }

// WithAttrs implements slog.Handler.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	c := *h
	c.attrs = append([]field{}, h.attrs...)
	for _, a := range attrs {
		c.attrs = flatten(c.attrs, h.prefix, a)
	}
	return &c
}

// WithGroup implements slog.Handler: groups become dotted names.
func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	c := *h
	c.prefix += name + "."
	return &c
}

// Handle implements slog.Handler.
func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	text, number := severity(r.Level)
	fields := make([]field, 0, 10+len(h.attrs)+r.NumAttrs())
	fields = append(fields,
		field{names.Time, slog.StringValue(r.Time.UTC().Format("2006-01-02T15:04:05.000000000Z"))},
		field{names.SeverityText, slog.StringValue(text)},
		field{names.SeverityNumber, slog.IntValue(number)},
		field{names.Body, slog.StringValue(r.Message)},
		field{names.RecordUID, slog.StringValue(ulid.Make().String())},
	)
	fields = append(fields, h.process...)
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		fields = append(fields,
			field{names.TraceID, slog.StringValue(sc.TraceID().String())},
			field{names.SpanID, slog.StringValue(sc.SpanID().String())})
	}
	fixed := len(fields)
	fields = append(fields, h.attrs...)
	r.Attrs(func(a slog.Attr) bool { fields = flatten(fields, h.prefix, a); return true })
	fields = unique(fields, fixed)

	line := encode(fields, math.MaxInt)
	if line.Len() > maxLine {
		line = cut(fields, fixed)
	}
	h.out.mu.Lock()
	defer h.out.mu.Unlock()
	_, err := h.out.w.Write(line.Bytes())
	return err
}

func severity(l slog.Level) (string, int) {
	switch {
	case l < slog.LevelInfo:
		return "DEBUG", 5
	case l < slog.LevelWarn:
		return "INFO", 9
	case l < slog.LevelError:
		return "WARN", 13
	}
	return "ERROR", 17
}

func flatten(to []field, prefix string, a slog.Attr) []field {
	v := a.Value.Resolve()
	if v.Kind() != slog.KindGroup {
		if a.Key == "" {
			return to
		}
		return append(to, field{prefix + a.Key, v})
	}
	if a.Key != "" {
		prefix += a.Key + "."
	}
	for _, inner := range v.Group() {
		to = flatten(to, prefix, inner)
	}
	return to
}

// unique keeps one field per name, since a JSON object with two is read
// differently by every reader: a fixed field wins, else the last one given.
func unique(fields []field, fixed int) []field {
	at := make(map[string]int, len(fields))
	kept := fields[:0]
	for _, f := range fields {
		if i, seen := at[f.name]; seen {
			if i >= fixed {
				kept[i] = f
			}
			continue
		}
		at[f.name] = len(kept)
		kept = append(kept, f)
	}
	return kept
}

// cut encodes again with long values shortened and, should that not do, without
// the last attributes.
func cut(fields []field, fixed int) *bytes.Buffer {
	fields = append(fields[:fixed:fixed], append([]field{{names.Truncated, slog.BoolValue(true)}}, fields[fixed:]...)...)
	for {
		line := encode(fields, maxValue)
		if line.Len() <= maxLine || len(fields) == fixed+1 {
			return line
		}
		fields = fields[:len(fields)-1]
	}
}

func encode(fields []field, limit int) *bytes.Buffer {
	b := new(bytes.Buffer)
	b.WriteByte('{')
	for i, f := range fields {
		if i > 0 {
			b.WriteByte(',')
		}
		writeString(b, f.name)
		b.WriteByte(':')
		writeValue(b, f.value, limit)
	}
	b.WriteString("}\n")
	return b
}

func writeValue(b *bytes.Buffer, v slog.Value, limit int) {
	switch v.Kind() {
	case slog.KindString:
		writeString(b, shorten(v.String(), limit))
	case slog.KindInt64, slog.KindUint64, slog.KindBool:
		b.WriteString(v.String())
	case slog.KindFloat64:
		writeFloat(b, v.Float64())
	case slog.KindDuration:
		writeFloat(b, v.Duration().Seconds())
	case slog.KindTime:
		writeString(b, v.Time().UTC().Format(time.RFC3339Nano))
	default:
		writeAny(b, v.Any(), limit)
	}
}

func writeAny(b *bytes.Buffer, v any, limit int) {
	if err, ok := v.(error); ok {
		writeString(b, shorten(err.Error(), limit))
		return
	}
	encoded, err := json.Marshal(v)
	switch {
	case err != nil:
		writeString(b, shorten(fmt.Sprint(v), limit))
	case len(encoded) > limit:
		writeString(b, shorten(string(encoded), limit))
	default:
		b.Write(encoded)
	}
}

func writeFloat(b *bytes.Buffer, f float64) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		writeString(b, fmt.Sprint(f))
		return
	}
	encoded, _ := json.Marshal(f)
	b.Write(encoded)
}

func writeString(b *bytes.Buffer, s string) {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s)         // a string always encodes
	b.Truncate(b.Len() - 1) // Encode ends with a newline
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
