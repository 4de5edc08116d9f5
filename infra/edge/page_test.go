package edge_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"jari.example/infra/edge"
	"jari.example/infra/edge/cffunction"
)

type pageVector struct{ Name, URI, File string }

func pageVectors(t *testing.T) (out []pageVector) {
	t.Helper()
	b, err := os.ReadFile("page-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &out); err != nil || len(out) < 10 {
		t.Fatalf("%d vectors, %v", len(out), err)
	}
	return out
}

// checkPage returns the names of the vectors that source fails.
func checkPage(t *testing.T, source string) (failed []string) {
	t.Helper()
	f, err := cffunction.New("page-request.js", source, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range pageVectors(t) {
		got, err := f.Run("203.0.113.7", cffunction.Request{Method: "GET", URI: v.URI})
		if err != nil || got.Request.URI != v.File || got.Origin != "" {
			failed = append(failed, fmt.Sprintf("%s: %q %q %v", v.Name, got.Request.URI, got.Origin, err))
		}
	}
	return failed
}

func TestThePagesFunctionPassesItsVectors(t *testing.T) {
	for _, f := range checkPage(t, edge.PageRequest) {
		t.Error(f)
	}
}

func TestThePagesVectorsDetectAWrongFunction(t *testing.T) {
	for name, change := range map[string][2]string{
		"gives HTML for a missing script": {"!/", "true || !/"},
		"never gives the page":            {"!/", "false && !/"},
		"takes a folder's dot for a file": {`[^\/]*$`, ""},
		"forgets the slash at the end":    {`.replace(/\/+$/, '')`, `.replace(/\/+$/, '.')`},
	} {
		source := strings.Replace(edge.PageRequest, change[0], change[1], 1)
		if source == edge.PageRequest {
			t.Fatalf("the source no longer contains %q", change[0])
		}
		if checkPage(t, source) == nil {
			t.Errorf("no vector detects a function that %s", name)
		}
	}
}

func TestThePagesFunctionRunsInNjs(t *testing.T) {
	njs := njsProgram(t)
	for _, v := range pageVectors(t) {
		source := edge.PageRequest + fmt.Sprintf("console.log(handler({ request: { uri: %q } }).uri);\n", v.URI)
		file := filepath.Join(t.TempDir(), "function.js")
		if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), njs, file).CombinedOutput()
		if got := strings.TrimSpace(string(out)); err != nil || got != v.File {
			t.Errorf("%s: njs prints %q (%v), want %q", v.Name, got, err, v.File)
		}
	}
}
