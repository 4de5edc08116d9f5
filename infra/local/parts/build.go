package parts

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"jari.example/infra/local/artifact"
	"jari.example/infra/local/launch"
)

// programs are the main packages that are built together. The last element of
// each is the program's name.
var programs = []string{
	"./services/gateway/cmd/gatewayd",
	"./services/user/cmd/userd",
	"./services/reservation/cmd/reservationd",
	"./services/notification/cmd/notificationd",
	"./services/search/cmd/searchd",
	"./services/search/cmd/indexerd",
	"./alerting/cmd/alertingd",
	"./alerting/cmd/alertingwatch",
	"./alerting/cmd/jarictl",
	"./kibana/cmd/kibanapreview",
	"./fluentbit/cmd/jari-telemetry",
}

func (s *System) build() launch.Part {
	return launch.Part{
		Name: "build",
		Hint: "fix the compiler errors, then run `make up` again",
		Prepare: func(ctx context.Context, report launch.Progress) error {
			report("building the services")
			args := append(stamping(version(ctx, s.Root)), "-o", s.Bin("")+string(filepath.Separator))
			return s.goBuild(ctx, report, s.Root, append(args, programs...))
		},
	}
}

// goBuild runs go build in dir. Go's own stamping of the commit is off: it fails
// in a clone of another user (root in a user's clone).
func (s *System) goBuild(ctx context.Context, report launch.Progress, dir string, args []string, env ...string) error {
	if err := os.MkdirAll(s.Bin(""), 0o755); err != nil {
		return err
	}
	cmd := exec.Command("go", append([]string{"build", "-v", "-buildvcs=false"}, args...)...)
	cmd.Dir, cmd.Env = dir, environment(env...)
	return artifact.Run(ctx, cmd, func(line string) {
		if module, ok := strings.CutPrefix(line, "go: downloading "); ok {
			report("\rdownloading %s", module)
		} else if line != "" && !strings.ContainsAny(line, " :") { // a package's path; an error contains a blank and a colon
			report("\rcompiling %s", line)
		}
	})
}

// stamping returns the build flags that set a program's version, which it reports
// as service.version.
func stamping(version string) []string {
	if version == "" {
		return nil
	}
	return []string{"-ldflags=-X jari.example/telemetry.version=" + version}
}

// version is the clone's commit, with -dirty if files differ from it, or "" if
// git fails. safe.directory is off, so that the clone may belong to another user:
// its code is about to be run anyway.
func version(ctx context.Context, root string) string {
	git := func(args ...string) (string, error) {
		cmd := exec.CommandContext(ctx, "git", append([]string{"-c", "safe.directory=*", "-C", root}, args...)...)
		out, err := cmd.Output()
		return strings.TrimSpace(string(out)), err
	}
	commit, err := git("rev-parse", "--short=12", "HEAD")
	if err != nil {
		return ""
	}
	if changes, err := git("status", "--porcelain"); err == nil && changes != "" {
		commit += "-dirty"
	}
	return commit
}

// plugin builds Fluent Bit's output plugin, a C shared library.
func (s *System) plugin() launch.Part {
	return launch.Part{
		Name: "plugin",
		Hint: "install a C compiler (Debian: apt-get install gcc libc6-dev)",
		Prepare: func(ctx context.Context, report launch.Progress) error {
			env := []string{"CGO_ENABLED=1"}
			// Go itself looks only for gcc.
			cc, err := CCompiler.Find(ctx, s.Getenv)
			if err != nil {
				return err
			}
			if s.Getenv("CC") == "" && filepath.Base(cc) != "gcc" {
				env = append(env, "CC="+cc)
			}
			report("building the Fluent Bit plugin")
			args := []string{"-buildmode=c-shared", "-o", s.PluginPath(), "."}
			return s.goBuild(ctx, report, filepath.Join(s.Root, "fluentbit"), args, env...)
		},
	}
}

// PluginPath is the file of the plugin.
func (s *System) PluginPath() string { return s.Bin("out_jari.so") }
