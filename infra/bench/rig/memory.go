package rig

import "golang.org/x/sys/unix"

// isMemory reports whether dir is on a file system in memory.
func isMemory(dir string) (bool, error) {
	var fs unix.Statfs_t
	err := unix.Statfs(dir, &fs)
	return fs.Type == unix.TMPFS_MAGIC || fs.Type == unix.RAMFS_MAGIC, err
}
