// Package slos holds the objectives themselves: one OpenSLO file per promise
// and beside it the policy that says when breaking it wakes somebody up.
package slos

import "embed"

// Files are the objectives built into alertingd.
//
//go:embed *.yaml
var Files embed.FS
