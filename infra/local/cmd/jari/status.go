package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"jari.example/infra/local/launch"
)

func status(ctx context.Context, e env, args []string) error {
	fs, dirFlag := e.systemFlags("status", "[flags]; exit code 0: everything is healthy, 1: something is not, 3: Jari is not running")
	asJSON := fs.Bool("json", false, "print JSON")
	if err := fs.Parse(args); err != nil {
		return err
	}
	_, dir, err := locate(*dirFlag)
	if err != nil {
		return err
	}
	st, err := launch.Dial(launch.SocketPath(dir)).Status(ctx)
	if errors.Is(err, launch.ErrNotRunning) {
		fmt.Fprintln(e.stdout, err)
		return exitCode(3)
	}
	if err != nil {
		return err
	}
	if *asJSON {
		enc := json.NewEncoder(e.stdout)
		enc.SetIndent("", "  ")
		err = enc.Encode(st)
	} else {
		err = e.printStatus(dir, st)
	}
	if err != nil {
		return err
	}
	if st.Phase != "running" {
		return exitCode(1)
	}
	for _, p := range st.Parts {
		if p.State != launch.Healthy && p.State != launch.Done {
			return exitCode(1)
		}
	}
	return nil
}

func (e env) printStatus(dir string, st launch.Status) error {
	fmt.Fprintf(e.stdout, "Jari is %s, started %s ago (launcher %d).\n\n", st.Phase, time.Since(st.Started).Round(time.Second), st.Pid)
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "PART\tSTATE\tFOR\tPID\tPORTS\tRESTARTS\tNOTE")
	for _, p := range st.Parts {
		pid := ""
		if p.Pid != 0 {
			pid = fmt.Sprint(p.Pid)
		}
		note, _, _ := strings.Cut(p.Note, "\n")
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%s\n", p.Name, p.State, time.Since(p.Since).Round(time.Second), pid,
			strings.Trim(fmt.Sprint(p.Ports), "[]"), p.Restarts, note)
	}
	fmt.Fprintf(w, "\nA part whose health check gets no response for %s is restarted.\n", launch.HangTimeout)
	if err := w.Flush(); err != nil || st.Phase != "running" {
		return err
	}
	return e.printAddresses(dir)
}
