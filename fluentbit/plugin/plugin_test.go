package plugin

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jari.example/fluentbit/ship/shiptest"
	"jari.example/telemetry/names"
)

func settings(m map[string]string) func(string) string {
	return func(key string) string { return m[key] }
}

func TestOpenRejectsInvalidSettings(t *testing.T) {
	f := shiptest.NewFake(t)
	for name, test := range map[string]struct {
		settings map[string]string
		err      []string // parts of the message, which has every problem
	}{
		"no settings":            {nil, []string{"URL"}},
		"an invalid URL":         {map[string]string{"url": "opensearch:9200"}, []string{"URL"}},
		"two invalid settings":   {map[string]string{"url": f.URL, "gzip": "maybe", "timeout": "soon"}, []string{"maybe", "soon"}},
		"a negative timeout":     {map[string]string{"url": f.URL, "timeout": "-1s"}, []string{"-1s"}},
		"an invalid address":     {map[string]string{"url": f.URL, "agent_metrics": "127.0.0.1:2020"}, []string{"agent_metrics"}},
		"a zero heartbeat":       {map[string]string{"url": f.URL, "heartbeat": "0s"}, []string{"0s"}},
		"valid settings":         {map[string]string{"url": f.URL, "gzip": "off", "timeout": "3s"}, nil},
		"OpenSearch unavailable": {map[string]string{"url": "http://127.0.0.1:1"}, nil}, // the agent buffers until there is one
	} {
		p, err := Open(settings(test.settings), slog.New(slog.DiscardHandler))
		if (err != nil) != (test.err != nil) {
			t.Errorf("%s: %v", name, err)
		}
		for _, part := range test.err {
			if err != nil && !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q does not contain %q", name, err, part)
			}
		}
		if p != nil {
			_ = p.Close()
		}
	}
}

func TestFlushReturnsOKOrRetry(t *testing.T) {
	chunk, err := os.ReadFile(filepath.Join("..", "testdata", "tail.app-001.msgpack"))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		chunk  []byte
		item   shiptest.Item
		want   ReturnCode
		logs   int
		dead   int
		report string // part of what it logs
	}{
		"a good chunk":      {chunk, shiptest.Item{}, OK, 3, 0, ""},
		"an empty chunk":    {nil, shiptest.Item{}, OK, 0, 0, ""},
		"a truncated chunk": {chunk[:len(chunk)-1], shiptest.Item{}, OK, 2, 1, "unreadable"},
		"garbage":           {bytes.Repeat([]byte{0xc1}, 100), shiptest.Item{}, OK, 0, 1, "unreadable"},
		"a missing index":   {chunk, shiptest.Item{Status: 404, Type: "index_not_found_exception"}, Retry, 0, 0, "will be retried"},
	} {
		t.Run(name, func(t *testing.T) {
			f := shiptest.NewFake(t)
			f.Item = func(string, int) shiptest.Item { return test.item }
			var log bytes.Buffer
			p, err := Open(settings(map[string]string{"url": f.URL}), slog.New(slog.NewTextHandler(&log, nil)))
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			if got := p.Flush(string(test.chunk), "tag"); got != test.want {
				t.Errorf("return code %d, want %d", got, test.want)
			}
			logs, dead := 0, 0
			for key := range f.Stored() {
				if strings.HasPrefix(key, names.LogIndex) {
					logs++
				}
				if strings.HasPrefix(key, names.DeadLetterIndex) {
					dead++
				}
			}
			if logs != test.logs || dead != test.dead {
				t.Errorf("%d lines and %d dead letters, want %d and %d", logs, dead, test.logs, test.dead)
			}
			if !strings.Contains(log.String(), test.report) || test.report == "" && log.Len() > 0 {
				t.Errorf("logged %q, want %q in it", log.String(), test.report)
			}
		})
	}
}

func TestAnOutageIsNotLoggedForEachChunk(t *testing.T) {
	chunk, err := os.ReadFile(filepath.Join("..", "testdata", "tail.app-001.msgpack"))
	if err != nil {
		t.Fatal(err)
	}
	f := shiptest.NewFake(t)
	f.Item = func(string, int) shiptest.Item { return shiptest.Item{Status: 404, Type: "index_not_found_exception"} }
	var log bytes.Buffer
	p, err := Open(settings(map[string]string{"url": f.URL}), slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for range 20 {
		if got := p.Flush(string(chunk), "tag"); got != Retry {
			t.Fatalf("return code %d, want %d", got, Retry)
		}
	}
	if lines := strings.Count(log.String(), "\n"); lines != 1 || !strings.Contains(log.String(), "index_not_found_exception") {
		t.Errorf("20 failures make %d lines, want one with the reason:\n%s", lines, &log)
	}
}
