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
// part is undone at once. The file keeps an injection until it is undone, also one whose
// part is not in this system. Call it before anything else.
func (c *Controller) UndoAtStart(all []launch.Part) error {
	left, err := Left(c.file, c.faults)
	if err != nil {
		return err
	}
	c.left = left
	for _, in := range slices.Clone(left) {
		f, err := Find(c.faults, in.Fault)
		if err != nil {
			return err
		}
		if f.undoAfter == "" {
			if err := c.undoLeft(context.Background(), f, in); err != nil {
				return err
			}
			continue
		}
		i := slices.IndexFunc(all, func(p launch.Part) bool { return p.Name == f.undoAfter })
		if i < 0 { // nothing can notice the fault
			continue
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
			if err := c.undoLeft(ctx, f, in); err != nil {
				return err
			}
			done = true
			return nil
		}
	}
	return nil
}

// undoLeft undoes what an earlier launcher left on, and forgets it.
func (c *Controller) undoLeft(ctx context.Context, f Fault, in Injection) error {
	if err := f.undoInjection(ctx, c.target, in); err != nil {
		return err
	}
	c.report(false, in)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left = slices.DeleteFunc(c.left, in.same)
	return c.save()
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
