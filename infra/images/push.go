package main

import (
	"context"
	"fmt"
	"io"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// writeArchive writes the images of one platform into a file that `docker load` reads, as
// jari/NAME:latest.
func writeArchive(file string, platform v1.Platform, all []image) error {
	tagged := map[name.Tag]v1.Image{}
	for _, i := range all {
		tag, err := name.NewTag("jari/" + i.name + ":latest")
		if err != nil {
			return err
		}
		one, err := i.of(platform)
		if err != nil {
			return err
		}
		tagged[tag] = one
	}
	return tarball.MultiWriteToFile(file, tagged)
}

// of is the image of a platform.
func (i image) of(platform v1.Platform) (v1.Image, error) {
	manifest, err := i.index.IndexManifest()
	if err != nil {
		return nil, err
	}
	for _, m := range manifest.Manifests {
		if m.Platform != nil && m.Platform.Equals(platform) {
			return i.index.Image(m.Digest)
		}
	}
	return nil, fmt.Errorf("%s was not built for %s", i.name, platform)
}

// pushAll pushes each image to REPOSITORY/NAME with the version as its tag, and prints the
// reference with its digest, which task definitions use: a tag can be moved, a digest
// cannot. The credentials are those of the Docker configuration (`docker login`, or the
// credential helper of ECR).
func pushAll(ctx context.Context, repository, version string, all []image, stdout io.Writer) error {
	for _, i := range all {
		tag, err := name.NewTag(repository + "/" + i.name + ":" + version)
		if err != nil {
			return fmt.Errorf("-push: %w", err)
		}
		err = remote.WriteIndex(tag, i.index, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain))
		if err != nil {
			return fmt.Errorf("push %s: %w", tag, err)
		}
		fmt.Fprintln(stdout, tag.Digest(i.digest.String()))
	}
	return nil
}
