package main

import (
	"syscall"

	"jari.example/infra/bench/proc"
)

// killTree kills a process and its children as a power cut would: all of them,
// and none notices the end of another. They are stopped first, because a
// postmaster would notice dead backends, and backends a dead postmaster.
func killTree(pid int) error {
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		return err
	}
	tree := append(proc.Children(pid), pid)
	for _, p := range tree {
		_ = syscall.Kill(p, syscall.SIGSTOP) // it may just have ended
	}
	for _, p := range tree {
		_ = syscall.Kill(p, syscall.SIGKILL)
	}
	return nil
}
