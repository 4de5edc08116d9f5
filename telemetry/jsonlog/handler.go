// Package jsonlog is the slog handler of every process: one JSON object per
// line, at most [MaxLine] bytes, with fixed fields that attributes cannot
// replace. It allocates nothing of its own (docs/decisions/0014 compares it with
// slog.JSONHandler).
package jsonlog

import (
	"context"
	"io"
	"log/slog"
	"math"
	"slices"
	"sync"

	"go.opentelemetry.io/otel/trace"

	"jari.example/telemetry/names"
)

// LevelFatal is the level of the one line that reports how a process crashed.
const LevelFatal = slog.LevelError + 4

// Identity names the process that writes the lines.
type Identity struct{ Service, Instance, Version, Region string }

// Handler writes each record as one JSON line with one Write: the fixed fields
// first, then the attributes in the order they were given.
//
// What is known before a record arrives, the identity of the process and the
// attributes of WithAttrs, is encoded once. A line costs no allocation unless
// one of its values does.
type Handler struct {
	out      *output
	level    slog.Leveler
	identity []byte  // encoded
	attrs    []field // from WithAttrs
	encoded  []byte  // attrs, encoded
	prefix   string  // from WithGroup, with its dot
}

type output struct {
	mu sync.Mutex
	w  io.Writer
}

type field struct {
	name  string
	value slog.Value
}

// New returns a handler that writes the records of level and above to w, as
// lines of the process id.
func New(w io.Writer, id Identity, level slog.Leveler) *Handler {
	return &Handler{out: &output{w: w}, level: level, identity: appendFields(nil, []field{
		{names.ServiceName, slog.StringValue(id.Service)},
		{names.ServiceInstanceID, slog.StringValue(id.Instance)},
		{names.ServiceVersion, slog.StringValue(id.Version)},
		{names.CloudRegion, slog.StringValue(id.Region)},
	}, math.MaxInt)}
}

// Enabled implements slog.Handler.
func (h *Handler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level.Level() }

// WithAttrs implements slog.Handler.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	c := *h
	c.attrs = slices.Clone(h.attrs)
	for _, a := range attrs {
		c.attrs = flatten(c.attrs, h.prefix, a)
	}
	c.attrs = deduplicate(c.attrs)
	c.encoded = appendFields(nil, c.attrs, math.MaxInt)
	return &c
}

// WithGroup implements slog.Handler: groups become dotted names.
func (h *Handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	c := *h
	c.prefix += name + "."
	return &c
}

// Handle implements slog.Handler.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	buf := buffers.Get().(*buffer)
	defer buf.release()
	r.Attrs(func(a slog.Attr) bool { buf.fields = flatten(buf.fields, h.prefix, a); return true })
	buf.fields = deduplicate(buf.fields)
	encoded := h.encoded
	if h.overriddenBy(buf.fields) {
		buf.fields = deduplicate(slices.Concat(h.attrs, buf.fields))
		encoded = nil
	}
	head := header{record: &r, uid: newUID(r.Time), span: trace.SpanContextFromContext(ctx), identity: h.identity}
	buf.line = head.appendTo(buf.line, math.MaxInt)
	buf.line = append(buf.line, encoded...)
	buf.line = append(appendFields(buf.line, buf.fields, math.MaxInt), lineEnd...)
	if len(buf.line) > MaxLine {
		if encoded != nil {
			buf.fields = slices.Concat(h.attrs, buf.fields)
		}
		buf.line = head.appendTruncated(buf.line[:0], buf.fields)
	}
	h.out.mu.Lock()
	defer h.out.mu.Unlock()
	_, err := h.out.w.Write(buf.line)
	return err
}

// overriddenBy reports whether one of fields replaces an attribute of WithAttrs.
func (h *Handler) overriddenBy(fields []field) bool {
	for i := range h.attrs {
		if indexOf(fields, h.attrs[i].name) >= 0 {
			return true
		}
	}
	return false
}

// flatten appends a to the fields, or the members of a if it is a group. The
// names of fixed fields are reserved: an attribute with such a name is left out.
func flatten(fields []field, prefix string, a slog.Attr) []field {
	v := a.Value.Resolve()
	if v.Kind() != slog.KindGroup {
		if a.Key == "" {
			return fields
		}
		name := a.Key
		if prefix != "" {
			name = prefix + name
		}
		if isFixed(name) {
			return fields
		}
		return append(fields, field{name, v})
	}
	if a.Key != "" {
		prefix += a.Key + "."
	}
	for _, member := range v.Group() {
		fields = flatten(fields, prefix, member)
	}
	return fields
}

// deduplicate keeps one field per name, the last one given, because parsers
// disagree on a JSON object with two. Lines have a dozen fields, so a linear
// search is cheaper than a map.
func deduplicate(fields []field) []field {
	kept := fields[:0]
	for _, f := range fields {
		if i := indexOf(kept, f.name); i >= 0 {
			kept[i] = f
		} else {
			kept = append(kept, f)
		}
	}
	return kept
}

func indexOf(fields []field, name string) int {
	for i := range fields {
		if fields[i].name == name {
			return i
		}
	}
	return -1
}

// buffer is the memory in which a line is encoded. Buffers are pooled, because
// under load a process writes thousands of lines a second.
type buffer struct {
	line   []byte
	fields []field
}

var buffers = sync.Pool{New: func() any { return &buffer{line: make([]byte, 0, 2<<10), fields: make([]field, 0, 32)} }}

func (b *buffer) release() {
	if cap(b.line) > 4*MaxLine {
		return // do not pool a buffer that one huge value has grown
	}
	clear(b.fields) // nor the values it referred to
	b.line, b.fields = b.line[:0], b.fields[:0]
	buffers.Put(b)
}
