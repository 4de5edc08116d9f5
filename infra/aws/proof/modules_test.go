package proof

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
)

// maxVariables is how many variables a module may have before nobody knows what it is.
const maxVariables = 25

// undescribed says what is missing in the variables and outputs of a file.
func undescribed(t *testing.T, text []byte, name string) (variables int, missing []string) {
	t.Helper()
	file, problems := hclparse.NewParser().ParseHCL(text, name)
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	content, _, problems := file.Body.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{
		{Type: "variable", LabelNames: []string{"name"}}, {Type: "output", LabelNames: []string{"name"}},
	}})
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	for _, b := range content.Blocks {
		wanted := []string{"description", "type"}
		if b.Type == "output" {
			wanted = wanted[:1]
		} else {
			variables++
		}
		for _, attribute := range wanted {
			found, _, _ := b.Body.PartialContent(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: attribute}}})
			if found == nil || len(found.Attributes) == 0 {
				missing = append(missing, b.Type+" "+b.Labels[0]+" has no "+attribute)
			}
		}
	}
	return variables, missing
}

func TestEachModuleHasItsFilesAndDescribesItsVariables(t *testing.T) {
	dirs, err := filepath.Glob("../modules/*")
	if err != nil || len(dirs) < 15 {
		t.Fatalf("the modules are %v, %v", dirs, err)
	}
	for _, dir := range dirs {
		for _, name := range []string{"main.tf", "variables.tf", "outputs.tf", "versions.tf", "README.md"} {
			text, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Error(err)
				continue
			}
			if !strings.HasSuffix(name, ".tf") {
				continue
			}
			n, missing := undescribed(t, text, name)
			for _, m := range missing {
				t.Errorf("%s/%s: %s", dir, name, m)
			}
			if n > maxVariables {
				t.Errorf("%s has %d variables, at most %d are wanted", dir, n, maxVariables)
			}
		}
	}
}

func TestFindsWhatIsNotDescribed(t *testing.T) {
	n, missing := undescribed(t, []byte("variable \"a\" {}\nvariable \"b\" {\n  type = string\n  description = \"b\"\n}\noutput \"c\" {\n  value = 1\n}\n"), "x.tf")
	if n != 2 || strings.Join(missing, "; ") != "variable a has no description; variable a has no type; output c has no description" {
		t.Errorf("%d variables, %q", n, missing)
	}
}
