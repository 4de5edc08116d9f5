//go:build !chaos

package ship

// injectPanic does nothing. In a build with the tag chaos it injects a panic.
func injectPanic() {}
