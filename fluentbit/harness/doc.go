// Package harness tests the built plugin as Fluent Bit uses it: harness.c loads
// the shared library through its C interface, in a process of its own, because
// a Go program cannot host another Go runtime safely.
package harness
