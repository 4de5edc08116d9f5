// Command images builds an OCI image of each program, without Docker and without a base
// image: an image holds the program and the certificates of public authorities, and runs
// as user 65532 from a file system that may be read-only. Two builds of one commit have the
// same digests. It writes an OCI image layout and a CycloneDX software bill of materials
// (SBOM) for each:
//
//	go run ./infra/images                                # all of them, to .jari/images
//	go run ./infra/images -platforms linux/arm64 userd
//	go run ./infra/images -load .jari/images.tar         # and an archive for docker load
//	go run ./infra/images -release release.tfvars.json   # and what a deployment needs of them
//	go run ./infra/images -push registry.example/jari    # and push them
//
// docs/aws.md says how they are deployed.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"

	"jari.example/infra/local/repo"
	"jari.example/internal/command"
)

func main() { command.Main("images", run) }

// programs are the main packages of the images. The last element of each is the name of
// the image and of its program.
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
	"./fluentbit/cmd/jari-telemetry",
}

// build is what all images of one run have in common.
type build struct {
	root      string // of the clone
	dir       string // of the layout, the binaries and the SBOMs
	platforms []v1.Platform
	lambda    v1.Platform // of the functions (infra/aws/modules/function)
	release
}

// release is what the images say about themselves.
type release struct {
	version string    // of `git describe`
	commit  string    // the whole hash
	created time.Time // of the commit, so that two builds are the same
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	fs := flag.NewFlagSet("images", flag.ContinueOnError)
	fs.SetOutput(stderr)
	out := fs.String("out", filepath.Join(".jari", "images"), "`directory` of the OCI image layout; it is replaced")
	platforms := fs.String("platforms", "linux/amd64,linux/arm64", "platforms, separated by commas")
	load := fs.String("load", "", "then write those of this machine's platform to this `file`, for docker load")
	releaseFile := fs.String("release", "", "then write the digests, as variables of Terraform, to this `file`, and the packages of Lambda functions")
	push := fs.String("push", "", "then push all images to this `repository`, such as 123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/jari")
	if err := fs.Parse(args); err != nil {
		return err
	}
	chosen, err := choose(fs.Args())
	if err != nil {
		return err
	}
	root, err := repo.Root()
	if err != nil {
		return err
	}
	b := build{root: root, dir: *out, lambda: v1.Platform{OS: "linux", Architecture: "arm64"}}
	for _, p := range strings.Split(*platforms, ",") {
		platform, err := v1.ParsePlatform(p)
		if err != nil || platform.OS != "linux" || platform.Architecture == "" {
			return fmt.Errorf("-platforms: %q is not such as linux/arm64", p)
		}
		b.platforms = append(b.platforms, *platform)
	}
	if b.release, err = releaseOf(ctx, root); err != nil {
		return err
	}
	built, err := b.all(ctx, chosen, stderr)
	if err != nil {
		return err
	}
	for _, i := range built {
		fmt.Fprintf(stdout, "%-16s %s  %s\n", i.name, i.digest, sizes(i.sizes))
	}
	if *load != "" {
		if err := writeArchive(*load, v1.Platform{OS: "linux", Architecture: runtime.GOARCH}, built); err != nil {
			return err
		}
	}
	if *releaseFile != "" {
		if err := b.writeRelease(ctx, *releaseFile, built); err != nil {
			return err
		}
	}
	if *push != "" {
		return pushAll(ctx, *push, b.version, built, stdout)
	}
	return nil
}

// choose returns the packages of the named programs, all without a name.
func choose(names []string) (chosen []string, err error) {
	if len(names) == 0 {
		return programs, nil
	}
	for _, name := range names {
		i := slices.IndexFunc(programs, func(p string) bool { return filepath.Base(p) == name })
		if i < 0 {
			var known []string
			for _, p := range programs {
				known = append(known, filepath.Base(p))
			}
			return nil, fmt.Errorf("there is no program %q; there are %s", name, strings.Join(known, ", "))
		}
		chosen = append(chosen, programs[i])
	}
	return chosen, nil
}

// releaseOf reads the release from git.
func releaseOf(ctx context.Context, root string) (r release, err error) {
	git := func(args ...string) string {
		cmd := exec.CommandContext(ctx, "git", append([]string{"-c", "safe.directory=*", "-C", root}, args...)...)
		out, gitErr := cmd.Output()
		err = errors.Join(err, gitErr)
		return strings.TrimSpace(string(out))
	}
	r.commit = git("rev-parse", "HEAD")
	r.version = git("describe", "--always", "--dirty", "--abbrev=12")
	seconds, parseErr := strconv.ParseInt(git("log", "-1", "--format=%ct"), 10, 64)
	if err = errors.Join(err, parseErr); err != nil {
		return r, fmt.Errorf("the images name the commit of a git clone: %w", err)
	}
	r.created = time.Unix(seconds, 0).UTC()
	return r, nil
}

// all builds the images of packages, some at a time, and writes the layout.
func (b build) all(ctx context.Context, packages []string, progress io.Writer) ([]image, error) {
	if err := os.RemoveAll(b.dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(b.dir, "sbom"), 0o755); err != nil {
		return nil, err
	}
	built := make([]image, len(packages))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, runtime.NumCPU()/2)) // go build uses several
	for i, p := range packages {
		group.Go(func() (err error) {
			built[i], err = b.image(ctx, p)
			fmt.Fprintf(progress, "built %s\n", filepath.Base(p))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	slices.SortFunc(built, func(a, c image) int { return cmp.Compare(a.name, c.name) })
	return built, b.writeLayout(built)
}

func sizes(all map[string]int64) string {
	var text []string
	for _, platform := range slices.Sorted(maps.Keys(all)) {
		text = append(text, fmt.Sprintf("%s %.1f MB", platform, float64(all[platform])/1e6))
	}
	return strings.Join(text, ", ")
}
