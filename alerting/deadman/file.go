package deadman

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// File is the path of a file with the State.
type File string

// Load implements States.
func (f File) Load(context.Context) (s State, err error) {
	text, err := os.ReadFile(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return State{}, fmt.Errorf("%s: %w", f, err)
	}
	return s, nil
}

// Save implements States. A new file replaces the old one, so that a crash leaves one
// of the two.
func (f File) Save(_ context.Context, s State) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	fresh := string(f) + ".new"
	if err := os.WriteFile(fresh, text, 0o644); err != nil {
		return err
	}
	return os.Rename(fresh, string(f))
}
