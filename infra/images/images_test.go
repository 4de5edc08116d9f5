package main

import (
	"archive/zip"
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"

	"jari.example/telemetry/names"
)

// newBuild builds for the platform of most machines from root.
func newBuild(t *testing.T, root string) build {
	t.Helper()
	amd64 := v1.Platform{OS: "linux", Architecture: "amd64"}
	b := build{root: root, dir: t.TempDir(), platforms: []v1.Platform{amd64}, lambda: amd64,
		release: release{version: "v0.0.1-test", commit: strings.Repeat("a", 40), created: time.Unix(1764500000, 0).UTC()}}
	if err := os.Mkdir(filepath.Join(b.dir, "sbom"), 0o755); err != nil {
		t.Fatal(err)
	}
	return b
}

// copied is a copy of the files of a clone that git does not ignore.
func copied(t *testing.T, root string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	list := exec.CommandContext(t.Context(), "git", "-c", "safe.directory=*", "-C", root, "ls-files", "--cached", "--others", "--exclude-standard", "-z")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		text, err := os.ReadFile(filepath.Join(root, name))
		if errors.Is(err, fs.ErrNotExist) { // removed, and not committed yet
			continue
		}
		if err == nil {
			err = os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// The repositories of images must exist before the first release is pushed.
func TestEachImageHasARepositoryOnAWS(t *testing.T) {
	text, err := os.ReadFile("../aws/stacks/region/main.tf")
	if err != nil {
		t.Fatal(err)
	}
	list := regexp.MustCompile(`(?s)\n  repositories = \[(.*?)\]`).FindSubmatch(text)
	if list == nil {
		t.Fatal("stacks/region/main.tf has no list of repositories")
	}
	for _, program := range append(slices.Clone(programs), "agent") {
		if name := path.Base(program); !strings.Contains(string(list[1]), `"`+name+`"`) {
			t.Errorf("stacks/region/main.tf has no repository for %s", name)
		}
	}
}

const clone, small = "../..", "./alerting/cmd/alertingwatch"

func TestTwoBuildsHaveTheSameDigest(t *testing.T) {
	root, err := filepath.Abs(clone)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := copied(t, root) // the path of a clone must not be in the image
	digest := func(root string, change func(*build)) v1.Hash {
		t.Helper()
		b := newBuild(t, root)
		change(&b)
		i, err := b.image(t.Context(), small)
		if err != nil {
			t.Fatal(err)
		}
		return i.digest
	}
	first := digest(root, func(*build) {})
	if second := digest(elsewhere, func(*build) {}); second != first {
		t.Errorf("%v and then %v", first, second)
	}
	if other := digest(root, func(b *build) { b.version = "v0.0.2-test" }); other == first {
		t.Error("another release has the same digest")
	}
}

func TestAnImageSaysWhatItIsAndIsSmall(t *testing.T) {
	b := newBuild(t, clone)
	built, err := b.all(t.Context(), []string{small}, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	path, err := layout.FromPath(b.dir)
	if err != nil {
		t.Fatal(err)
	}
	index, err := path.ImageIndex()
	if err != nil {
		t.Fatal(err)
	}
	manifests, err := index.IndexManifest()
	if err != nil || len(manifests.Manifests) != 1 ||
		manifests.Manifests[0].Annotations["org.opencontainers.image.ref.name"] != "alertingwatch" {
		t.Fatalf("the layout has %+v, %v", manifests, err)
	}
	if size := built[0].sizes["linux/amd64"]; size <= 0 || size > maxSize {
		t.Errorf("the image has %d bytes, at most %d are wanted", size, int64(maxSize))
	}
	images, err := built[0].index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	one, err := built[0].index.Image(images.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	config, err := one.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if c := config.Config; c.User != "65532:65532" || !slices.Equal(c.Entrypoint, []string{"/alertingwatch"}) ||
		c.Labels["org.opencontainers.image.version"] != b.version || c.Labels["org.opencontainers.image.revision"] != b.commit {
		t.Errorf("the image is configured as %+v", c)
	}
}

func TestTheSBOMNamesTheModulesOfTheProgram(t *testing.T) {
	b := newBuild(t, clone)
	if _, err := b.image(t.Context(), small); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(b.dir, "sbom", "alertingwatch-linux-amd64.cdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	var doc cdx.BOM
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	if doc.SpecVersion == 0 || doc.Metadata.Component.Version != b.version {
		t.Errorf("the document is of %+v", doc.Metadata.Component)
	}
	var urls []string
	for _, c := range *doc.Components {
		urls = append(urls, c.PackageURL)
	}
	for _, want := range []string{"pkg:golang/std@", "pkg:golang/github.com/jackc/pgx/v5@"} {
		if !slices.ContainsFunc(urls, func(url string) bool { return strings.HasPrefix(url, want) }) {
			t.Errorf("%s is missing in %v", want, urls)
		}
	}
	for _, never := range []string{"jari.example", "gonum.org/v1/plot"} { // ours, and a module that this program does not use
		if strings.Contains(strings.Join(urls, " "), never) {
			t.Errorf("%s is in the SBOM", never)
		}
	}
}

func TestAnUnknownProgramIsRefusedWithThoseThatThereAre(t *testing.T) {
	if _, err := choose([]string{"userd", "users"}); err == nil || !strings.Contains(err.Error(), `"users"`) || !strings.Contains(err.Error(), "userd") {
		t.Errorf("got %v", err)
	}
	if chosen, err := choose(nil); err != nil || len(chosen) != len(programs) {
		t.Errorf("got %v, %v", chosen, err)
	}
}

func TestTheAuthoritiesOfRDSAreThoseOfOurRegions(t *testing.T) {
	found := map[string]bool{}
	for rest := databaseAuthorities; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.CheckSignatureFrom(c); err != nil || !c.IsCA || time.Until(c.NotAfter) < 365*24*time.Hour {
			t.Errorf("%v: an authority %t, until %v, %v", c.Subject, c.IsCA, c.NotAfter, err)
		}
		found[c.Subject.CommonName] = true
	}
	for _, region := range names.Regions {
		if !found["Amazon RDS "+region+" Root CA RSA2048 G1"] {
			t.Errorf("no authority of %s", region)
		}
	}
}

func TestAReleaseHasWhatADeploymentNeeds(t *testing.T) {
	b := newBuild(t, clone)
	i, err := b.image(t.Context(), small)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "release.tfvars.json")
	if err := b.writeRelease(t.Context(), file, []image{i}); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Release  string            `json:"release"`
		Images   map[string]string `json:"image_digests"`
		Packages map[string]string `json:"package_digests"`
	}
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &got)
	}
	if err != nil || got.Release != b.version || got.Images["alertingwatch"] != i.digest.String() || len(got.Packages) != len(functions) {
		t.Fatalf("%s, %v", text, err)
	}
	for name, digest := range got.Packages {
		archive, err := zip.OpenReader(filepath.Join(b.dir, "packages", name, digest+".zip"))
		if err != nil {
			t.Fatal(err)
		}
		if len(archive.File) != 1 || archive.File[0].Name != "bootstrap" || archive.File[0].Mode() != 0o755 {
			t.Errorf("the package of %s has %v", name, archive.File)
		}
		_ = archive.Close() // it was only read
	}
	again, err := b.writePackages(t.Context())
	if err != nil || !maps.Equal(again, got.Packages) {
		t.Errorf("two packages of one commit are %v and %v, %v", got.Packages, again, err)
	}
}
