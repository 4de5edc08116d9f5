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

// alone keeps the test's reservations apart from those of systems that run.
func alone(t *testing.T) { t.Setenv("TMPDIR", t.TempDir()) }

func TestAReservedOffsetIsNotGivenTwice(t *testing.T) {
	alone(t)
	free := func(Offset) string { return "" }
	given := map[Offset]bool{}
	var first func()
	for i := range choices {
		o, release, err := reserve(t.Name(), free)
		if err != nil {
			t.Fatalf("number %d of %d: %v", i+1, choices, err)
		}
		defer release()
		if given[o] {
			t.Errorf("%d is given twice", o)
		}
		given[o] = true
		if first == nil {
			first = release
		}
	}
	if o, _, err := reserve(t.Name(), free); err == nil || !strings.Contains(err.Error(), "jari down") {
		t.Errorf("with all of them given away: %d, %v", o, err)
	}
	first()
	if _, release, err := reserve(t.Name(), free); err != nil {
		t.Errorf("what was released is not given again: %v", err)
	} else {
		release()
	}
}

func TestAnOffsetWithATakenPortIsPassedOver(t *testing.T) {
	alone(t)
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
		t.Errorf("%d is given although its edge is taken", got)
	}
}

func TestATakenPartIsNamed(t *testing.T) {
	for o := Offset(1); o < 13000; o += 43 { // wherever nobody else is
		if o.conflict() != "" {
			continue
		}
		l, err := net.Listen("tcp", o.Addr("edge"))
		if err != nil {
			continue
		}
		defer l.Close()
		if got := o.conflict(); got != "edge" {
			t.Errorf("the taken part is %q", got)
		}
		return
	}
	t.Fatal("this machine has no room for one more system")
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

func TestNoBrowserRefusesAnOffsetThatIsChosen(t *testing.T) {
	if got := Offset(2000).conflict(); got != "edge" {
		t.Errorf("at 2000 %q is in the way, want the edge: no browser opens 10080", got)
	}
}
