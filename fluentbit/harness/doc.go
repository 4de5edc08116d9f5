// Package harness tests the built plugin as Fluent Bit uses it. harness.c loads the
// shared library through its C interface, in a process of its own, because a Go
// program cannot safely load another Go runtime.
//
// faults_test.go lists the faults, inject_test.go injects them, scenario_test.go runs
// one. fluentbit_test.go runs the real Fluent Bit where it is installed.
package harness
