package record

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/vmihailenco/msgpack/v5"
)

// Every form that an encoder chooses by size.
func TestReadsWhatAnEncoderWrites(t *testing.T) {
	values := []any{nil, true, false, math.Pi, math.Inf(-1), "", []any{}, map[string]any{}, []byte{}}
	for _, n := range []int64{0, 31, 32, 127, 128, 255, 256, math.MaxInt16, math.MaxUint16, math.MaxUint16 + 1, math.MaxInt32, math.MaxUint32,
		math.MaxUint32 + 1, math.MaxInt64} {
		values = append(values, n, -n, -n-1)
	}
	for _, n := range []int{1, 15, 16, 31, 32, 255, 256, math.MaxUint16, math.MaxUint16 + 1} {
		list := make([]any, n)
		members := map[string]any{}
		for i := range n {
			members[strings.Repeat("k", i%40)+string(rune('a'+i))] = nil
		}
		values = append(values, strings.Repeat("x", n), []byte(strings.Repeat("x", n)), list, members)
	}
	for _, want := range values {
		for _, compact := range []bool{true, false} {
			var b strings.Builder
			e := msgpack.NewEncoder(&b)
			e.UseCompactInts(compact)
			if err := e.Encode(want); err != nil {
				t.Fatal(err)
			}
			r := newReader(b.String())
			got, err := r.next()
			if err != nil || !reflect.DeepEqual(got, want) || r.left() != 0 {
				t.Errorf("%.60v is %.60v, %v, %d bytes are left", want, got, err, r.left())
			}
			if r := newReader(b.String() + "\xc0"); r.skip(0) != nil || r.left() != 1 {
				t.Errorf("%.60v is not skipped: %d bytes are left", want, r.left())
			}
			if _, err := newReader(b.String()[:b.Len()-1]).next(); err == nil {
				t.Errorf("%.60v without its last byte is read", want)
			}
		}
	}
	if got, err := newReader("\xcf\xff\xff\xff\xff\xff\xff\xff\xff").next(); got != uint64(math.MaxUint64) || err != nil {
		t.Errorf("the largest number is %v, %v", got, err)
	}
}
