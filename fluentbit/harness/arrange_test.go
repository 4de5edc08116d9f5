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

// poisoned refuses one document for good.
func poisoned(why shiptest.Item) func(*world) func() int {
	return func(w *world) func() int {
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

// tooLarge refuses every request that is larger than a few documents.
func tooLarge(limit int) func(*world) func() int {
	return func(w *world) func() int {
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

// killed ends the host while OpenSearch carries out what it has asked for.
func killed(w *world) func() int {
	fired := 0
	w.fake.Deaf = func(n int) bool {
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

// killedBetween ends the host after its third flush.
func killedBetween(w *world) func() int {
	fired, taken := 0, 0
	w.heard = func(host *os.Process, _, answer string) {
		if answer != done {
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

// panics has exports panic until a chunk was to come again three times.
func panics(w *world) func() int {
	file := filepath.Join(w.t.TempDir(), "panic")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		w.t.Fatal(err)
	}
	w.env = append(w.env, "JARI_CHAOS_PANIC_FILE="+file)
	w.heard = func(_ *os.Process, _, answer string) {
		if answer == again && w.again == 3 {
			if err := os.Remove(file); err != nil {
				w.t.Error(err)
			}
		}
	}
	return func() int { return strings.Count(w.said, `"panic in the plugin"`) }
}

// door is a way to the stand-in that can be shut.
type door struct {
	t        *testing.T
	addr, to string
	mu       sync.Mutex
	listener net.Listener
	open     []net.Conn
}

func newDoor(w *world) *door {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	d := &door{t: w.t, addr: l.Addr().String(), to: strings.TrimPrefix(w.fake.URL, "http://"), listener: l}
	w.url = "http://" + d.addr
	w.t.Cleanup(d.shut)
	return d
}

// pass lets connections through, on the address that it has had from the start.
func (d *door) pass() {
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
			d.open = append(d.open, in, out)
			d.mu.Unlock()
			for _, way := range [][2]net.Conn{{in, out}, {out, in}} {
				go func() { _, _ = io.Copy(way[0], way[1]); way[0].Close() }()
			}
		}
	}(d.listener)
}

func (d *door) shut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.listener != nil {
		d.listener.Close()
	}
	for _, c := range d.open {
		c.Close()
	}
	d.listener, d.open = nil, nil
}

// away has nobody listen until a chunk was to come again n times.
func away(n int) func(*world) func() int {
	return func(w *world) func() int {
		d := newDoor(w)
		d.shut()
		w.heard = func(_ *os.Process, _, answer string) {
			if answer == again && w.again == n {
				d.pass()
			}
		}
		return func() int { return strings.Count(w.said, "connection refused") }
	}
}

// leaves is OpenSearch gone after the second chunk, for a while.
func leaves(w *world) func() int {
	d := newDoor(w)
	d.pass()
	taken := 0
	w.heard = func(_ *os.Process, _, answer string) {
		switch {
		case answer == done:
			if taken++; taken == 2 {
				d.shut()
			}
		case w.again == 3:
			d.pass()
		}
	}
	return func() int { return w.again }
}

// holds wants so many documents, whatever they say.
func holds(t *testing.T, w *world, want int) {
	t.Helper()
	if got := len(w.stored()); got != want {
		t.Errorf("%d documents, want %d", got, want)
	}
}

// days wants so many documents filed under each day.
func days(want map[string]int) func(*testing.T, *world) {
	return func(t *testing.T, w *world) {
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

// numbers wants each number of each shape's records exactly once.
func numbers(r numbered.Records, shapes ...numbered.Shape) func(*testing.T, *world) {
	return func(t *testing.T, w *world) {
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
