package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"jari.example/fluentbit/record"
	"jari.example/telemetry/names"
)

func TestChunksHaveTheConfiguredMix(t *testing.T) {
	files, err := writeChunks(t.TempDir(), 5000, time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	got, ids := map[record.Signal]int{}, map[string]bool{}
	for _, file := range files {
		chunk, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		records, err := record.Decode(chunk)
		if err != nil {
			t.Fatal(err)
		}
		for i := range records {
			got[records[i].Signal]++
			for _, d := range record.Documents(records[i : i+1]) {
				if strings.HasPrefix(d.Index, names.DeadLetterIndex) {
					t.Errorf("a record became a dead letter: %s", d.Body)
				}
				if !d.Derived {
					ids[d.ID] = true
				}
			}
		}
	}
	for signal, want := range map[record.Signal]int{record.Log: 1350, record.Span: 3200, record.Metric: 450, record.Unreadable: 0} {
		if got[signal] != want {
			t.Errorf("%d of signal %v, want %d", got[signal], signal, want)
		}
	}
	if len(ids) != 5000 {
		t.Errorf("%d ids for 5,000 records", len(ids))
	}
}

func TestARunAgainstTheNullServerCountsItsRecords(t *testing.T) {
	settle = 0
	server := httptest.NewServer(&nullServer{templates: map[string]json.RawMessage{}})
	defer server.Close()
	for _, gzip := range []bool{true, false} {
		var out bytes.Buffer
		args := []string{"-url", server.URL, "-records", "3000", "-gzip=" + strconv.FormatBool(gzip)}
		if gzip {
			args = append(args, "-server-pid", strconv.Itoa(os.Getpid()))
		}
		if err := run(t.Context(), args, &out, &out); err != nil {
			t.Fatalf("%v\n%s", err, &out)
		}
		var r report
		if err := json.Unmarshal(out.Bytes(), &r); err != nil || r.Records != 3000 || r.PerSecond <= 0 || r.CPU <= 0 || r.Allocations <= 0 ||
			(r.ServerCPU > 0) != gzip {
			t.Errorf("%v, %+v", err, r)
		}
	}
	server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := run(ctx, []string{"-url", server.URL, "-records", "10"}, &bytes.Buffer{}, &bytes.Buffer{}); err == nil { // the control
		t.Error("no error although the server is closed")
	}
}
