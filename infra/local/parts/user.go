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

// rootCache is the fallback of root for files that the user nobody must read, when
// nobody cannot access the configured folder.
const rootCache = "/var/cache/jari"

// runAs is the user for servers that refuse to run as root (Postgres, OpenSearch):
// nobody if the launcher runs as root, else the launcher's user.
type runAs struct {
	cred *syscall.Credential // nil: the launcher's user
	data string              // parent of their data directories
}

func newRunAs(dir string) (runAs, error) {
	u := runAs{data: filepath.Join(dir, "data")}
	if os.Getuid() != 0 {
		return u, nil
	}
	// initdb needs a user with an entry in the password file.
	nobody, err := user.Lookup("nobody")
	if err != nil {
		return u, fmt.Errorf("run as root, Postgres and OpenSearch must be started as the user nobody: %w", err)
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

// pathKey is a short key that differs between clones.
func pathKey(path string) string {
	h := fnv.New64a()
	h.Write([]byte(path))
	return strconv.FormatUint(h.Sum64(), 36)
}

// dir creates the data directory of a part, owned by the user.
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

// apply makes cmd run as the user.
func (u runAs) apply(cmd *exec.Cmd) *exec.Cmd {
	if u.cred != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: u.cred}
	}
	return cmd
}

// cache is c, or root's own cache if the user cannot access c.
func (u runAs) cache(c artifact.Cache) artifact.Cache {
	if u.cred == nil || u.canAccess(string(c)) {
		return c
	}
	return rootCache
}

// canAccess reports whether the user may enter path and all its parents that
// exist. With one 0700 directory of root among them, a server would fail with a
// misleading message.
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
