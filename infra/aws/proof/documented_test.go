package proof

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var declared = regexp.MustCompile(`(?m)^resource "(\w+)"`)

// docs/aws.md promises to say of each type of resource what was shown of it.
func TestEachTypeOfResourceIsInTheTable(t *testing.T) {
	page, err := os.ReadFile("../../../docs/aws.md")
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	err = filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".tf" {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range declared.FindAllStringSubmatch(string(text), -1) {
			used[m[1]] = true
		}
		return err
	})
	if err != nil || len(used) < 50 {
		t.Fatalf("found %d types, %v", len(used), err)
	}
	for kind := range used {
		if !strings.Contains(string(page), "`"+kind+"`") {
			t.Errorf("docs/aws.md does not say what was shown of %s", kind)
		}
	}
	for _, m := range regexp.MustCompile("`((?:aws|terraform)_\\w+)`").FindAllStringSubmatch(string(page), -1) {
		if !used[m[1]] {
			t.Errorf("docs/aws.md has %s, which is not used", m[1])
		}
	}
}
