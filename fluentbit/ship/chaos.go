//go:build chaos

package ship

import "os"

// chaos panics while the file is there that JARI_CHAOS_PANIC_FILE names, so
// that a campaign can see what its host makes of a panic within an export.
func chaos() {
	file := os.Getenv("JARI_CHAOS_PANIC_FILE")
	if file == "" {
		return
	}
	if _, err := os.Stat(file); err == nil {
		panic("told to by " + file)
	}
}
