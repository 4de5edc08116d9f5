package parts

import (
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"jari.example/infra/local/artifact"
)

// rootCache is where root keeps what the user nobody must reach when the
// place asked for lies behind a directory that nobody may not enter.
const rootCache = "/var/cache/jari"

// runAs runs the servers that refuse to run as root (Postgres, OpenSearch):
// nobody when we are root, else ourselves.
type runAs struct {
	cred *syscall.Credential // nil: ourselves
	data string              // directory below which their data lies
}

func newRunAs(dir string) (runAs, error) {
	u := runAs{data: filepath.Join(dir, "data")}
	if os.Getuid() != 0 {
		return u, nil
	}
	// It must be a user with an entry in the password file: initdb asks.
	nobody, err := user.Lookup("nobody")
	if err != nil {
		return u, fmt.Errorf("run as root, Jari starts Postgres and OpenSearch as nobody: %w", err)
	}
	uid, err := strconv.ParseUint(nobody.Uid, 10, 32)
	if err != nil {
		return u, err
	}
	gid, err := strconv.ParseUint(nobody.Gid, 10, 32)
	if err != nil {
		return u, err
	}
	u.cred = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	if !u.canAccess(dir) {
		u.data = filepath.Join(rootCache, "data", pathKey(dir))
	}
	return u, nil
}

// pathKey tells clones apart by their path.
func pathKey(path string) string {
	h := fnv.New64a()
	h.Write([]byte(path))
	return strconv.FormatUint(h.Sum64(), 36)
}

// dir makes the data directory of a part, owned by the user.
func (u runAs) dir(part string) (string, error) {
	dir := filepath.Join(u.data, part)
	if err := os.MkdirAll(u.data, 0o755); err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil || u.cred == nil {
		return dir, err
	}
	return dir, os.Chown(dir, int(u.cred.Uid), int(u.cred.Gid))
}

// apply lets the user run cmd.
func (u runAs) apply(cmd *exec.Cmd) *exec.Cmd {
	if u.cred != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: u.cred}
	}
	return cmd
}

// cache is the cache asked for, or root's own when the user cannot reach it.
func (u runAs) cache(c artifact.Cache) artifact.Cache {
	if u.cred == nil || u.canAccess(string(c)) {
		return c
	}
	return rootCache
}

// canAccess reports whether the user may enter path, or what of it exists: one
// 0700 directory of root on the way, and a server fails with a message that
// names the wrong thing.
func (u runAs) canAccess(path string) bool {
	if u.cred == nil {
		return true
	}
	for p := filepath.Clean(path); ; p = filepath.Dir(p) {
		if st, err := os.Stat(p); err == nil && !u.mayEnter(st) {
			return false
		}
		if p == filepath.Dir(p) {
			return true
		}
	}
}

func (u runAs) mayEnter(st fs.FileInfo) bool {
	owner := st.Sys().(*syscall.Stat_t)
	switch {
	case owner.Uid == u.cred.Uid:
		return st.Mode()&0o100 != 0
	case owner.Gid == u.cred.Gid:
		return st.Mode()&0o010 != 0
	}
	return st.Mode()&0o001 != 0
}
