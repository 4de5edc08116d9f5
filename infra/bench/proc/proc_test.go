package proc

import (
	"math"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"
)

func TestReadsCPUTime(t *testing.T) {
	s, err := parseStat("17 (a) b (c) S 5 17 17 0 -1 4194560 1 2 3 4 100 20 7 3 20 0 1 0 9 0 0")
	if err != nil || s.parent != 5 || s.own != 1200*time.Millisecond || s.reaped != 100*time.Millisecond {
		t.Errorf("read as %+v, %v", s, err)
	}
	if _, err := parseStat("17 (half"); err == nil {
		t.Error("a truncated line is accepted")
	}
	before, err := CPU(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for x, until := 0.0, time.Now().Add(50*time.Millisecond); time.Now().Before(until); x++ {
		_ = math.Sqrt(x)
	}
	if after, err := CPU(os.Getpid()); err != nil || after <= before {
		t.Errorf("after working %v, before %v, %v", after, before, err)
	}
}

func TestAProcessOwnTimeIsWithoutThatOfItsChildren(t *testing.T) {
	before, err := Own(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	withChildren, _ := CPU(os.Getpid())
	if err := exec.Command("sh", "-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done").Run(); err != nil {
		t.Fatal(err)
	}
	own, _ := Own(os.Getpid())
	all, _ := CPU(os.Getpid())
	if all-withChildren <= 2*(own-before) {
		t.Errorf("a child that works adds %v to all and %v to the process itself", all-withChildren, own-before)
	}
}

func TestListsRunningChildren(t *testing.T) {
	child := exec.Command("sleep", "60")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = child.Process.Kill(); _ = child.Wait() }()
	if got := Children(os.Getpid()); !slices.Contains(got, child.Process.Pid) {
		t.Errorf("%d is not in %v", child.Process.Pid, got)
	}
	if got := Children(1 << 30); len(got) > 0 {
		t.Errorf("children of a process that does not exist: %v", got)
	}
}
