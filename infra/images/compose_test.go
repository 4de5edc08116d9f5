package main

import (
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"

	"jari.example/infra/helptext"
)

func composed(t *testing.T, file string) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{file}, cli.WithWorkingDirectory(clone))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return project
}

// problems says what is wrong with a service: flags that its program does not know, and
// addresses of services that are not there. knows has the flags of the programs.
func problems(project *types.Project, s types.ServiceConfig, knows func(program string) []string) (all []string) {
	program, args := strings.TrimPrefix(strings.Split(s.Image, ":")[0], "jari/"), s.Command
	if program == "tools" {
		program, args = args[0], args[1:]
	}
	known := knows(program)
	for _, arg := range args {
		flag, value, _ := strings.Cut(arg, "=")
		if !slices.Contains(known, strings.TrimLeft(flag, "-")) {
			all = append(all, program+" does not know "+flag)
		}
		_, inner, two := strings.Cut(value, "=") // -origin=REGION=URL
		if !two || !strings.Contains(inner, "://") {
			inner = value
		}
		u, err := url.Parse(strings.NewReplacer("{", "", "}", "").Replace(inner))
		if err != nil || u.Host == "" || u.Hostname() == "127.0.0.1" || strings.HasSuffix(u.Hostname(), ".example") {
			continue
		}
		if _, exists := project.Services[u.Hostname()]; !exists {
			all = append(all, flag+" names "+u.Hostname()+", which is not there")
		}
	}
	return all
}

// knownFlags returns the flags of a program: of a daemon those in its golden help, of a tool
// those that it prints.
func knownFlags(t *testing.T) func(program string) (names []string) {
	jari := filepath.Join(t.TempDir(), "jari")
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", jari, "./infra/local/cmd/jari")
	build.Dir = clone
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return func(program string) (names []string) {
		help, err := helptext.Of(clone, program)
		if err != nil {
			out, err := exec.CommandContext(t.Context(), jari, "run", program, "-h").Output()
			if err != nil {
				t.Fatalf("jari run %s -h: %v", program, err)
			}
			help = string(out)
		}
		for _, f := range helptext.Flags(help) {
			names = append(names, f.Name)
		}
		return names
	}
}

func TestComposeStartsOurProgramsWithTheirFlags(t *testing.T) {
	project, knows, ours := composed(t, filepath.Join(clone, "compose.yaml")), knownFlags(t), 0
	for name, s := range project.Services {
		if !strings.HasPrefix(s.Image, "jari/") {
			continue
		}
		ours++
		for _, p := range problems(project, s, knows) {
			t.Errorf("%s: %s", name, p)
		}
	}
	if ours < 20 {
		t.Errorf("%d services are our programs", ours)
	}
	// The controls.
	s := project.Services["gateway-kr"]
	s.Command = append(slices.Clone(s.Command), "-users-url=http://nobody:1")
	got := strings.Join(problems(project, s, knows), "; ")
	if want := "gatewayd does not know -users-url; -users-url names nobody, which is not there"; got != want {
		t.Errorf("the problems are %q, want %q", got, want)
	}
}
