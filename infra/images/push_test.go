package main

import (
	"bytes"
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

func TestAPushedImageIsFoundByTheDigestThatIsPrinted(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	repository := strings.TrimPrefix(server.URL, "http://") + "/jari"
	index, err := random.Index(1024, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := pushAll(t.Context(), repository, "v1.2.3", []image{{name: "gateway", index: index, digest: digest}}, &out); err != nil {
		t.Fatal(err)
	}
	printed := strings.TrimSpace(out.String())
	if want := repository + "/gateway@" + digest.String(); printed != want {
		t.Errorf("printed %q, want %q", printed, want)
	}
	for _, reference := range []string{printed, repository + "/gateway:v1.2.3"} {
		ref, err := name.ParseReference(reference)
		if err != nil {
			t.Fatal(err)
		}
		if found, err := remote.Index(ref); err != nil {
			t.Errorf("%s: %v", reference, err)
		} else if got, err := found.Digest(); err != nil || got != digest {
			t.Errorf("%s is %v, %v", reference, got, err)
		}
	}
	if err := pushAll(t.Context(), strings.ToUpper(repository), "v1.2.3", []image{{name: "gateway", index: index, digest: digest}}, io.Discard); err == nil {
		t.Error("a repository with capital letters is accepted")
	}
}
