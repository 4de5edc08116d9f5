// Package rules checks what holds for the whole repository: which module may
// import which, that telemetry uses the names of telemetry/names, and that
// operators read no discouraged words. What concerns one module is tested there
// (services/arch_test.go).
package rules
