package artifact

import (
	"archive/tar"
	"archive/zip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ulikunitz/xz"
)

// Unzip unpacks into dir the files of a zip or jar for which selected is true
// (nil selects all). os.Root rejects names that lead out of dir.
func Unzip(path, dir string, selected func(name string) bool) error {
	z, err := zip.OpenReader(path)
	if err != nil {
		return err
	}
	defer z.Close()
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, f := range z.File {
		if f.FileInfo().IsDir() || selected != nil && !selected(f.Name) {
			continue
		}
		src, err := f.Open()
		if err != nil {
			return err
		}
		err = write(root, f.Name, f.Mode(), src)
		if err := errors.Join(err, src.Close()); err != nil {
			return err
		}
	}
	return nil
}

// UntarXZ unpacks a .tar.xz into dir, symbolic links included.
func UntarXZ(path, dir string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	plain, err := xz.NewReader(f)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for t := tar.NewReader(plain); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch h.Typeflag {
		case tar.TypeReg:
			err = write(root, h.Name, h.FileInfo().Mode(), t)
		case tar.TypeSymlink:
			if err = root.MkdirAll(filepath.Dir(filepath.Clean(h.Name)), 0o755); err == nil {
				err = root.Symlink(h.Linkname, filepath.Clean(h.Name))
			}
		}
		if err != nil {
			return err
		}
	}
}

// write creates a file that every user may read, since root runs some of the
// programs as nobody.
func write(root *os.Root, name string, mode fs.FileMode, src io.Reader) error {
	name = filepath.Clean(name)
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	mode = mode.Perm()&0o111 | 0o644
	if mode&0o100 != 0 {
		mode = 0o755
	}
	f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, src)
	return errors.Join(err, root.Chmod(name, mode), f.Close())
}
