package ports

import (
	"net"
	"strings"
	"testing"
)

func TestEveryPortIsUniqueAtEveryOffset(t *testing.T) {
	seen := map[int]string{}
	for i := range choices + 1 {
		for _, name := range Names() {
			port := Offset(i * step).Of(name)
			if other, dup := seen[port]; dup {
				t.Errorf("%s at offset %d has the port of %s: %d", name, i*step, other, port)
			}
			seen[port] = name
			if port >= 32768 {
				t.Errorf("%s at offset %d is in the ephemeral range: %d", name, i*step, port)
			}
		}
	}
}

func TestAnOffsetIsAddedToThePort(t *testing.T) {
	if got := Offset(1000).URL("edge"); got != "http://127.0.0.1:9080" {
		t.Errorf("edge at offset 1000 is %s", got)
	}
}

// isolate separates the test's locks from those of running systems.
func isolate(t *testing.T) { t.Setenv("TMPDIR", t.TempDir()) }

func TestAnOffsetIsReservedOnce(t *testing.T) {
	isolate(t)
	free := func(Offset) string { return "" }
	reserved := map[Offset]bool{}
	var first func()
	for i := range choices {
		o, release, err := reserve(t.Name(), free)
		if err != nil {
			t.Fatalf("number %d of %d: %v", i+1, choices, err)
		}
		defer release()
		if reserved[o] {
			t.Errorf("%d is reserved twice", o)
		}
		reserved[o] = true
		if first == nil {
			first = release
		}
	}
	if o, _, err := reserve(t.Name(), free); err == nil || !strings.Contains(err.Error(), "jari down") {
		t.Errorf("when all are reserved: %d, %v", o, err)
	}
	first()
	if _, release, err := reserve(t.Name(), free); err != nil {
		t.Errorf("a released offset is not available again: %v", err)
	} else {
		release()
	}
}

func TestReserveSkipsAnOffsetWithAPortInUse(t *testing.T) {
	isolate(t)
	want, release, err := reserve(t.Name(), func(Offset) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	release()
	got, release, err := reserve(t.Name(), func(o Offset) string {
		if o == want {
			return "edge"
		}
		return ""
	})
	if err != nil {
		t.Fatal(err)
	}
	release()
	if got == want {
		t.Errorf("%d is reserved although its edge port is in use", got)
	}
}

func TestConflictNamesThePort(t *testing.T) {
	for o := Offset(1); o < 13000; o += 43 { // at the first offset that is free
		if o.conflict() != "" {
			continue
		}
		l, err := net.Listen("tcp", o.Addr("edge"))
		if err != nil {
			continue
		}
		defer l.Close()
		if got := o.conflict(); got != "edge" {
			t.Errorf("the conflict is %q", got)
		}
		return
	}
	t.Fatal("no offset is free on this machine")
}

func TestFreeDetectsAPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := Free(port); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a port in use is reported free: %v", err)
	}
	l.Close()
	if err := Free(port); err != nil {
		t.Errorf("a free port is reported in use: %v", err)
	}
}

func TestConflictDetectsAPortThatBrowsersBlock(t *testing.T) {
	// "edge", or another port if another system runs at this offset.
	if got := Offset(2000).conflict(); got == "" {
		t.Error("offset 2000 has no conflict, but browsers block 10080, its edge port")
	}
}
