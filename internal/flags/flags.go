// Package flags evaluates feature flags with OpenFeature, in process, from a file.
//
// The file is JSON with flagd's form of definitions (https://flagd.dev/reference/flag-definitions),
// without targeting: a process has a file of its own.
//
//	{"flags": {"route-errors": {"state": "ENABLED", "defaultVariant": "on", "variants": {"on": {"percent": 30}}}}}
//
// A file that does not exist has no flags.
package flags

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/open-feature/go-sdk/openfeature"
	"github.com/open-feature/go-sdk/openfeature/memprovider"

	"jari.example/internal/wait"
)

// Provider is the name of the provider: feature_flag.provider.name.
const Provider = "file"

// Poll is how often Watch reads the file. It is small, and a read costs some
// microseconds; what is cheaper differs between file systems.
const Poll = 250 * time.Millisecond

// maxFile bounds a file. A definition has some hundred bytes.
const maxFile = 1 << 20

// File is a file of flags.
type File struct {
	path     string
	read     []byte // the content that was loaded or refused last
	loaded   bool
	provider *memprovider.InMemoryProvider
	client   *openfeature.Client
}

// Open returns the flags of a file, none before the first Load. Its provider is
// registered with OpenFeature under the path.
func Open(path string) (*File, error) {
	f := &File{path: path, provider: memprovider.NewInMemoryProvider(nil)}
	if err := openfeature.SetNamedProviderAndWait(path, f.provider); err != nil {
		return nil, err
	}
	f.client = openfeature.NewClient(path)
	return f, nil
}

// Load reads the file. changed is false if it is as it was. An error means that the file
// cannot be used; the flags before it stay in force, and the same content is reported
// once.
func (f *File) Load() (changed bool, err error) {
	text, err := read(f.path)
	if err != nil {
		text = []byte("unreadable: " + err.Error()) // so that it is reported once
	}
	if f.loaded && bytes.Equal(text, f.read) {
		return false, nil
	}
	f.read, f.loaded = text, true
	if err != nil {
		return false, err
	}
	flags, err := parse(text)
	if err != nil {
		return false, fmt.Errorf("%s: %w", f.path, err)
	}
	f.provider.UpdateFlags(flags)
	return true, nil
}

// Watch loads the file now, and again whenever it changes, until ctx ends. It calls
// changed after each load and refused with each error.
func (f *File) Watch(ctx context.Context, changed func(), refused func(error)) {
	for {
		switch ok, err := f.Load(); {
		case err != nil:
			refused(err)
		case ok:
			changed()
		}
		if wait.For(ctx, Poll) != nil {
			return
		}
	}
}

// Evaluate decodes the value of a flag into out, which it leaves alone if there is no
// such flag or it is not ENABLED. variant is "" then.
func (f *File) Evaluate(ctx context.Context, key string, out any) (variant string, err error) {
	details, err := f.client.ObjectValueDetails(ctx, key, nil, openfeature.EvaluationContext{})
	if err != nil || details.Value == nil || details.Variant == "" {
		return "", nil // OpenFeature's errors of evaluation mean the default, here none
	}
	text, err := json.Marshal(details.Value)
	if err != nil {
		return "", err
	}
	if err := strict(text, out); err != nil {
		return "", fmt.Errorf("%s: the flag %s: %w", f.path, key, err)
	}
	return details.Variant, nil
}

func read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err == nil && info.Size() > maxFile {
		err = fmt.Errorf("%s has %d bytes, more than %d", path, info.Size(), maxFile)
	}
	if err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// Definition is a flag in the file.
type Definition struct {
	State          string         `json:"state"` // ENABLED or DISABLED
	DefaultVariant string         `json:"defaultVariant"`
	Variants       map[string]any `json:"variants"`
}

// Definitions is the file.
type Definitions struct {
	Schema string                `json:"$schema,omitempty"`
	Flags  map[string]Definition `json:"flags"`
}

func parse(text []byte) (map[string]memprovider.InMemoryFlag, error) {
	var file Definitions
	if len(bytes.TrimSpace(text)) > 0 {
		if err := strict(text, &file); err != nil {
			return nil, err
		}
	}
	flags := map[string]memprovider.InMemoryFlag{}
	for key, d := range file.Flags {
		if d.State != string(memprovider.Enabled) && d.State != string(memprovider.Disabled) {
			return nil, fmt.Errorf("the flag %s: state is %q; it must be ENABLED or DISABLED", key, d.State)
		}
		if _, ok := d.Variants[d.DefaultVariant]; !ok {
			return nil, fmt.Errorf("the flag %s: defaultVariant is %q, which variants does not have", key, d.DefaultVariant)
		}
		if d.State == string(memprovider.Disabled) {
			continue
		}
		flags[key] = memprovider.InMemoryFlag{
			Key: key, State: memprovider.Enabled, DefaultVariant: d.DefaultVariant, Variants: d.Variants,
		}
	}
	return flags, nil
}

// strict decodes JSON whose members must all be known: a misspelt one would be a fault
// that does nothing.
func strict(text []byte, out any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(out); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is something after the end of the JSON object")
	}
	return nil
}
