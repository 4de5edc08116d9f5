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

// undescribed says what is missing in the variables and outputs of a file. Every value of a bool is
// valid.
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
		inside, _, _ := b.Body.PartialContent(&hcl.BodySchema{
			Attributes: []hcl.AttributeSchema{{Name: "description"}, {Name: "type"}}, Blocks: []hcl.BlockHeaderSchema{{Type: "validation"}},
		})
		lacks := func(what string, is bool) {
			if is {
				missing = append(missing, b.Type+" "+b.Labels[0]+" has no "+what)
			}
		}
		kind := inside.Attributes["type"]
		lacks("description", inside.Attributes["description"] == nil)
		if b.Type == "variable" {
			variables++
			lacks("type", kind == nil)
			lacks("validation", len(inside.Blocks) == 0 && (kind == nil || string(kind.Expr.Range().SliceBytes(text)) != "bool"))
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

func TestTheVariablesOfStacksAreDescribedAndValidated(t *testing.T) {
	files, err := filepath.Glob("../stacks/*/*.tf")
	if err != nil {
		t.Fatal(err)
	}
	all := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		n, missing := undescribed(t, text, file)
		all += n
		for _, m := range missing {
			t.Errorf("%s: %s", file, m)
		}
	}
	if all < 30 {
		t.Errorf("there are %d variables only", all)
	}
}

func TestFindsWhatIsNotDescribed(t *testing.T) {
	n, missing := undescribed(t, []byte(`
		variable "a" {}
		variable "b" {
			type = string
			description = "b"
		}
		variable "c" {
			type = bool
			description = "c"
		}
		variable "d" {
			type = number
			description = "d"
			validation {
				condition = var.d > 0
				error_message = "d"
			}
		}
		output "e" {
			value = 1
		}
	`), "x.tf")
	want := "variable a has no description; variable a has no type; variable a has no validation; variable b has no validation; output e has no description"
	if n != 4 || strings.Join(missing, "; ") != want {
		t.Errorf("%d variables, %q", n, missing)
	}
}
