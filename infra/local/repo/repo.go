// Package repo finds the clone that a program runs in.
package repo

import (
	"fmt"
	"os"
	"path/filepath"
)

// Root is the absolute path of the clone's top folder, the one that holds
// go.work. It walks up from the working directory.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for d := dir; ; d = filepath.Dir(d) {
		if info, err := os.Stat(filepath.Join(d, "go.work")); err == nil && info.Mode().IsRegular() {
			return d, nil
		}
		if d == filepath.Dir(d) {
			return "", fmt.Errorf("%s is not inside a clone of Jari (no folder above it holds go.work): run this inside a clone", dir)
		}
	}
}
