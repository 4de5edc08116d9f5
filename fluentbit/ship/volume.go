package ship

import "syscall"

// freeSpace returns the bytes that an ordinary user may still write to the volume
// of dir, and their share of all that one could ever write. ok is false when that
// is not known.
func freeSpace(dir string) (bytes int64, share float64, ok bool) {
	var v syscall.Statfs_t
	if syscall.Statfs(dir, &v) != nil {
		return 0, 0, false
	}
	return freeOf(v)
}

func freeOf(v syscall.Statfs_t) (bytes int64, share float64, ok bool) {
	usable := v.Blocks - v.Bfree + v.Bavail // without the blocks that only root may use, as df counts
	if usable == 0 {
		return 0, 0, false // a file system without a size, such as procfs
	}
	return int64(v.Bavail) * int64(v.Bsize), float64(v.Bavail) / float64(usable), true
}
