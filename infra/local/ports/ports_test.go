package ports

import (
	"net"
	"strings"
	"testing"
)

func TestNoTwoPartsShareAPort(t *testing.T) {
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

func TestAnOffsetMovesEveryPort(t *testing.T) {
	if got := Offset(1000).URL("edge"); got != "http://127.0.0.1:9080" {
		t.Errorf("edge moved by 1000 is %s", got)
	}
}

func TestAReservedOffsetIsNotGivenTwice(t *testing.T) {
	a, releaseA, err := Reserve(t.Name())
	if err != nil {
		t.Skip(err)
	}
	defer releaseA()
	b, releaseB, err := Reserve(t.Name())
	if err != nil {
		t.Skip(err)
	}
	defer releaseB()
	if a == b {
		t.Errorf("both got %d", a)
	}
}

func TestATakenPortIsNoticed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := Free(port); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a port that is listened on counts as free: %v", err)
	}
	l.Close()
	if err := Free(port); err != nil {
		t.Errorf("a free port counts as taken: %v", err)
	}
}
