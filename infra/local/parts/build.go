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

// programs are the main packages that the workspace builds in one go. Their
// last element is the program's name.
var programs = []string{
	"./services/gateway/cmd/gatewayd",
	"./services/user/cmd/userd",
	"./services/reservation/cmd/reservationd",
	"./services/notification/cmd/notificationd",
	"./services/search/cmd/searchd",
	"./services/search/cmd/indexerd",
	"./alerting/cmd/alertingd",
	"./kibana/cmd/kibanapreview",
}

func (s *System) build() launch.Part {
	return launch.Part{
		Name: "build",
		Hint: "mend what the compiler complains about, then `make up` again",
		Prepare: func(ctx context.Context, say launch.Say) error {
			say("building the services")
			return s.goBuild(ctx, say, s.Root, append([]string{"-o", s.Bin("") + string(filepath.Separator)}, programs...))
		},
	}
}

// goBuild runs go build in dir. Stamping the commit fails in a clone that
// belongs to somebody else (root in a user's clone); then we do without.
func (s *System) goBuild(ctx context.Context, say launch.Say, dir string, args []string, env ...string) error {
	if err := os.MkdirAll(s.Bin(""), 0o755); err != nil {
		return err
	}
	build := func(more ...string) error {
		cmd := exec.Command("go", append(append([]string{"build"}, more...), args...)...)
		cmd.Dir, cmd.Env = dir, environment(env...)
		return artifact.Run(ctx, cmd, func(line string) {
			if strings.HasPrefix(line, "go: downloading ") {
				say("\r%s", strings.TrimPrefix(line, "go: "))
			}
		})
	}
	err := build()
	if err != nil && strings.Contains(err.Error(), "-buildvcs=false") {
		return build("-buildvcs=false")
	}
	return err
}

// plugin builds Fluent Bit's output plugin, a C shared library.
func (s *System) plugin() launch.Part {
	return launch.Part{
		Name: "plugin",
		Hint: "it needs a C compiler (Debian: apt-get install gcc libc6-dev)",
		Prepare: func(ctx context.Context, say launch.Say) error {
			say("building the Fluent Bit plugin")
			return s.goBuild(ctx, say, filepath.Join(s.Root, "fluentbit"), []string{"-buildmode=c-shared", "-o", s.PluginPath(), "."}, "CGO_ENABLED=1")
		},
	}
}

// PluginPath is where the plugin is built.
func (s *System) PluginPath() string { return s.Bin("out_jari.so") }
