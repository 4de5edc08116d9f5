//go:build !chaos

package ship

// chaos does something only in a build for campaigns.
func chaos() {}
