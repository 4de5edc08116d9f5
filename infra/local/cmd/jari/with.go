package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"jari.example/infra/local/launch"
	"jari.example/infra/local/parts"
)

// with gives tests real parts: it starts a system for as long as one command
// runs, and leaves nothing of it afterwards.
func with(ctx context.Context, e env, args []string) error {
	fs, dirFlag := e.flags("with", "[flags of up] -- COMMAND [args]")
	var f startFlags
	f.add(fs, e)
	keep := fs.Bool("keep", false, "do not remove data and logs afterwards")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() == 0 {
		return errors.New("name the command to run: jari with -- COMMAND")
	}
	_, dir, err := locate(*dirFlag)
	if err != nil {
		return err
	}
	if _, err := launch.Dial(launch.SocketPath(dir)).Status(ctx); err == nil {
		return fmt.Errorf("a system runs in %s already; stop it with `jari down`, or name another directory with --dir", dir)
	}
	f.plugin = f.plugin || f.only == "" // the plugin's tests need the one that this code builds
	if err := up(ctx, e, f.args(dir)); err != nil {
		return err
	}
	cmdErr := e.runCommand(ctx, dir, fs.Args())
	stop := clean
	if *keep || cmdErr != nil {
		stop = down
	}
	// the Ctrl-C that ended the command must not interrupt the stop
	err = stop(context.WithoutCancel(ctx), e, []string{"--dir", dir})
	if cmdErr != nil {
		fmt.Fprintf(e.stderr, "jari: logs of the failed run are in %s\n", dir+"/log")
		err = errors.Join(cmdErr, err)
	}
	return err
}

// runCommand runs the command with the system's addresses in its environment.
func (e env) runCommand(ctx context.Context, dir string, argv []string) error {
	sys, _, err := e.running(dir)
	if err != nil {
		return err
	}
	st, err := launch.Dial(launch.SocketPath(dir)).Status(ctx)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, e.stdout, e.stderr
	cmd.Env = os.Environ()
	for key, value := range variables(sys, st) {
		cmd.Env = append(cmd.Env, key+"="+value)
	}
	if path, err := parts.Chromium.Find(ctx, e.getenv); err == nil {
		cmd.Env = append(cmd.Env, parts.Chromium.Variable+"="+path)
	}
	return cmd.Run()
}
