package parts

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var getenvCall = regexp.MustCompile(`(?i:getenv)\("([A-Z_]+)"\)`)

func TestTheReadmeNamesEveryVariable(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, tool := range Tools {
		seen[tool.Variable] = tool.Variable != ""
	}
	err = filepath.WalkDir("..", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range getenvCall.FindAllSubmatch(text, -1) {
			seen[string(m[1])] = true
		}
		return err
	})
	if err != nil || !seen["JARI_AGENT"] { // control: the search finds variables at all
		t.Fatalf("found %v, %v", seen, err)
	}
	for name, used := range seen {
		documented := strings.HasPrefix(name, "JARI_") || name == "CC" || name == "CHROMIUM" || name == "JAVA_HOME"
		if used && documented && !strings.Contains(string(readme), "`"+name+"`") {
			t.Errorf("infra/local/README.md does not describe %s", name)
		}
	}
}
