package harness

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jari.example/fluentbit/harness/numbered"
	"jari.example/fluentbit/ship/shiptest"
	"jari.example/telemetry/names"
)

// scenario is one run of the plugin in a harness process, against a fake OpenSearch.
type scenario struct {
	t    *testing.T
	fake *shiptest.Fake
	url  string // of OpenSearch, as the plugin is configured
	env  []string
	// onReturn is called with the return code of each flush, while the process runs.
	onReturn func(process *os.Process, chunk, code string)
	retries  int // flushes that returned RETRY
	process  *os.Process
	logs     string
}

func newScenario(t *testing.T) *scenario {
	f := shiptest.NewFake(t)
	return &scenario{t: t, fake: f, url: f.URL}
}

// flush passes the chunks to the plugin, each again as long as it returns RETRY, and
// reports whether the process survived.
func (s *scenario) flush(l loader, chunks []string) (survived bool) {
	cmd := exec.CommandContext(s.t.Context(), l.harness, append([]string{l.plugin, s.url, ""}, chunks...)...)
	cmd.Env = append(append(os.Environ(), "HARNESS_TRIES=400"), s.env...)
	var logs bytes.Buffer
	cmd.Stderr = &logs
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.process = cmd.Process
	last := map[string]string{}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		rest, isFlush := strings.CutPrefix(lines.Text(), "flush ")
		if !isFlush {
			continue
		}
		chunk, code, _ := strings.Cut(rest, " ")
		last[chunk] = code
		if code == flushRetry {
			s.retries++
		}
		if s.onReturn != nil {
			s.onReturn(cmd.Process, chunk, code)
		}
	}
	survived = cmd.Wait() == nil
	s.logs += logs.String()
	for _, c := range chunks {
		if got := last[filepath.Base(c)]; survived && got != flushOK {
			s.t.Errorf("%s: last return code %q, want %s\n%.2000s", filepath.Base(c), got, flushOK, logs.String())
		}
	}
	return survived
}

// stored returns what the fake holds, without the plugin's own heartbeats.
func (s *scenario) stored() map[string]string {
	all := s.fake.Stored()
	for key, doc := range all {
		if strings.Contains(doc, `"`+names.DocServiceName+`":"`+names.ServiceAgent+`"`) {
			delete(all, key)
		}
	}
	return all
}

// compare finds lost and surplus documents, compared with the same chunks without a
// fault. A dead letter counts as the document that it holds.
func compare(want, got map[string]string) (lost, surplus []string, dead int) {
	letters := map[string]bool{}
	for key, doc := range got {
		if !strings.HasPrefix(key, names.DeadLetterIndex) {
			if _, ok := want[key]; !ok {
				surplus = append(surplus, key)
			}
			continue
		}
		if _, ok := want[key]; ok {
			continue
		}
		dead++
		var letter map[string]any
		_ = json.Unmarshal([]byte(doc), &letter) // one that cannot be decoded counts as no document
		if reason, _ := letter[names.DocRefusedReason].(string); reason != "" {
			letters[fmt.Sprint(letter[names.DocRefusedIndex], "/", letter[names.DocRefusedID])] = true
		}
	}
	for key, doc := range want {
		if got[key] != doc && !letters[key] {
			lost = append(lost, key)
		}
	}
	return lost, surplus, dead
}

func capturedChunks(t *testing.T) []string {
	deeper, err := filepath.Glob("../testdata/*/*.msgpack")
	if err != nil || len(deeper) < 9 {
		t.Fatalf("fixtures: %v, %v", deeper, err)
	}
	return append(smallChunks(t), deeper...)
}

// smallChunks are captured chunks whose documents are all small.
func smallChunks(t *testing.T) []string {
	chunks, err := filepath.Glob("../testdata/*.msgpack")
	if err != nil || len(chunks) < 9 {
		t.Fatalf("fixtures: %v, %v", chunks, err)
	}
	return chunks
}

// numberedChunks writes one chunk of numbered records for each shape.
func numberedChunks(r numbered.Records, shapes ...numbered.Shape) func(t *testing.T) []string {
	return func(t *testing.T) (files []string) {
		dir := t.TempDir()
		for _, s := range shapes {
			own := r
			own.Service += "-" + string(s)
			chunk, err := own.Chunk(s)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, filepath.Join(dir, string(s)+".msgpack"))
			if err := os.WriteFile(files[len(files)-1], chunk, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return files
	}
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
