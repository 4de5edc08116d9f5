// Package slack tells people: it writes an incident as one Slack message,
// posts it once, keeps it up to date in place and adds its history as replies
// in its thread. Deliveries come from an outbox and survive anything; what
// may have arrived already is looked for before it is repeated.
package slack
