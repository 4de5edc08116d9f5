package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"jari.example/infra/local/demo"
	"jari.example/infra/local/fault"
	"jari.example/infra/local/launch"
	"jari.example/infra/local/seed"
	"jari.example/internal/wait"
)

// demoRegion is the region of the scenario.
const demoRegion = "kr"

func demoCommand(ctx context.Context, e env, args []string) error {
	fs, dirFlag := e.systemFlags("demo", "[flags]")
	only := fs.String("only", "", "run only these `chapters`, comma-separated: "+demo.Names())
	kill := fs.Bool("kill", false, "kill -9 the reservation process while the chapter rush runs")
	if err := fs.Parse(args); err != nil {
		return err
	}
	sys, state, err := e.running(*dirFlag)
	if err != nil {
		return err
	}
	client := launch.Dial(launch.SocketPath(sys.Dir))
	if st, err := client.Status(ctx); err != nil {
		return err
	} else if st.Phase != "running" || len(state.Only) > 0 {
		return errors.New("the demo needs the whole system running: see `jari status`, start it with `jari up`")
	}
	cfg := demo.Config{
		Edge: sys.Ports.URL("edge"), Mailbox: sys.Ports.URL("mailbox"), Slack: sys.Ports.URL("slack"), OpenSearch: sys.OpenSearchURL(),
		OwnerEmail: seed.OwnerEmail(demoRegion), OwnerPassword: seed.OwnerPassword,
		TimeScale: state.TimeScale,
		OnCall: func(ctx context.Context) (demo.Person, error) {
			out, err := exec.CommandContext(ctx, sys.Bin("alertingd"), "on-call", sys.OnCallDir()).CombinedOutput()
			return firstOnCall(string(out), err)
		},
		Fault: func(ctx context.Context, on bool) error {
			return demoFault(ctx, fault.Client{Launcher: client}, on)
		},
		Out: e.stdout,
	}
	if *kill {
		cfg.Kill = func(ctx context.Context) (func(context.Context) (string, error), error) {
			return killPart(ctx, client, "reservation-"+demoRegion)
		}
	}
	return demo.Run(ctx, cfg, strings.FieldsFunc(*only, func(r rune) bool { return r == ',' || r == ' ' })...)
}

// demoFault switches the fault of the demo. The launcher ends it, should the demo be
// killed.
func demoFault(ctx context.Context, client fault.Client, on bool) (err error) {
	const name = "database-refuse"
	if on {
		_, err = client.On(ctx, fault.Request{Fault: name, Region: demoRegion})
	} else {
		_, err = client.Off(ctx, name, demoRegion)
	}
	return err
}

// firstInLine is how alertingd prints who is on call.
var firstInLine = regexp.MustCompile(`(?m)^ *1\. (.+), Slack (\S+),`)

// firstOnCall is who is on call in the output of alertingd on-call, which ended with err.
func firstOnCall(out string, err error) (demo.Person, error) {
	first := firstInLine.FindStringSubmatch(out)
	if err != nil || first == nil {
		return demo.Person{}, fmt.Errorf("alertingd on-call: %w; it prints %q", cmp.Or(err, errors.New("nobody is on call")), out)
	}
	return demo.Person{Name: first[1], SlackID: first[2]}, nil
}

// killPart ends a part's process with kill -9. recovered waits until the launcher
// has restarted it, and returns a line that describes the new process.
func killPart(ctx context.Context, client *launch.Client, name string) (recovered func(context.Context) (string, error), err error) {
	part := func(ctx context.Context) (launch.PartStatus, error) {
		st, err := client.Status(ctx)
		if err != nil {
			return launch.PartStatus{}, err
		}
		i := slices.IndexFunc(st.Parts, func(p launch.PartStatus) bool { return p.Name == name })
		if i < 0 || st.Parts[i].Pid == 0 {
			return launch.PartStatus{}, fmt.Errorf("%s has no process", name)
		}
		return st.Parts[i], nil
	}
	before, err := part(ctx)
	if err != nil {
		return nil, err
	}
	if err := syscall.Kill(before.Pid, syscall.SIGKILL); err != nil {
		return nil, err
	}
	return func(ctx context.Context) (string, error) {
		ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
		defer cancel()
		var now launch.PartStatus
		var err error
		if wait.Until(ctx, 50*time.Millisecond, func() bool {
			now, err = part(ctx)
			return err == nil && now.Restarts == before.Restarts+1 && now.State == launch.Healthy
		}) != nil {
			return "", fmt.Errorf("%s was not restarted in time: %+v %w", name, now, err)
		}
		return fmt.Sprintf("%s is %s, process %d, restarts %d", name, now.State, now.Pid, now.Restarts), nil
	}, nil
}
