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

// checkInterval is the time between two looks at the files of the objectives.
const checkInterval = 5 * time.Second

// objectives hold the current set. A changed file, or SIGHUP, loads it again; a set
// with problems is refused, and the one before stays. The zero value has an empty
// set; use newObjectives.
type objectives struct {
	files   fs.FS
	prepare func(slo.Set) slo.Set // what the flags change in a set
	current atomic.Pointer[slo.Set]
	loaded  digest // of the files when they were loaded last, with or without success
}

// digest identifies the content of the files.
type digest [sha256.Size]byte

// newObjectives loads the set in files. The error joins its problems.
func newObjectives(files fs.FS, prepare func(slo.Set) slo.Set) (*objectives, error) {
	o := &objectives{files: files, prepare: prepare}
	return o, o.load()
}

// Current returns the set, prepared. It is safe for concurrent use.
func (o *objectives) Current() slo.Set { return *o.current.Load() }

// load replaces the set, unless the files have problems.
func (o *objectives) load() error {
	o.loaded = contentOf(o.files)
	set, err := spec.Load(o.files)
	if err != nil {
		return err
	}
	set = o.prepare(set)
	o.current.Store(&set)
	return nil
}

// Watch reloads the set until ctx ends, and reports each attempt with its error. It
// is a serve.Worker.
func (o *objectives) Watch(ctx context.Context, report func(context.Context, slo.Set, error)) error {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	o.watch(ctx, hangup, report)
	return nil
}

func (o *objectives) watch(ctx context.Context, hangup <-chan os.Signal, report func(context.Context, slo.Set, error)) {
	tick := time.NewTicker(checkInterval)
	defer tick.Stop()
	seen := o.loaded
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
		case <-tick.C:
			content := contentOf(o.files)
			// Files that are still being written differ between two looks. What
			// is there in between may lack an objective, whose incident would end.
			settled := content == seen
			seen = content
			if !settled || content == o.loaded {
				continue
			}
		}
		err := o.load()
		seen = o.loaded
		report(ctx, o.Current(), err)
	}
}

// contentOf returns the digest of the names and contents of all YAML files. That a
// file cannot be read is part of its content, so that it is loaded, and refused,
// once.
func contentOf(files fs.FS) digest {
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
