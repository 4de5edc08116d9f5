package telemetry

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

// handler writes each record as one JSON line: the fixed fields first, then
// attributes in the order they were given. A line is written by one Write.
//
// What is known before a line is needed, the process and what WithAttrs gave,
// is encoded once; a line costs no allocation unless a value of it does.
type handler struct {
	out     *output
	level   slog.Leveler
	process []byte  // who the process is, encoded
	attrs   []field // from WithAttrs
	encoded []byte  // the same, encoded
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

func newHandler(w io.Writer, id identity, level slog.Leveler) *handler {
	return &handler{out: &output{w: w}, level: level, process: appendFields(nil, []field{
		{names.ServiceName, slog.StringValue(id.Service)},
		{names.ServiceInstanceID, slog.StringValue(id.Instance)},
		{names.ServiceVersion, slog.StringValue(id.Version)},
		{names.CloudRegion, slog.StringValue(id.Region)},
	}, math.MaxInt)}
}

// Enabled implements slog.Handler.
func (h *handler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level.Level() }

// WithAttrs implements slog.Handler.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	c := *h
	c.attrs = slices.Clone(h.attrs)
	for _, a := range attrs {
		c.attrs = flatten(c.attrs, h.prefix, a)
	}
	c.attrs = unique(c.attrs)
	c.encoded = appendFields(nil, c.attrs, math.MaxInt)
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
	s := scratches.Get().(*scratch)
	defer s.free()
	r.Attrs(func(a slog.Attr) bool { s.fields = flatten(s.fields, h.prefix, a); return true })
	s.fields = unique(s.fields)
	encoded := h.encoded
	if h.shadowed(s.fields) {
		s.fields = unique(slices.Concat(h.attrs, s.fields))
		encoded = nil
	}
	e := event{r: &r, uid: newUID(r.Time), span: trace.SpanContextFromContext(ctx), process: h.process}
	s.line = e.appendTo(s.line, math.MaxInt)
	s.line = append(s.line, encoded...)
	s.line = append(appendFields(s.line, s.fields, math.MaxInt), lineEnd...)
	if len(s.line) > maxLine {
		if encoded != nil {
			s.fields = slices.Concat(h.attrs, s.fields)
		}
		s.line = e.cut(s.line, s.fields)
	}
	h.out.mu.Lock()
	defer h.out.mu.Unlock()
	_, err := h.out.w.Write(s.line)
	return err
}

// shadowed tells whether one of fields takes the place of one from WithAttrs.
func (h *handler) shadowed(fields []field) bool {
	for i := range h.attrs {
		if indexOf(fields, h.attrs[i].name) >= 0 {
			return true
		}
	}
	return false
}

// flatten appends a and, if it is a group, what is in it. The names of fixed
// fields are taken: an attribute of such a name is left out.
func flatten(to []field, prefix string, a slog.Attr) []field {
	v := a.Value.Resolve()
	if v.Kind() != slog.KindGroup {
		if a.Key == "" {
			return to
		}
		name := a.Key
		if prefix != "" {
			name = prefix + name
		}
		if isFixed(name) {
			return to
		}
		return append(to, field{name, v})
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
// differently by every reader: the last one given wins. Lines have a dozen
// fields, so looking is cheaper than a map.
func unique(fields []field) []field {
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

// scratch is what a line is made in. It is reused: a rush writes thousands of
// lines a second.
type scratch struct {
	line   []byte
	fields []field
}

var scratches = sync.Pool{New: func() any { return &scratch{line: make([]byte, 0, 2<<10), fields: make([]field, 0, 32)} }}

func (s *scratch) free() {
	if cap(s.line) > 4*maxLine {
		return // one that a huge value has grown is not kept
	}
	clear(s.fields) // nor are the values
	s.line, s.fields = s.line[:0], s.fields[:0]
	scratches.Put(s)
}
