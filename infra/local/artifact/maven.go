package artifact

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"
)

// Maven is one pinned file of Maven Central.
type Maven struct {
	Group, Name, Version, Type string
	SHA256                     string
}

// File is the file's name in a repository and in the directory it is copied to.
func (m Maven) File() string { return m.Name + "-" + m.Version + "." + m.Type }

//go:embed pom.xml.tmpl
var pomText string

var pom = template.Must(template.New("pom").Parse(pomText))

// FetchMaven copies the files to dir with the ordinary mvn client, so that its
// settings (mirrors, proxies, the local repository) apply, and verifies each.
func FetchMaven(ctx context.Context, dir string, report Progress, files ...Maven) error {
	mvn, err := exec.LookPath("mvn")
	if err != nil {
		return errors.New("Maven (mvn) is not on PATH: install it (Debian: apt-get install maven)")
	}
	project, err := os.Create(filepath.Join(dir, "pom.xml"))
	if err != nil {
		return err
	}
	defer os.Remove(project.Name())
	err = pom.Execute(project, map[string]any{"Dir": dir, "Files": files})
	if err := errors.Join(err, project.Close()); err != nil {
		return err
	}
	report("fetching %s from Maven", files[0].File())
	// Without -B Maven prints the progress of downloads.
	cmd := exec.Command(mvn, "-f", project.Name(), "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy")
	err = Run(ctx, cmd, func(line string) {
		if strings.HasPrefix(line, "Progress") {
			report("\rfetching %s", strings.TrimPrefix(line, "Progress "))
		}
	})
	if err != nil {
		return fmt.Errorf("fetch %s: %w", files[0].File(), err)
	}
	for _, f := range files {
		if err := Verify(filepath.Join(dir, f.File()), f.SHA256); err != nil {
			return err
		}
	}
	return nil
}

// Verify compares a file's SHA-256 with the pinned one.
func Verify(path, want string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		return fmt.Errorf("%s is not the file that this version of Jari pins: its SHA-256 is %s, not %s; "+
			"remove it from the local Maven repository (~/.m2) and try again", filepath.Base(path), got, want)
	}
	return nil
}
