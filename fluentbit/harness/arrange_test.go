package harness

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"jari.example/fluentbit/harness/numbered"
	"jari.example/fluentbit/ship/shiptest"
	"jari.example/telemetry/names"
)

// rejectOneDocument refuses one document for good.
func rejectOneDocument(why shiptest.Item) func(*scenario) func() int {
	return func(w *scenario) func() int {
		fired, victim := 0, ""
		w.fake.Item = func(id string, _ int) shiptest.Item {
			if victim == "" {
				victim = id
			}
			if id != victim {
				return shiptest.Item{}
			}
			fired++
			return why
		}
		return func() int { return fired }
	}
}

// rejectRequestsOver refuses every request that is larger than a few documents.
func rejectRequestsOver(limit int) func(*scenario) func() int {
	return func(w *scenario) func() int {
		fired := 0
		w.fake.Request = func(_, size int) int {
			if size <= limit {
				return 0
			}
			fired++
			return 413
		}
		return func() int { return fired }
	}
}

// killDuringFlush ends the host while OpenSearch carries out what it has asked for.
func killDuringFlush(w *scenario) func() int {
	fired := 0
	w.fake.DropResponse = func(n int) bool {
		if n != 4 {
			return false
		}
		fired++
		if err := w.host.Kill(); err != nil {
			w.t.Error(err)
		}
		return true
	}
	return func() int { return fired }
}

// killBetweenFlushes ends the host after its third flush.
func killBetweenFlushes(w *scenario) func() int {
	fired, taken := 0, 0
	w.onReturn = func(host *os.Process, _, answer string) {
		if answer != flushOK {
			return
		}
		if taken++; taken == 3 {
			fired++
			if err := host.Kill(); err != nil {
				w.t.Error(err)
			}
		}
	}
	return func() int { return fired }
}

// panicInExport has exports panic until a chunk was to come again three times.
func panicInExport(w *scenario) func() int {
	file := filepath.Join(w.t.TempDir(), "panic")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		w.t.Fatal(err)
	}
	w.env = append(w.env, "JARI_CHAOS_PANIC_FILE="+file)
	w.onReturn = func(_ *os.Process, _, answer string) {
		if answer == flushRetry && w.retries == 3 {
			if err := os.Remove(file); err != nil {
				w.t.Error(err)
			}
		}
	}
	return func() int { return strings.Count(w.logs, `"panic in the plugin"`) }
}

// proxy is a way to the stand-in that can be shut.
type proxy struct {
	t        *testing.T
	addr, to string
	mu       sync.Mutex
	listener net.Listener
	conns    []net.Conn
}

func newProxy(w *scenario) *proxy {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	d := &proxy{t: w.t, addr: l.Addr().String(), to: strings.TrimPrefix(w.fake.URL, "http://"), listener: l}
	w.url = "http://" + d.addr
	w.t.Cleanup(d.close)
	return d
}

// open lets connections through, on the address that it has had from the start.
func (d *proxy) open() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.listener == nil {
		l, err := net.Listen("tcp", d.addr)
		if err != nil {
			d.t.Error(err)
			return
		}
		d.listener = l
	}
	go func(l net.Listener) {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", d.to)
			if err != nil {
				in.Close()
				continue
			}
			d.mu.Lock()
			d.conns = append(d.conns, in, out)
			d.mu.Unlock()
			for _, way := range [][2]net.Conn{{in, out}, {out, in}} {
				go func() { _, _ = io.Copy(way[0], way[1]); way[0].Close() }()
			}
		}
	}(d.listener)
}

func (d *proxy) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.listener != nil {
		d.listener.Close()
	}
	for _, c := range d.conns {
		c.Close()
	}
	d.listener, d.conns = nil, nil
}

// unreachableForRetries has nobody listen until a chunk was to come again n times.
func unreachableForRetries(n int) func(*scenario) func() int {
	return func(w *scenario) func() int {
		d := newProxy(w)
		d.close()
		w.onReturn = func(_ *os.Process, _, answer string) {
			if answer == flushRetry && w.retries == n {
				d.open()
			}
		}
		return func() int { return strings.Count(w.logs, "connection refused") }
	}
}

// unreachableAfterTwoChunks is OpenSearch gone after the second chunk, for a while.
func unreachableAfterTwoChunks(w *scenario) func() int {
	d := newProxy(w)
	d.open()
	taken := 0
	w.onReturn = func(_ *os.Process, _, answer string) {
		switch {
		case answer == flushOK:
			if taken++; taken == 2 {
				d.close()
			}
		case w.retries == 3:
			d.open()
		}
	}
	return func() int { return w.retries }
}

// wantDocuments wants so many documents, whatever they say.
func wantDocuments(t *testing.T, w *scenario, want int) {
	t.Helper()
	if got := len(w.stored()); got != want {
		t.Errorf("%d documents, want %d", got, want)
	}
}

// wantPerDay wants so many documents filed under each day.
func wantPerDay(want map[string]int) func(*testing.T, *scenario) {
	return func(t *testing.T, w *scenario) {
		got := map[string]int{}
		for key := range w.stored() {
			index, _, _ := strings.Cut(key, "/")
			if !strings.HasPrefix(index, names.ServiceMapIndex) {
				got[index[len(index)-len("2006.01.02"):]]++
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("filed %v, want %v", got, want)
		}
	}
}

// wantEachNumberOnce wants each number of each shape's records exactly once.
func wantEachNumberOnce(r numbered.Records, shapes ...numbered.Shape) func(*testing.T, *scenario) {
	return func(t *testing.T, w *scenario) {
		got := map[string]int{}
		for _, text := range w.stored() {
			d := json.NewDecoder(strings.NewReader(text))
			d.UseNumber()
			var doc map[string]any
			if err := d.Decode(&doc); err != nil {
				t.Fatal(err)
			}
			if doc[names.Count] != nil {
				got[fmt.Sprint(doc[names.DocServiceName], " ", doc[names.Count])]++
			}
		}
		for _, s := range shapes {
			for i := range r.Count {
				if key := fmt.Sprintf("%s-%s %d", r.Service, s, r.First+i); got[key] != 1 {
					t.Errorf("number %s is there %d times", key, got[key])
				}
			}
		}
		if want := int(r.Count) * len(shapes); len(got) != want {
			t.Errorf("%d numbers, want %d", len(got), want)
		}
	}
}
