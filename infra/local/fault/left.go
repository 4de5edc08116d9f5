package fault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"jari.example/infra/local/launch"
)

// Left returns the injections that a launcher left on because it was killed. Those
// that have ended with it are not among them.
func Left(file string, faults []Fault) ([]Injection, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var ins []Injection
	if err := json.Unmarshal(text, &ins); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return slices.DeleteFunc(ins, func(in Injection) bool {
		f, err := Find(faults, in.Fault)
		return err != nil || f.undo == nil
	}), nil
}

// UndoAtStart lets the start of parts undo what an earlier launcher left on: after the
// part that undoing needs is up, and before the parts that need that part. What needs no
// part is undone at once. report is called for each one that is undone.
func UndoAtStart(all []launch.Part, left []Injection, faults []Fault, t Target, report func(on bool, in Injection)) error {
	for _, in := range left {
		f, err := Find(faults, in.Fault)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(p launch.Part) bool { return p.Name == f.undoAfter })
		if i < 0 {
			if f.undoAfter == "" {
				if err := f.undoInjection(context.Background(), t, in); err != nil {
					return err
				}
				report(false, in)
			}
			continue // the part is not in this system: nothing can notice the fault
		}
		initialize, done := all[i].Initialize, false
		all[i].Initialize = func(ctx context.Context, progress launch.Progress) error {
			if initialize != nil {
				if err := initialize(ctx, progress); err != nil {
					return err
				}
			}
			if done { // a later restart of the part
				return nil
			}
			progress("the injected fault %s was still on; it is off now", in.Describe())
			if err := f.undoInjection(ctx, t, in); err != nil {
				return err
			}
			done = true
			report(false, in)
			return nil
		}
	}
	return nil
}

// writeJSON replaces a file.
func writeJSON(path string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", append(text, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
