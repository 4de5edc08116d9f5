package main

import (
	"archive/tar"
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"jari.example/infra/local/artifact"
	"jari.example/internal/postgres/postgrestest"
	"jari.example/internal/serve/servetest"
	"jari.example/telemetry/names"
	"jari.example/telemetry/names/realpart"
)

// booted are the services of ECS, with flags that let them use the real parts. The other
// programs are functions or jobs there.
func booted(t *testing.T) map[string][]string {
	const nobody = "http://127.0.0.1:1"
	openSearch, aws, redis := realpart.Need(t, realpart.OpenSearch), realpart.Need(t, realpart.AWS), realpart.Need(t, realpart.Redis)
	database := func() []string { return []string{"--database-url", postgrestest.Database(t)} }
	catalogue := []string{"--opensearch-url", openSearch, "--aws-endpoint-url", aws}
	return map[string][]string{
		"gatewayd":      {"--redis-url", redis, "--user-url", nobody, "--reservation-url", nobody, "--search-url", nobody},
		"userd":         database(),
		"reservationd":  append(database(), "--notification-url", nobody, "--user-url", nobody),
		"notificationd": append(database(), "--user-url", nobody, "--search-url", nobody, "--aws-endpoint-url", aws),
		"searchd":       catalogue,
		"alertingd":     append(database(), "--opensearch-url", openSearch),
	}
}

// maxSize is what an image may have at most, compressed: a new task starts with its download.
const maxSize = 20e6

// architecture is what the booted images are for. AWS runs arm64: another machine boots that on an
// emulator of the processor, many times slower, which only `make test-full` does.
func architecture() string { return cmp.Or(os.Getenv("JARI_TEST_IMAGE_ARCHITECTURE"), runtime.GOARCH) }

// Each service runs from its image as in a container: as a user without rights, from a file
// system that holds nothing else and that nobody can write to.
func TestEachServiceRunsFromItsImage(t *testing.T) {
	flags := booted(t)
	if os.Geteuid() != 0 {
		t.Skip("only root may unpack an image and change the root directory")
	}
	b := newBuild(t, clone)
	b.platforms = []v1.Platform{{OS: "linux", Architecture: architecture()}}
	for _, pkg := range programs {
		name := filepath.Base(pkg)
		args, ok := flags[name]
		if !ok {
			continue
		}
		t.Run(name, func(t *testing.T) {
			program, err := b.compile(t.Context(), pkg, b.platforms[0])
			if err != nil {
				t.Fatal(err)
			}
			i, err := b.ofProgram(name, program, b.platforms[0])
			if err != nil {
				t.Fatal(err)
			}
			if size, err := compressed(i); err != nil || size <= 0 || size > maxSize {
				t.Errorf("the image has %d bytes, at most %d are wanted; %v", size, int64(maxSize), err)
			}
			ops := boot(t, i, append(args, "--http-addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0", "--environment", "test"))
			servetest.WaitReady(t, "http://"+ops)
		})
	}
}

// boot runs the entrypoint of an image, with a root directory that is read-only, until the
// test ends. It returns the address for operators.
func boot(t *testing.T, i v1.Image, args []string) (ops string) {
	t.Helper()
	config, err := i.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	unpack(t, i, root)
	entrypoint := append(interpreter(t, config.Architecture, root), config.Config.Entrypoint...)
	// What a container runtime does: a namespace of its own, mounts, the user.
	const enter = `mount --bind -o ro "$0" "$0" && mount -t proc proc "$0/proc" && ` +
		`exec chroot --userspec="$1" --groups= "$0" "${@:2}"`
	command := append([]string{"--mount", "--propagation", "private", "bash", "-c", enter, root, config.Config.User}, entrypoint...)
	cmd := exec.Command("unshare", append(command, args...)...)
	cmd.Env = []string{"AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local"}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line map[string]any
		if json.Unmarshal(lines.Bytes(), &line) == nil && line[names.EventName] == names.EventStarted {
			ops, _ = line[names.OpsAddr].(string)
			break
		}
	}
	go func() {
		_, _ = io.Copy(io.Discard, out)
		ended <- cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt) // it may have ended
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("it ended with %v: %s", err, &stderr)
			}
		case <-time.After(30 * time.Second):
			_ = cmd.Process.Kill()
			t.Error("it did not stop within 30 s")
		}
	})
	if ops == "" {
		t.Fatalf("it has not started: %s", &stderr)
	}
	return ops
}

// interpreter puts an emulator of another processor into the root directory, and returns the beginning
// of a command in it; nil if this machine has the processor itself.
func interpreter(t *testing.T, architecture, root string) []string {
	t.Helper()
	if architecture == runtime.GOARCH {
		return nil
	}
	if architecture != "arm64" {
		t.Fatalf("this machine cannot run programs for %s", architecture)
	}
	const name = "qemu-aarch64-static"
	path, err := exec.LookPath(name)
	if err != nil {
		if err := artifact.Debian(t.Context(), t.Logf, "qemu-user-static"); err != nil {
			t.Fatalf("%s is not on PATH, and cannot be installed: %v", name, err)
		}
		if path, err = exec.LookPath(name); err != nil {
			t.Fatal(err)
		}
	}
	program, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(filepath.Join(root, name), program, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return []string{"/" + name}
}

// unpack writes the files of an image, and the mount point that a container has.
func unpack(t *testing.T, i v1.Image, root string) {
	t.Helper()
	content := mutate.Extract(i)
	defer content.Close()
	for archive := tar.NewReader(content); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(root, h.Name)
		if h.Typeflag == tar.TypeDir {
			if err := os.MkdirAll(path, 0o755); err != nil {
				t.Fatal(err)
			}
			continue
		}
		data, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, h.FileInfo().Mode()); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(root, "proc"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
}
