package main

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
)

// functions are the programs that AWS runs as Lambda functions, too: by a zip file with the program
// as bootstrap.
var functions = []string{"./services/search/cmd/indexerd", "./alerting/cmd/alertingwatch"}

// writePackages writes the package of each function to packages/NAME/SHA256.zip, as the bucket of
// packages has them, and returns the digests by name.
func (b build) writePackages(ctx context.Context) (digests map[string]string, err error) {
	digests = map[string]string{}
	for _, pkg := range functions {
		program, err := b.compile(ctx, pkg, b.lambda)
		if err != nil {
			return nil, err
		}
		archive, err := b.packageOf(program)
		if err != nil {
			return nil, err
		}
		sum, name := sha256.Sum256(archive), filepath.Base(pkg)
		digests[name] = hex.EncodeToString(sum[:])
		dir := filepath.Join(b.dir, "packages", name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(dir, digests[name]+".zip"), archive, 0o644); err != nil {
			return nil, err
		}
	}
	return digests, nil
}

// packageOf is the zip file of a program. Its bytes depend on nothing else.
func (b build) packageOf(program string) ([]byte, error) {
	code, err := os.ReadFile(program)
	if err != nil {
		return nil, err
	}
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	header := &zip.FileHeader{Name: "bootstrap", Method: zip.Deflate, Modified: b.created}
	header.SetMode(0o755)
	f, err := w.CreateHeader(header)
	if err == nil {
		_, err = f.Write(code)
	}
	if err == nil {
		err = w.Close()
	}
	return archive.Bytes(), err
}

// writeRelease writes what a deployment needs to know of this build, as variables of Terraform
// (infra/aws/stacks/region): the version, and the digests of images and packages. The log router's
// image (fluentbit/Dockerfile) is not built here: whoever builds it adds its digest.
func (b build) writeRelease(ctx context.Context, file string, all []image) error {
	release := struct {
		Release  string            `json:"release"`
		Images   map[string]string `json:"image_digests"`
		Packages map[string]string `json:"package_digests"`
	}{Release: b.version, Images: map[string]string{}}
	for _, i := range all {
		release.Images[i.name] = i.digest.String()
	}
	var err error
	if release.Packages, err = b.writePackages(ctx); err != nil {
		return err
	}
	text, err := json.MarshalIndent(release, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}
