// Package rules tests what the rooms may know of one another. What stays
// inside one room is that room's own test (services/arch_test.go).
package rules
