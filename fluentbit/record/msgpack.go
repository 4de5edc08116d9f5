package record

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// reader reads the MessagePack values of a chunk one by one.
type reader struct {
	text string // the chunk; every string that is read is a slice of it
	from *strings.Reader
	dec  *msgpack.Decoder
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

func newReader(chunk string) *reader {
	from := strings.NewReader(chunk)
	return &reader{text: chunk, from: from, dec: msgpack.NewDecoder(from)}
}

// offset returns how many bytes of the chunk have been read.
func (r *reader) offset() int { return int(r.from.Size()) - r.from.Len() }

// next returns the next value: nil, bool, int64, uint64 (beyond int64), float64,
// string, []byte (an unknown extension too), []any, map[string]any or eventTime. A
// key that is a scalar but no string becomes its JSON; of equal keys the last one
// counts. The error is io.EOF at the end of the chunk, and io.ErrUnexpectedEOF if
// the chunk ends within a value.
func (r *reader) next() (any, error) {
	if r.from.Len() == 0 {
		return nil, io.EOF
	}
	v, err := r.value(0)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return v, err
}

// skip moves past the value at offset at, however deep it nests.
func (r *reader) skip(at int) error {
	if _, err := r.from.Seek(int64(at), io.SeekStart); err != nil {
		return err
	}
	r.dec.Reset(r.from)
	for left := 1; left > 0; left-- {
		code, err := r.dec.PeekCode()
		if err != nil {
			return err
		}
		switch {
		case isArray(code):
			n, err := r.dec.DecodeArrayLen()
			if err != nil || n > r.from.Len() {
				return io.ErrUnexpectedEOF
			}
			left += n
		case isMap(code):
			n, err := r.dec.DecodeMapLen()
			if err != nil || n > r.from.Len() {
				return io.ErrUnexpectedEOF
			}
			left += 2 * n
		default:
			if _, err := r.value(0); err != nil {
				return err
			}
		}
	}
	return nil
}

func isArray(code byte) bool {
	return msgpcode.IsFixedArray(code) || code == msgpcode.Array16 || code == msgpcode.Array32
}

func isMap(code byte) bool {
	return msgpcode.IsFixedMap(code) || code == msgpcode.Map16 || code == msgpcode.Map32
}

func (r *reader) value(depth int) (any, error) {
	if depth > maxDepth {
		return nil, errDepth
	}
	code, err := r.dec.PeekCode()
	if err != nil {
		return nil, err
	}
	switch {
	case code == msgpcode.Nil:
		return nil, r.dec.DecodeNil()
	case code == msgpcode.True || code == msgpcode.False:
		return r.dec.DecodeBool()
	case code == msgpcode.Float || code == msgpcode.Double:
		return r.dec.DecodeFloat64()
	case code == msgpcode.Uint64:
		u, err := r.dec.DecodeUint64()
		if u > 1<<63-1 {
			return u, err
		}
		return int64(u), err
	case msgpcode.IsFixedNum(code) || code >= msgpcode.Uint8 && code <= msgpcode.Int64:
		return r.dec.DecodeInt64()
	case msgpcode.IsString(code):
		return r.payload()
	case msgpcode.IsBin(code):
		s, err := r.payload()
		return []byte(s), err
	case isArray(code):
		return r.array(depth)
	case isMap(code):
		return r.object(depth)
	case msgpcode.IsExt(code):
		return r.extension()
	}
	return nil, fmt.Errorf("no MessagePack value begins with %#x", code)
}

// payload returns the content of a string or of bytes, as a slice of the chunk. The
// library would first allocate the size that the header claims, up to 4 GiB.
func (r *reader) payload() (string, error) {
	n, err := r.dec.DecodeBytesLen()
	if err != nil {
		return "", err
	}
	return r.advance(n)
}

// advance moves past the next n bytes and returns them.
func (r *reader) advance(n int) (string, error) {
	at := r.offset()
	if n < 0 || n > r.from.Len() {
		return "", io.ErrUnexpectedEOF
	}
	_, err := r.from.Seek(int64(n), io.SeekCurrent)
	return r.text[at : at+n], err
}

func (r *reader) array(depth int) (any, error) {
	n, err := r.dec.DecodeArrayLen()
	if err != nil {
		return nil, err
	}
	if n > r.from.Len() { // n is only what the header claims; an element takes at least a byte
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

func (r *reader) object(depth int) (any, error) {
	n, err := r.dec.DecodeMapLen()
	if err != nil {
		return nil, err
	}
	if n > r.from.Len()/2 {
		return nil, io.ErrUnexpectedEOF
	}
	m := make(map[string]any, min(n, 64))
	for range n {
		k, err := r.key(depth + 1)
		if err != nil {
			return nil, err
		}
		if m[k], err = r.value(depth + 1); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (r *reader) key(depth int) (string, error) {
	if code, err := r.dec.PeekCode(); err == nil && msgpcode.IsString(code) {
		return r.payload()
	}
	k, err := r.value(depth)
	if err != nil {
		return "", err
	}
	switch k.(type) {
	case []any, map[string]any:
		return "", errKey
	}
	return string(appendValue(nil, k)), nil
}

func (r *reader) extension() (any, error) {
	id, n, err := r.dec.DecodeExtHeader()
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
