package ship

import (
	"syscall"
	"testing"
)

// As df: blocks that only root may use are neither free nor part of the volume.
func TestFreeSpaceIsWhatAnOrdinaryUserMayWrite(t *testing.T) {
	for name, test := range map[string]struct {
		volume syscall.Statfs_t
		bytes  int64
		share  float64
		ok     bool
	}{
		"a fifth is reserved for root": {syscall.Statfs_t{Bsize: 4096, Blocks: 100, Bfree: 40, Bavail: 20}, 20 * 4096, 0.25, true},
		"nothing is left":              {syscall.Statfs_t{Bsize: 4096, Blocks: 100, Bfree: 10, Bavail: 0}, 0, 0, true},
		"a file system without a size": {syscall.Statfs_t{Bsize: 4096}, 0, 0, false},
	} {
		if bytes, share, ok := freeOf(test.volume); bytes != test.bytes || share != test.share || ok != test.ok {
			t.Errorf("%s: %d bytes, share %v, %v", name, bytes, share, ok)
		}
	}
}
