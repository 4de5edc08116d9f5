package numbered

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"jari.example/fluentbit/record"
	"jari.example/telemetry/names"
)

func TestEveryShapeDecodesToItsRecords(t *testing.T) {
	r := Records{Service: "chaos", First: 1<<53 + 1, Count: 24, Received: time.Date(2026, 11, 22, 23, 59, 50, 5, time.UTC), Step: time.Second}
	for _, shape := range Shapes {
		t.Run(string(shape), func(t *testing.T) {
			chunk, err := r.Chunk(shape)
			if err != nil {
				t.Fatal(err)
			}
			if again, _ := r.Chunk(shape); !bytes.Equal(again, chunk) {
				t.Error("the same arguments give another chunk")
			}
			records, err := record.Decode(chunk)
			if err != nil || len(records) != int(r.Count) {
				t.Fatalf("%d records, want %d: %v", len(records), r.Count, err)
			}
			seen := map[string]bool{}
			for i := range records {
				doc := record.Documents(records[i : i+1])[0]
				if seen[doc.ID] {
					t.Errorf("two records have the id %s", doc.ID)
				}
				seen[doc.ID] = true
				if shape == Alike {
					continue
				}
				number, service := fmt.Sprintf("%q:%d,", names.Count, r.First+int64(i)), `"`+names.DocServiceName+`":"chaos"`
				if body := string(doc.Body); !strings.Contains(body, number) || !strings.Contains(body, service) {
					t.Errorf("record %d: %s", i, doc.Body)
				}
				if want := names.Daily("", r.timeOf(int64(i))); shape != Pieces && !strings.HasSuffix(doc.Index, want) {
					t.Errorf("record %d is in %s, want %s", i, doc.Index, want)
				}
			}
		})
	}
	if _, err := r.Chunk("round"); err == nil {
		t.Error("an unknown shape is accepted")
	}
}
