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

// faultCase is one row of the list that infra/bench/chaostelemetry plays end to
// end, here through the plugin's C interface against a stand-in that can
// misbehave per document.
type faultCase struct {
	chunks func(t *testing.T) []string // nil: the captured ones
	// arrange makes the stand-in, the way to it or the host misbehave; what it
	// returns is how often that has happened.
	inject func(w *scenario) (fired func() int)
	dead   int // how many end as dead letters
	check  func(t *testing.T, w *scenario)
}

// scenario is one case while it runs.
type scenario struct {
	t    *testing.T
	fake *shiptest.Fake
	url  string // where the plugin looks for OpenSearch
	env  []string
	// heard is called with each answer of the plugin while the host runs.
	onReturn func(host *os.Process, chunk, answer string)
	retries  int // how often a chunk was to come again
	host     *os.Process
	logs     string
}

// flush has the plugin take chunks, each as often as it wants, and reports
// whether the host has survived.
func (w *scenario) flush(l loader, chunks []string) (survived bool) {
	cmd := exec.CommandContext(w.t.Context(), l.harness, append([]string{l.plugin, w.url, ""}, chunks...)...)
	cmd.Env = append(append(os.Environ(), "HARNESS_TRIES=400"), w.env...)
	var logs bytes.Buffer
	cmd.Stderr = &logs
	out, err := cmd.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.host = cmd.Process
	last := map[string]string{}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		rest, isFlush := strings.CutPrefix(lines.Text(), "flush ")
		if !isFlush {
			continue
		}
		chunk, answer, _ := strings.Cut(rest, " ")
		last[chunk] = answer
		if answer == flushRetry {
			w.retries++
		}
		if w.onReturn != nil {
			w.onReturn(cmd.Process, chunk, answer)
		}
	}
	survived = cmd.Wait() == nil
	w.logs += logs.String()
	for _, c := range chunks {
		if got := last[filepath.Base(c)]; survived && got != flushOK {
			w.t.Errorf("%s: last answer %q, want %s\n%.2000s", filepath.Base(c), got, flushOK, logs.String())
		}
	}
	return survived
}

// stored is what the stand-in holds but for the plugin's own heartbeats.
func (w *scenario) stored() map[string]string {
	all := w.fake.Stored()
	for key, doc := range all {
		if strings.Contains(doc, `"`+names.DocServiceName+`":"`+names.ServiceAgent+`"`) {
			delete(all, key)
		}
	}
	return all
}

// compare finds what is lost and what is too much, against the same chunks
// without a fault. Dead letters stand in for what they hold.
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
		_ = json.Unmarshal([]byte(doc), &letter) // one that cannot be read stands for nothing
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

// smallChunks are captured chunks none of whose documents is large by itself.
func smallChunks(t *testing.T) []string {
	chunks, err := filepath.Glob("../testdata/*.msgpack")
	if err != nil || len(chunks) < 9 {
		t.Fatalf("fixtures: %v, %v", chunks, err)
	}
	return chunks
}

// numberedChunks writes a chunk of numbered records in each of the shapes.
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

// failRequests answers the first n bulk requests with a status.
func failRequests(status, n int) func(*scenario) func() int {
	return func(w *scenario) func() int {
		fired := 0
		w.fake.Request = func(i, _ int) int {
			if i >= n {
				return 0
			}
			fired++
			return status
		}
		return func() int { return fired }
	}
}

// failItems answers for every other document, the first n times it is sent.
func failItems(it shiptest.Item, n int) func(*scenario) func() int {
	return func(w *scenario) func() int {
		fired := 0
		w.fake.Item = func(id string, sent int) shiptest.Item {
			if sent >= n || id[len(id)-1]%2 == 0 {
				return shiptest.Item{}
			}
			fired++
			return it
		}
		return func() int { return fired }
	}
}

// dropResponses carries the first bulk requests out and does not answer.
func dropResponses(w *scenario) func() int {
	fired := 0
	w.fake.DropResponse = func(n int) bool {
		if n < 4 {
			fired++
		}
		return n < 4
	}
	return func() int { return fired }
}

