package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"jari.example/alerting/slo"
	"jari.example/alerting/spec"
	"jari.example/telemetry/names"
)

// checkInterval is the time between two looks at the files of a directory.
const checkInterval = 5 * time.Second

// watched is what the files of a directory say. A changed file, or SIGHUP, loads them
// again; files with problems are refused, and what was loaded before stays. The zero
// value has no directory and never changes.
type watched[T any] struct {
	files   fs.FS // nil without a directory
	read    func(fs.FS) (T, error)
	current atomic.Pointer[T]
	loaded  checksum // of the files when they were loaded last, with or without success
}

// checksum identifies the content of the files.
type checksum [sha256.Size]byte

// newWatched loads files. The error is that of read.
func newWatched[T any](files fs.FS, read func(fs.FS) (T, error)) (*watched[T], error) {
	w := &watched[T]{files: files, read: read}
	return w, w.load()
}

// newObjectives loads the set in files, as prepare changes it because of flags. The
// error joins its problems.
func newObjectives(files fs.FS, prepare func(slo.Set) slo.Set) (*watched[slo.Set], error) {
	return newWatched(files, func(files fs.FS) (slo.Set, error) {
		set, err := spec.Load(files)
		if err != nil {
			return slo.Set{}, err
		}
		return prepare(set), nil
	})
}

// Current returns what was loaded last without a problem; the zero value before. It
// is safe for concurrent use.
func (w *watched[T]) Current() (value T) {
	if p := w.current.Load(); p != nil {
		return *p
	}
	return value
}

// load replaces what is current, unless the files have problems.
func (w *watched[T]) load() error {
	w.loaded = contentOf(w.files)
	value, err := w.read(w.files)
	if err != nil {
		return err
	}
	w.current.Store(&value)
	return nil
}

// Watch loads the files again until ctx ends, and reports each attempt with its
// error. It is a serve.Worker.
func (w *watched[T]) Watch(ctx context.Context, report func(context.Context, T, error)) error {
	if w.files == nil {
		<-ctx.Done()
		return nil
	}
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	w.watch(ctx, hangup, report)
	return nil
}

func (w *watched[T]) watch(ctx context.Context, hangup <-chan os.Signal, report func(context.Context, T, error)) {
	tick := time.NewTicker(checkInterval)
	defer tick.Stop()
	seen := w.loaded
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
		case <-tick.C:
			content := contentOf(w.files)
			// Files that are still being written differ between two looks. What
			// is there in between may lack an objective, whose incident would end.
			settled := content == seen
			seen = content
			if !settled || content == w.loaded {
				continue
			}
		}
		err := w.load()
		seen = w.loaded
		report(ctx, w.Current(), err)
	}
}

// contentOf returns the checksum of the names and contents of all YAML files. That a
// file cannot be read is part of its content, so that it is loaded, and refused,
// once.
func contentOf(files fs.FS) checksum {
	var all bytes.Buffer
	paths, err := fs.Glob(files, "*.yaml")
	fmt.Fprintln(&all, err)
	for _, p := range paths {
		body, err := fs.ReadFile(files, p)
		fmt.Fprintf(&all, "%s %d %v\n%s", p, len(body), err, body)
	}
	return sha256.Sum256(all.Bytes())
}

// objectives logs a reload of the set, with all problems of one that was refused.
func (r reporter) objectives(ctx context.Context, set slo.Set, err error) {
	rules := len(set.SLOs) + len(set.Alerts)
	if err != nil {
		r.log.ErrorContext(ctx, "the changed objectives were refused; those before stay in use",
			names.EventName, names.EventObjectivesRefused, names.Exception, err.Error(), names.Count, rules)
		return
	}
	r.log.InfoContext(ctx, "the changed objectives are in use", names.EventName, names.EventObjectivesLoaded, names.Count, rules)
}
