// Package slos holds the objectives: one OpenSLO file for each, and beside it the
// policy that defines when missing it pages somebody.
package slos

//go:generate go run ./vocabularygen ../../docs/openapi.yaml .

import "embed"

// Files are the objectives built into alertingd.
//
//go:embed *.yaml
var Files embed.FS
