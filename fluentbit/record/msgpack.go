package record

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

// reader reads the MessagePack values of a chunk one by one. It is our own, because a
// chunk may claim sizes of gigabytes and nest without end, and because its strings are
// parts of the chunk.
type reader struct {
	text string // the chunk
	at   int    // how many bytes of it have been read
	otlp bool   // whether a value of an OTLP trace request is being read
}

// eventTime is Fluent Bit's extension type 0.
type eventTime struct{ sec, nsec uint32 }

func (t eventTime) time() time.Time { return time.Unix(int64(t.sec), int64(t.nsec)).UTC() }

// maxDepth bounds recursion: input may nest to any depth, and a Go program cannot
// recover from a stack overflow. A raw OTLP/JSON request needs five levels for each
// level of an attribute, and one attribute must not cost the request.
const maxDepth = 1024

// Values that are well-formed but not accepted: the values after them can be found.
var (
	errDepth = fmt.Errorf("nested deeper than %d", maxDepth)
	// As text, keys within keys would double in length at each level.
	errKey = errors.New("a map's key is a list or a map")
)

func newReader(chunk string) *reader { return &reader{text: chunk} }

// offset returns how many bytes of the chunk have been read.
func (r *reader) offset() int { return r.at }

func (r *reader) left() int { return len(r.text) - r.at }

// next returns the next value: nil, bool, int64, uint64 (beyond int64), float64,
// string, []byte (an unknown extension too), []any, map[string]any or eventTime. A
// key that is a scalar but no string becomes its JSON; of equal keys the last one
// counts. The error is io.EOF at the end of the chunk, and io.ErrUnexpectedEOF if
// the chunk ends within a value.
func (r *reader) next() (any, error) {
	if r.left() == 0 {
		return nil, io.EOF
	}
	return r.value(0)
}

// The type bytes of MessagePack. A fixed form has a number in its lower bits.
const (
	mpFixMap, mpFixArray, mpFixString, mpNil = 0x80, 0x90, 0xa0, 0xc0
	mpFalse, mpTrue                          = 0xc2, 0xc3
	mpBin8, mpBin32                          = 0xc4, 0xc6
	mpExt8, mpExt32                          = 0xc7, 0xc9
	mpFloat, mpDouble                        = 0xca, 0xcb
	mpUint8, mpUint64                        = 0xcc, 0xcf
	mpInt8, mpInt64                          = 0xd0, 0xd3
	mpFixExt1, mpFixExt16                    = 0xd4, 0xd8
	mpString8, mpString32                    = 0xd9, 0xdb
	mpArray16, mpArray32                     = 0xdc, 0xdd
	mpMap16, mpMap32                         = 0xde, 0xdf
	mpNegative                               = 0xe0
)

// header is the beginning of a value: its type byte, and what follows that: a length,
// or the bits of a number.
type header struct {
	code byte
	n    uint64
}

func (h header) isArray() bool {
	return h.code >= mpFixArray && h.code < mpFixString || h.code == mpArray16 || h.code == mpArray32
}

func (h header) isMap() bool {
	return h.code >= mpFixMap && h.code < mpFixArray || h.code == mpMap16 || h.code == mpMap32
}

func (h header) isString() bool {
	return h.code >= mpFixString && h.code < mpNil || h.code >= mpString8 && h.code <= mpString32
}

// header reads a header.
func (r *reader) header() (header, error) {
	c, err := r.uint(1)
	if err != nil {
		return header{}, err
	}
	h := header{code: byte(c)}
	switch {
	case c < mpFixMap || c >= mpNegative:
		h.n = uint64(int8(c))
	case c < mpFixString:
		h.n = c & 0x0f
	case c < mpNil:
		h.n = c & 0x1f
	case c >= mpBin8 && c <= mpBin32:
		h.n, err = r.uint(1 << (c - mpBin8))
	case c >= mpExt8 && c <= mpExt32:
		h.n, err = r.uint(1 << (c - mpExt8))
	case c == mpFloat || c == mpDouble:
		h.n, err = r.uint(4 << (c - mpFloat))
	case c >= mpUint8 && c <= mpUint64:
		h.n, err = r.uint(1 << (c - mpUint8))
	case c >= mpInt8 && c <= mpInt64:
		h.n, err = r.int(1 << (c - mpInt8))
	case c >= mpFixExt1 && c <= mpFixExt16:
		h.n = 1 << (c - mpFixExt1)
	case c >= mpString8 && c <= mpString32:
		h.n, err = r.uint(1 << (c - mpString8))
	case c == mpArray16 || c == mpArray32:
		h.n, err = r.uint(2 << (c - mpArray16))
	case c == mpMap16 || c == mpMap32:
		h.n, err = r.uint(2 << (c - mpMap16))
	}
	return h, err
}

