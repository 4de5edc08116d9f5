package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"jari.example/infra/local/fault"
	"jari.example/infra/local/launch"
	"jari.example/infra/local/parts"
)

const faultUsage = `list|on NAME|off [NAME]|status [flags]
  list:     every fault, what it does, which alerts it makes fire, and until when it is on
  on NAME:  injects a fault; the launcher ends it after --for, and at ` + "`jari down`" + `
  off NAME: ends it; without a name: ends all
  status:   whether each region's reservation database accepts connections, and how many are open`

// faultFlags are the flags of `jari fault`.
type faultFlags struct {
	fault.Request
	asJSON bool
}

func faultCommand(ctx context.Context, e env, args []string) error {
	fs, dirFlag := e.systemFlags("fault", faultUsage)
	var f faultFlags
	fs.StringVar(&f.Region, "region", "", "kr, us or all (default: on: kr; off, status: all)")
	fs.StringVar(&f.Service, "service", "", "the `service` that fails, of faults that can affect several")
	fs.StringVar(&f.Route, "route", "", "the `route` that fails, such as \"POST /v1/reservations\"")
	fs.IntVar(&f.Percent, "percent", 0, "how many requests of a hundred fail")
	fs.DurationVar(&f.Delay, "delay", 0, "how much longer a request takes")
	fs.DurationVar(&f.For, "for", 0, fmt.Sprintf("how long it lasts (default %s)", fault.DefaultFor))
	fs.BoolVar(&f.asJSON, "json", false, "list and status as JSON")
	words, err := parseWords(fs, args)
	if err != nil {
		return err
	}
	named := len(words) == 2 && (words[0] == "on" || words[0] == "off")
	if !named && (len(words) != 1 || !slices.Contains([]string{"list", "on", "off", "status"}, words[0])) {
		return fmt.Errorf("use `jari fault list`, `jari fault on NAME`, `jari fault off [NAME]` or `jari fault status`")
	}
	if named {
		f.Fault = words[1]
	}
	if words[0] != "on" {
		fs.Visit(func(given *flag.Flag) {
			if slices.Contains([]string{"service", "route", "percent", "delay", "for"}, given.Name) {
				err = fmt.Errorf("--%s has a meaning only with `jari fault on`", given.Name)
			}
		})
		if err != nil {
			return err
		}
	}
	if f.Region != "" && f.Region != "all" && !slices.Contains(parts.Regions, f.Region) {
		return fmt.Errorf("--region is %q; it must be one of %v or all", f.Region, parts.Regions)
	}
	return e.fault(ctx, *dirFlag, words[0], f)
}

// parseWords parses flags that stand before or behind words.
func parseWords(fs *systemFlags, args []string) (words []string, err error) {
	for len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		words, args = append(words, args[0]), args[1:]
	}
	err = fs.Parse(args)
	return append(words, fs.Args()...), err
}

func (e env) fault(ctx context.Context, dir, action string, f faultFlags) error {
	if action == "on" || action == "off" && f.Fault != "" { // a wrong name is an error even if nothing runs
		if _, err := fault.Find(fault.Faults(), f.Fault); err != nil {
			return err
		}
	}
	sys, _, err := e.running(dir)
	if err != nil {
		return err
	}
	client := fault.Client{Launcher: launch.Dial(launch.SocketPath(sys.Dir))}
	switch action {
	case "list":
		return e.faultList(ctx, client, f.asJSON)
	case "on":
		return e.faultOn(ctx, client, f.Request)
	case "off":
		return e.faultOff(ctx, client, sys, f.Request)
	}
	regions := parts.Regions
	if f.Region != "" && f.Region != "all" {
		regions = []string{f.Region}
	}
	return e.faultStatus(ctx, sys, regions, f.asJSON)
}

func (e env) faultOn(ctx context.Context, client fault.Client, r fault.Request) error {
	ins, err := client.On(ctx, r)
	if err != nil {
		return err
	}
	for _, in := range ins {
		fmt.Fprintf(e.stdout, "%s is on until %s. End it earlier with `jari fault off %s`.\n",
			in.Describe(), in.Until.Local().Format(time.TimeOnly), in.Fault)
	}
	return nil
}

func (e env) faultOff(ctx context.Context, client fault.Client, sys *parts.System, r fault.Request) error {
	ins, err := client.Off(ctx, r.Fault, r.Region)
	if err != nil {
		return err
	}
	for _, in := range ins {
		fmt.Fprintf(e.stdout, "%s is off.\n", in.Describe())
	}
	// A database may have been closed by hand: `off` without a name is what the runbooks say against that.
	opened := false
	for _, region := range parts.Regions {
		if r.Fault != "" && r.Fault != "database-refuse" || r.Region != "" && r.Region != "all" && r.Region != region {
			continue
		}
		name := parts.ReservationDatabase(region)
		state, err := fault.Status(ctx, sys.DatabaseURL("postgres"), name)
		if err != nil || state.Allows {
			continue // without Postgres there is nothing to open
		}
		if err := fault.Database(ctx, sys.DatabaseURL("postgres"), name, false); err != nil {
			return err
		}
		opened = true
		fmt.Fprintf(e.stdout, "%s accepts connections again; it was closed, but not by an injected fault.\n", name)
	}
	if len(ins) == 0 && !opened {
		fmt.Fprintln(e.stdout, "It was not on.")
	}
	return nil
}

func (e env) faultList(ctx context.Context, client fault.Client, asJSON bool) error {
	on, err := client.List(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		return writeFaultsJSON(e.stdout, on)
	}
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "FAULT\tON\tALERTS\tWHAT IT DOES")
	for _, f := range fault.Faults() {
		state := "-"
		if active := of(on, f.Name); len(active) > 0 {
			state = strings.Join(active, "; ")
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", f.Name, state, alertNames(f), f.What)
	}
	return w.Flush()
}

// of describes the injections of one fault.
func of(on []fault.Injection, name string) (texts []string) {
	for _, in := range on {
		if in.Fault != name {
			continue
		}
		text := "until " + in.Until.Local().Format(time.TimeOnly)
		if what, ok := strings.CutPrefix(in.Describe(), name+", "); ok {
			text = what + " " + text
		}
		if in.Problem != "" {
			text += " (" + in.Problem + ")"
		}
		texts = append(texts, text)
	}
	return texts
}

// alertNames are the rules that a fault makes fire, with its defaults.
func alertNames(f fault.Fault) string {
	var rules []string
	for _, a := range f.Alerts {
		if (a.Service == "" || a.Service == f.Service) && a.Route == "" && a.Delay == 0 {
			rules = append(rules, a.Rule)
		}
	}
	return strings.Join(rules, ", ")
}

// listedFault is a fault in the output of `jari fault list --json`.
type listedFault struct {
	Name   string            `json:"name"`
	What   string            `json:"what"`
	Alerts []fault.Alert     `json:"alerts"`
	On     []fault.Injection `json:"on"`
}

func writeFaultsJSON(w io.Writer, on []fault.Injection) error {
	var list []listedFault
	for _, f := range fault.Faults() {
		l := listedFault{f.Name, f.What, f.Alerts, []fault.Injection{}}
		for _, in := range on {
			if in.Fault == f.Name {
				l.On = append(l.On, in)
			}
		}
		list = append(list, l)
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(list)
}