// faultCases is the list. Those that lie in the data come with replies that are
// lost, so that each chunk is sent again.
func faultCases() map[string]faultCase {
	records := numbered.Records{Service: "chaos", Count: 40, Received: noon, Step: time.Millisecond}
	around := records
	around.At, around.Received, around.Step = noon.Add(12*time.Hour-20*time.Second), noon.Add(12*time.Hour), time.Second
	ahead, behind, large := records, records, records
	ahead.At, behind.At, large.First = noon.Add(13*time.Hour), noon.Add(-13*time.Hour), 1<<53+1
	mapping := shiptest.Item{Status: 400, Type: "mapper_parsing_exception", Reason: "failed to parse"}
	return map[string]faultCase{
		"503":                       {inject: failRequests(503, 4)},
		"refused connections":       {inject: unreachableForRetries(3)},
		"applied, reply lost":       {inject: dropResponses},
		"429 for half the items":    {inject: failItems(shiptest.Item{Status: 429, Type: "rejected_execution_exception", Reason: "busy"}, 2)},
		"429 beyond all patience":   {inject: failItems(shiptest.Item{Status: 429, Type: "rejected_execution_exception", Reason: "busy"}, 8)},
		"503 for half the items":    {inject: failItems(shiptest.Item{Status: 503, Type: "unavailable_shards_exception", Reason: "away"}, 2)},
		"poison among good ones":    {inject: rejectOneDocument(mapping), dead: 1},
		"413":                       {inject: rejectRequestsOver(3000), chunks: smallChunks},
		"away and back":             {inject: unreachableAfterTwoChunks},
		"kill -9 between flushes":   {inject: killBetweenFlushes},
		"kill -9 within a flush":    {inject: killDuringFlush},
		"401":                       {inject: failRequests(401, 3)},
		"403":                       {inject: failRequests(403, 3)},
		"404":                       {inject: failRequests(404, 3)},
		"a closed index":            {inject: failItems(shiptest.Item{Status: 400, Type: "index_closed_exception", Reason: "closed"}, 2)},
		"a block":                   {inject: failItems(shiptest.Item{Status: 403, Type: "cluster_block_exception", Reason: "read-only"}, 2)},
		"a full cluster":            {inject: failItems(shiptest.Item{Status: 400, Type: "illegal_argument_exception", Reason: "this action would add [2] total shards"}, 2)},
		"panic in an export":        {inject: panicInExport},
		"midnight in the middle":    {inject: dropResponses, chunks: numberedChunks(around, numbered.Layouts, numbered.Tail, numbered.Traces, numbered.Groups), check: wantPerDay(map[string]int{"2026.11.22": 80, "2026.11.23": 80})},
		"a clock an hour ahead":     {inject: dropResponses, chunks: numberedChunks(ahead, numbered.Layouts, numbered.Traces), check: wantPerDay(map[string]int{"2026.11.23": 80})},
		"a clock that is behind":    {inject: dropResponses, chunks: numberedChunks(behind, numbered.Layouts, numbered.Traces), check: wantPerDay(map[string]int{"2026.11.21": 80})},
		"byte-identical lines":      {inject: dropResponses, chunks: numberedChunks(records, numbered.Alike), check: func(t *testing.T, w *scenario) { wantDocuments(t, w, 40) }},
		"both layouts in one chunk": {inject: dropResponses, chunks: numberedChunks(records, numbered.Layouts), check: wantEachNumberOnce(records, numbered.Layouts)},
		"pieces of FireLens":        {inject: dropResponses, chunks: numberedChunks(records, numbered.Pieces), check: wantEachNumberOnce(records, numbered.Pieces)},
		"group markers":             {inject: dropResponses, chunks: numberedChunks(records, numbered.Groups), check: wantEachNumberOnce(records, numbered.Groups)},
		"int64 beyond 2^53":         {inject: dropResponses, chunks: numberedChunks(large, numbered.Layouts, numbered.Traces, numbered.Groups), check: wantEachNumberOnce(large, numbered.Layouts, numbered.Traces, numbered.Groups)},
	}
}

func TestFaultsThroughTheCInterface(t *testing.T) {
	l := loader{harness: buildHarness(t), plugin: filepath.Join(t.TempDir(), "chaos.so")}
	run(t, "go", "build", "-buildmode=c-shared", "-tags", "chaos", "-o", l.plugin, "..")
	for name, f := range faultCases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if f.chunks == nil {
				f.chunks = capturedChunks
			}
			chunks := f.chunks(t)
			calm := &scenario{t: t, fake: shiptest.NewFake(t)}
			calm.url = calm.fake.URL
			calm.flush(l, chunks)
			want := calm.stored()
			if len(want) < 20 {
				t.Fatalf("without the fault %d documents are stored", len(want))
			}

			w := &scenario{t: t, fake: shiptest.NewFake(t)}
			w.url = w.fake.URL
			fired := f.inject(w)
			if !w.flush(l, chunks) {
				w.flush(l, chunks) // what Fluent Bit does after its restart
			}
			lost, surplus, dead := compare(want, w.stored())
			if len(lost) > 0 || len(surplus) > 0 || dead != f.dead {
				t.Errorf("lost %v, surplus %v, %d dead letters, want none, none, %d\n%.3000s", lost, surplus, dead, f.dead, w.logs)
			}
			if n := fired(); n == 0 {
				t.Error("the fault did not fire")
			} else {
				t.Logf("fired %d times; %d documents; %d flushes were to come again", n, len(want), w.retries)
			}
			if f.check != nil {
				f.check(t, w)
			}
		})
	}

	// The controls: a stand-in that lies loses, and documents under ids of
	// another making are too many.
	t.Run("a lie is a loss", func(t *testing.T) {
		calm, liar := &scenario{t: t, fake: shiptest.NewFake(t)}, &scenario{t: t, fake: shiptest.NewFake(t)}
		calm.url, liar.url = calm.fake.URL, liar.fake.URL
		failItems(shiptest.Item{Status: 201}, 1)(liar)
		calm.flush(l, capturedChunks(t))
		liar.flush(l, capturedChunks(t))
		if lost, _, _ := compare(calm.stored(), liar.stored()); len(lost) == 0 {
			t.Error("nothing is lost although documents were not stored")
		}
		doubled := calm.stored()
		for key, doc := range calm.stored() {
			doubled[key+"-2"] = doc
		}
		if _, surplus, _ := compare(calm.stored(), doubled); len(surplus) == 0 {
			t.Error("everything is there twice and nothing is too much")
		}
	})
}
