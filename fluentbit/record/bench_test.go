package record

import (
	"fmt"
	"testing"
)

// BenchmarkDecode is what one record costs the agent, from the bytes of a chunk
// to the bytes of its documents, per captured shape.
func BenchmarkDecode(b *testing.B) {
	for name, chunk := range fixtures(b) {
		records, err := Decode(chunk)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("%s/%d", name, len(records)), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(chunk)))
			for b.Loop() {
				records, _ := Decode(chunk)
				documents(records)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(records)), "ns/record")
		})
	}
}
