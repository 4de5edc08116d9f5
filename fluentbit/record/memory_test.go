package record

import (
	"bytes"
	"math"
	"runtime/metrics"
	"testing"

	"github.com/vmihailenco/msgpack/v5"
)

// decodeMemory returns how many bytes the decoding of chunk allocates: the least of three
// measurements, because the fuzzing engine allocates meanwhile.
func decodeMemory(chunk []byte) uint64 {
	least := uint64(math.MaxUint64)
	for range 3 {
		before := allocated()
		_, _ = Decode(chunk) // only its size matters
		least = min(least, allocated()-before)
	}
	return least
}

// allocated returns how many bytes this process has allocated so far.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// The negative control of the memory check: it sees the allocation of a decoder that
// trusts a header.
func TestMemoryCheckSeesAllocations(t *testing.T) {
	before := allocated()
	hole := make([]byte, 64<<20)
	if grown := allocated() - before; grown < uint64(len(hole)) {
		t.Errorf("64 MiB were allocated, %d counted", grown)
	}
}

// The inputs with the most memory per byte, at the size of a whole chunk.
func TestDecodeStaysWithinItsMemoryBound(t *testing.T) {
	const size = 64 << 10
	event := []byte{0x92, 0xd7, 0x00, 0x6b, 0x02, 0xca, 0xe6, 0, 0, 0, 1}
	list := func(prefix []byte, element ...byte) []byte {
		n := size / len(element)
		head := append(bytes.Clone(prefix), 0xdd, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
		return append(head, bytes.Repeat(element, n)...)
	}
	key := func(prefix []byte, names ...string) []byte {
		b := bytes.Clone(prefix)
		for _, name := range names {
			text, err := msgpack.Marshal(name)
			if err != nil {
				t.Fatal(err)
			}
			b = append(append(b, 0x81), text...)
		}
		return b
	}
	in := func(prefix []byte, n int) []byte { return append(bytes.Clone(prefix), byte(0x90+n)) }
	spans := in(key(in(key(in(key(nil, "resourceSpans"), 1), "scopeSpans"), 1)), 0)
	spans = key(spans[:len(spans)-1], "spans")
	group := append(bytes.Clone(event[:3]), 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0)
	group = append(key(append([]byte{}, group...), "resource", "attributes"), 0x80)
	for name, chunk := range map[string][]byte{
		"empty records":            bytes.Repeat(append(bytes.Clone(event), 0x80), size/(len(event)+1)),
		"one-letter lines":         bytes.Repeat(append(key(event, "log"), 0xa1, 'x'), size/(len(event)+7)),
		"whole numbers":            bytes.Repeat([]byte{0x2a}, size),
		"record, garbage":          bytes.Repeat(append(append(bytes.Clone(event), 0x80), 0x2a), size/(len(event)+2)),
		"empty maps":               list(event, 0x80),
		"empty lists":              list(key(event, "x"), 0x90),
		"maps of one":              list(key(event, "x"), 0x81, 0xa0, 0x80),
		"empty spans":              list(spans, 0x80),
		"numbers instead of spans": list(spans, 0x01, 0x80),
		"empty requests":           bytes.Repeat(in(key(nil, "resourceSpans"), 0), size/16),
		"empty scopes":             list(key(in(key(nil, "resourceSpans"), 1), "scopeSpans"), 0x80),
		"empty metric families":    list(key(nil, "metrics"), 0x80),
		"group markers":            bytes.Repeat(group, size/len(group)),
	} {
		used := decodeMemory(chunk)
		t.Logf("%s: %d bytes of memory per byte of chunk", name, used/uint64(len(chunk)))
		if used > uint64(1<<20+maxMemoryPerByte*len(chunk)) {
			t.Errorf("%s: a chunk of %d bytes needs %d bytes of memory", name, len(chunk), used)
		}
	}
}
