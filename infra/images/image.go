package main

import (
	"archive/tar"
	"bytes"
	"context"
	_ "embed"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"

	"jari.example/infra/local/artifact"
)

// user is the numeric user and group of every image: nobody on any host.
const user = "65532:65532"

// image is the index of one program: an image for each platform.
type image struct {
	name   string
	index  v1.ImageIndex
	digest v1.Hash
	sizes  map[string]int64 // by platform: compressed bytes
}

// image builds the program of a package for all platforms.
func (b build) image(ctx context.Context, pkg string) (image, error) {
	i := image{name: filepath.Base(pkg), sizes: map[string]int64{}}
	var all []mutate.IndexAddendum
	for _, platform := range b.platforms {
		program, err := b.compile(ctx, pkg, platform)
		if err != nil {
			return i, err
		}
		one, err := b.ofProgram(i.name, program, platform)
		if err != nil {
			return i, err
		}
		if err := b.writeSBOM(i.name, program, platform); err != nil {
			return i, err
		}
		if i.sizes[platform.String()], err = compressed(one); err != nil {
			return i, err
		}
		all = append(all, mutate.IndexAddendum{Add: one, Descriptor: v1.Descriptor{Platform: &platform}})
	}
	i.index = mutate.IndexMediaType(mutate.AppendManifests(empty.Index, all...), types.OCIImageIndex)
	i.index = mutate.Annotations(i.index, b.labels(i.name)).(v1.ImageIndex) // of an index
	var err error
	i.digest, err = i.index.Digest()
	return i, err
}

// compressed is what a machine downloads of an image, in bytes.
func compressed(i v1.Image) (size int64, err error) {
	layers, err := i.Layers()
	if err != nil {
		return 0, err
	}
	for _, l := range layers {
		n, err := l.Size()
		if err != nil {
			return 0, err
		}
		size += n
	}
	return size, nil
}

// compile builds a static program and returns its file. It has its own time zones, because
// the image has none.
func (b build) compile(ctx context.Context, pkg string, platform v1.Platform) (file string, err error) {
	file = filepath.Join(b.dir, "bin", strings.ReplaceAll(platform.String(), "/", "-"), filepath.Base(pkg))
	if file, err = filepath.Abs(file); err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-tags", "timetzdata",
		"-ldflags", "-s -w -buildid= -X jari.example/telemetry.version="+b.version, "-o", file, pkg)
	cmd.Dir = b.root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+platform.OS, "GOARCH="+platform.Architecture)
	return file, artifact.Run(ctx, cmd, func(string) {})
}

// ofProgram is the image of one platform.
func (b build) ofProgram(name, program string, platform v1.Platform) (v1.Image, error) {
	binary, err := os.ReadFile(program)
	if err != nil {
		return nil, err
	}
	certificates, err := b.layer([]file{
		{"etc/", nil, 0o555}, {"etc/ssl/", nil, 0o555}, {"etc/ssl/certs/", nil, 0o555},
		{"etc/ssl/certs/ca-certificates.crt", authorities(), 0o444}, {"etc/ssl/certs/rds-ca.pem", databaseAuthorities, 0o444},
	})
	if err != nil {
		return nil, err
	}
	code, err := b.layer([]file{{name, binary, 0o555}})
	if err != nil {
		return nil, err
	}
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	created := v1.Time{Time: b.created}
	configured, err := mutate.ConfigFile(base, &v1.ConfigFile{
		OS: platform.OS, Architecture: platform.Architecture, Created: created, RootFS: v1.RootFS{Type: "layers"},
		Config: v1.Config{Entrypoint: []string{"/" + name}, User: user, WorkingDir: "/", Labels: b.labels(name)},
	})
	if err != nil {
		return nil, err
	}
	return mutate.Append(configured, // the layer that seldom changes comes first
		mutate.Addendum{Layer: certificates, History: v1.History{Created: created, CreatedBy: "certificates of public authorities"}},
		mutate.Addendum{Layer: code, History: v1.History{Created: created, CreatedBy: "go build " + name}})
}

// labels are the annotations of an image, by the names of the OCI image specification.
func (b build) labels(name string) map[string]string {
	return map[string]string{
		"org.opencontainers.image.title":    name,
		"org.opencontainers.image.version":  b.version,
		"org.opencontainers.image.revision": b.commit,
		"org.opencontainers.image.created":  b.created.Format("2006-01-02T15:04:05Z"),
		"org.opencontainers.image.licenses": "Apache-2.0",
		"org.opencontainers.image.vendor":   "Jari",
	}
}

// file is a file of a layer, or with a slash at its end a directory.
type file struct {
	name    string
	content []byte
	mode    int64
}

// layer is a layer of files. Its bytes depend on nothing else.
func (b build) layer(files []file) (v1.Layer, error) {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, f := range files {
		header := &tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.content)), ModTime: b.created, Format: tar.FormatPAX}
		if err := w.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.content); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(archive.Bytes())), nil }
	return tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer))
}

// databaseAuthorities verify the certificates of RDS, which public authorities do not sign:
// sslrootcert=/etc/ssl/certs/rds-ca.pem in the URL of a database.
//
//go:embed rds-ca.pem
var databaseAuthorities []byte

// authorities are the certificates of the public authorities that Mozilla trusts, by which
// AWS's endpoints are verified.
func authorities() []byte {
	var all bytes.Buffer
	for root := range bundle.Roots() {
		_ = pem.Encode(&all, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}) // to memory
	}
	return all.Bytes()
}

// writeLayout writes the layout; each index has its program's name as its reference.
func (b build) writeLayout(all []image) error {
	path, err := layout.Write(b.dir, empty.Index)
	if err != nil {
		return err
	}
	for _, i := range all {
		err := path.AppendIndex(i.index, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": i.name}))
		if err != nil {
			return fmt.Errorf("write %s: %w", i.name, err)
		}
	}
	return nil
}
