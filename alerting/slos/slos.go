// Package slos holds our own rules: the objectives, each in an OpenSLO file with the
// policy that defines when missing it notifies somebody, and the direct alerts. The
// vocabularies, which their fields are held against, are generated. The series tests
// in tests are not built into the daemon; `alertingd test` runs them.
package slos

//go:generate go run ./vocabularygen ../../docs/openapi.yaml .

import "embed"

// Files are the rules built into alertingd.
//
//go:embed *.yaml
var Files embed.FS
