package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// this is the name of the build of the present state of the clone.
const this = "this"

// build is a state of the source code that is measured.
type build struct {
	name  string // this, or a commit
	clone string // directory
}

// builds are the present state, and before it the commit of -against, in a work tree
// of its own. remove must be called even after an error.
func (b *benchmark) builds(ctx context.Context) (all []build, remove func() error, err error) {
	present := build{this, b.Root}
	if b.against == "" {
		return []build{present}, func() error { return nil }, nil
	}
	commit, err := b.git(ctx, "rev-parse", "--short=12", "--verify", b.against+"^{commit}")
	if err != nil {
		return nil, func() error { return nil }, err
	}
	dir, err := os.MkdirTemp("", "jari-bench-rush-")
	if err != nil {
		return nil, func() error { return nil }, err
	}
	tree := filepath.Join(dir, "clone")
	remove = func() error {
		_, err := b.git(context.WithoutCancel(ctx), "worktree", "remove", "--force", tree)
		if err != nil {
			return err
		}
		return os.RemoveAll(dir)
	}
	if _, err := b.git(ctx, "worktree", "add", "--detach", tree, commit); err != nil {
		return nil, func() error { return os.RemoveAll(dir) }, err
	}
	return []build{{commit, tree}, present}, remove, nil
}

func (b *benchmark) git(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "git", append([]string{"-C", b.Root}, args...)...).CombinedOutput()
	text := strings.TrimSpace(string(out))
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", strings.Join(args, " "), err, text)
	}
	return text, nil
}
