package parts

import (
	"os"
	"path/filepath"
)

// RemoveData removes the data that is outside the system's directory.
func (s *System) RemoveData() error {
	if s.runAs.data == filepath.Join(s.Dir, "data") {
		return nil
	}
	return os.RemoveAll(s.runAs.data)
}
