// Package rollout tests that a release can be rolled out while the one before it still runs:
// migrations come first, and the old tasks work with the new schema until they are replaced.
package rollout
