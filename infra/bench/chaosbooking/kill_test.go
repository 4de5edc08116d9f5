package main

import (
	"bufio"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"jari.example/infra/bench/proc"
)

func TestKillTreeKillsChildren(t *testing.T) {
	parent := exec.Command("sh", "-c", "sleep 60 & echo $!; wait")
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	child, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(child, syscall.SIGKILL) })
	if got := proc.Children(parent.Process.Pid); len(got) != 1 || got[0] != child {
		t.Fatalf("the children are %v, not %d", got, child)
	}
	if err := killTree(parent.Process.Pid); err != nil {
		t.Fatal(err)
	}
	if err := parent.Wait(); err == nil {
		t.Error("it exited with status 0")
	}
	// A dead orphan stays in the process table until init has reaped it.
	for deadline := time.Now().Add(10 * time.Second); runs(child); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("its child is still running")
		}
	}
}

func runs(pid int) bool {
	out, err := exec.Command("ps", "-o", "stat=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && !strings.HasPrefix(strings.TrimSpace(string(out)), "Z")
}
