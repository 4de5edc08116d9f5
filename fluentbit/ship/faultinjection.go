//go:build chaos

package ship

import "os"

// injectPanic panics as long as the file exists that JARI_CHAOS_PANIC_FILE names.
// A chaos campaign uses it to see how the agent survives a panic in an export.
func injectPanic() {
	file := os.Getenv("JARI_CHAOS_PANIC_FILE")
	if file == "" {
		return
	}
	if _, err := os.Stat(file); err == nil {
		panic("injected by " + file)
	}
}
