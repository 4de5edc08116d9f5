package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/gofrs/flock"

	"jari.example/infra/local/fault"
	"jari.example/infra/local/launch"
	"jari.example/infra/local/ports"
)

// supervise is the launcher process. At most one runs per directory.
func supervise(ctx context.Context, e env, args []string) error {
	fs, dirFlag := e.flags("supervise", "[flags of up]")
	var f startFlags
	f.add(fs, e)
	if err := fs.Parse(args); err != nil {
		return err
	}
	_, dir, err := locate(*dirFlag)
	if err != nil {
		return err
	}
	lock := flock.New(filepath.Join(dir, "jari.lock"))
	if held, err := lock.TryLock(); err != nil || !held {
		return fmt.Errorf("another launcher already runs in %s (%v)", dir, err)
	}
	defer lock.Unlock()

	st := state{Only: f.parts(), TimeScale: f.scale, Plugin: f.plugin, Proxies: f.proxies}
	if f.offset == "auto" {
		var release func()
		if st.Offset, release, err = ports.Reserve(dir); err != nil {
			return err
		}
		defer release()
	} else {
		n, err := strconv.Atoi(f.offset)
		if err != nil {
			return err
		}
		st.Offset = ports.Offset(n)
	}
	sys, err := e.system(dir, st)
	if err != nil {
		return err
	}
	chosen, err := launch.Select(sys.Parts(), st.Only)
	if err != nil {
		return err
	}
	injected, err := newInjection(sys, chosen)
	if err != nil {
		return err
	}
	super, err := launch.New(chosen, sys.LogDir(), e.stdout)
	if err != nil {
		return err
	}
	if _, err := loadState(dir); err == nil {
		super.PortWait = 30 * time.Second // the state file is left from a launcher that was killed
	}
	if err := st.save(dir); err != nil {
		return err
	}
	defer os.Remove(statePath(dir))
	injected.launcher.Supervisor = super
	super.Handle(fault.Path, injected)
	super.BeforeStop = func() {
		if err := injected.Close(context.WithoutCancel(ctx)); err != nil {
			fmt.Fprintln(e.stderr, "jari:", err)
		}
	}
	close, err := super.Serve(launch.SocketPath(dir))
	if err != nil {
		return err
	}
	defer close()
	if err := super.Run(ctx); err != nil && !errors.Is(err, launch.ErrStopped) {
		return exitCode(1) // the journal has the reason
	}
	return nil
}
