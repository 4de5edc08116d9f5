package main

import (
	"context"
	"fmt"
	"io"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

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
