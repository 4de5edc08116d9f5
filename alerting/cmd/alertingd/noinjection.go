//go:build !chaos

package main

import (
	"context"

	"jari.example/alerting/lease"
	"jari.example/alerting/notify"
	"jari.example/alerting/slack"
)

// injection changes nothing. In a build with the tag chaos it injects faults.
type injection struct{}

var injected injection

func (injection) store(s store) store                   { return s }
func (injection) elector(e lease.Elector) lease.Elector { return e }
func (injection) work(f func(context.Context, lease.Term)) func(context.Context, lease.Term) {
	return f
}
func (injection) relay(c notify.Config) notify.Config { return c }
func (injection) slack(c slack.Config) slack.Config   { return c }