// skip moves past the value at offset at, however deep it nests.
func (r *reader) skip(at int) error {
	r.at = at
	for left := 1; left > 0; left-- {
		h, err := r.header()
		if err != nil {
			return err
		}
		switch {
		case h.isArray() || h.isMap():
			if h.n > uint64(r.left()) { // a larger one has an end that is missing
				return io.ErrUnexpectedEOF
			}
			left += int(h.n)
			if h.isMap() {
				left += int(h.n)
			}
		default:
			if _, err := r.scalar(h); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *reader) value(depth int) (any, error) {
	h, err := r.header()
	if err != nil {
		return nil, err
	}
	return r.valueOf(h, depth)
}

func (r *reader) valueOf(h header, depth int) (any, error) {
	switch {
	case depth > maxDepth:
		return nil, errDepth
	case h.isArray():
		return r.array(h.n, depth)
	case h.isMap():
		return r.object(h.n, depth)
	}
	return r.scalar(h)
}

func (r *reader) scalar(h header) (any, error) {
	switch c := h.code; {
	case h.isString():
		return r.advance(h.n)
	case c == mpNil:
		return nil, nil
	case c == mpFalse || c == mpTrue:
		return c == mpTrue, nil
	case c >= mpBin8 && c <= mpBin32:
		s, err := r.advance(h.n)
		return []byte(s), err
	case c == mpFloat:
		return float64(math.Float32frombits(uint32(h.n))), nil
	case c == mpDouble:
		return math.Float64frombits(h.n), nil
	case c == mpUint64 && h.n > math.MaxInt64:
		return h.n, nil
	case c < mpFixMap || c >= mpNegative || c >= mpUint8 && c <= mpInt64:
		return int64(h.n), nil
	case c >= mpExt8 && c <= mpExt32 || c >= mpFixExt1 && c <= mpFixExt16:
		return r.extension(h.n)
	}
	return nil, fmt.Errorf("no MessagePack value begins with %#x", h.code)
}

// uint reads a big-endian number of 1, 2, 4 or 8 bytes.
func (r *reader) uint(bytes int) (uint64, error) {
	s, err := r.advance(uint64(bytes))
	var n uint64
	for i := range len(s) {
		n = n<<8 | uint64(s[i])
	}
	return n, err
}

// int is like uint, but extends the sign.
func (r *reader) int(bytes int) (uint64, error) {
	n, err := r.uint(bytes)
	unused := 64 - 8*bytes
	return uint64(int64(n<<unused) >> unused), err
}

// advance moves past the next n bytes and returns them. n is only what a header claims.
func (r *reader) advance(n uint64) (string, error) {
	if n > uint64(r.left()) {
		r.at = len(r.text)
		return "", io.ErrUnexpectedEOF
	}
	from := r.at
	r.at += int(n)
	return r.text[from:r.at], nil
}

func (r *reader) array(n uint64, depth int) (any, error) {
	if n > uint64(r.left()) { // an element takes at least a byte
		return nil, io.ErrUnexpectedEOF
	}
	list := make([]any, 0, min(n, 64))
	for range n {
		v, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

func (r *reader) object(n uint64, depth int) (any, error) {
	if n > uint64(r.left())/2 {
		return nil, io.ErrUnexpectedEOF
	}
	m := make(map[string]any, min(n, 64))
	for range n {
		k, err := r.key(depth + 1)
		if err != nil {
			return nil, err
		}
		if m[k], err = r.member(k, depth+1); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// member reads the value of key k of a map.
func (r *reader) member(k string, depth int) (any, error) {
	if k == keyResourceSpans && !r.otlp {
		r.otlp = true
		defer func() { r.otlp = false }()
	}
	if k == keyAttributes && r.otlp {
		from := r.at
		if m, ok := r.attributes(); ok {
			return m, nil
		}
		r.at = from
	}
	return r.value(depth)
}

func (r *reader) key(depth int) (string, error) {
	h, err := r.header()
	if err != nil {
		return "", err
	}
	if h.isString() {
		return r.advance(h.n)
	}
	k, err := r.valueOf(h, depth)
	if err != nil {
		return "", err
	}
	switch k.(type) {
	case []any, map[string]any:
		return "", errKey
	}
	return string(appendValue(nil, k)), nil
}

func (r *reader) extension(n uint64) (any, error) {
	id, err := r.uint(1)
	if err != nil {
		return nil, err
	}
	s, err := r.advance(n)
	if err != nil {
		return nil, err
	}
	b := []byte(s)
	if id == 0 && n == 8 {
		return eventTime{binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])}, nil
	}
	return b, nil
}
