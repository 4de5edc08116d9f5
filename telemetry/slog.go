package telemetry

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"slices"
	"strconv"
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
	fields := make([]field, 0, 11+len(h.attrs)+r.NumAttrs())
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

	buffer := lines.Get().(*[]byte)
	defer lines.Put(buffer)
	*buffer = encode((*buffer)[:0], fields, math.MaxInt)
	if len(*buffer) > maxLine {
		*buffer = cut(*buffer, fields, fixed)
	}
	h.out.mu.Lock()
	defer h.out.mu.Unlock()
	_, err := h.out.w.Write(*buffer)
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
// Lines have a few dozen fields, so looking is cheaper than a map.
func unique(fields []field, fixed int) []field {
	kept := fields[:0]
	for _, f := range fields {
		switch i := slices.IndexFunc(kept, func(k field) bool { return k.name == f.name }); {
		case i < 0:
			kept = append(kept, f)
		case i >= fixed:
			kept[i] = f
		}
	}
	return kept
}

// cut encodes again with long values shortened and, should that not do, without
// the last attributes.
func cut(line []byte, fields []field, fixed int) []byte {
	fields = append(fields[:fixed:fixed], append([]field{{names.Truncated, slog.BoolValue(true)}}, fields[fixed:]...)...)
	for {
		line = encode(line[:0], fields, maxValue)
		if len(line) <= maxLine || len(fields) == fixed+1 {
			return line
		}
		fields = fields[:len(fields)-1]
	}
}

// lines are reused: each is as long as a thousand bytes, and a rush writes
// thousands of them a second.
var lines = sync.Pool{New: func() any { return new([]byte) }}

func encode(b []byte, fields []field, limit int) []byte {
	b = append(b, '{')
	for i, f := range fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, f.name)
		b = append(b, ':')
		b = appendValue(b, f.value, limit)
	}
	return append(b, "}\n"...)
}

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
		return appendString(b, v.Time().UTC().Format(time.RFC3339Nano))
	}
	return appendAny(b, v.Any(), limit)
}

func appendAny(b []byte, v any, limit int) []byte {
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
