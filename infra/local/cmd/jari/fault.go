package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"text/tabwriter"

	"jari.example/infra/local/fault"
	"jari.example/infra/local/parts"
)

func faultCommand(ctx context.Context, e env, args []string) error {
	usage := "on|off|status [flags]\n" +
		"  on: the region's reservation database refuses connections and closes the open ones\n" +
		"  off: it accepts connections again\n" +
		"  status: whether each region's database accepts connections, and how many are open"
	fs, dirFlag := e.systemFlags("fault", usage)
	region := fs.String("region", "", "kr or us (default: kr; status: both)")
	asJSON := fs.Bool("json", false, "status as JSON")
	actions := []string{"on", "off", "status"}
	var action string
	if len(args) > 0 && slices.Contains(actions, args[0]) {
		action, args = args[0], args[1:]
	}
	if err := fs.Parse(args); err != nil {
		return err
	}
	if action == "" && fs.NArg() == 1 {
		action = fs.Arg(0)
	}
	if !slices.Contains(actions, action) {
		return fmt.Errorf("use `jari fault on`, `jari fault off` or `jari fault status`")
	}
	if *region != "" && !slices.Contains(parts.Regions, *region) {
		return fmt.Errorf("--region is %q; it must be one of %v", *region, parts.Regions)
	}
	sys, _, err := e.running(*dirFlag)
	if err != nil {
		return err
	}
	if action == "status" {
		regions := parts.Regions
		if *region != "" {
			regions = []string{*region}
		}
		return e.faultStatus(ctx, sys, regions, *asJSON)
	}
	if *region == "" {
		*region = parts.Regions[0]
	}
	name := parts.ReservationDatabase(*region)
	if err := fault.Database(ctx, sys.DatabaseURL("postgres"), name, action == "on"); err != nil {
		return err
	}
	if action == "on" {
		fmt.Fprintf(e.stdout, "%s refuses connections. Undo it with `jari fault off --region %s`.\n", name, *region)
	} else {
		fmt.Fprintf(e.stdout, "%s accepts connections again.\n", name)
	}
	return nil
}

func (e env) faultStatus(ctx context.Context, sys *parts.System, regions []string, asJSON bool) error {
	type row struct {
		Region string `json:"region"`
		fault.State
	}
	var rows []row
	for _, region := range regions {
		s, err := fault.Status(ctx, sys.DatabaseURL("postgres"), parts.ReservationDatabase(region))
		if err != nil {
			return err
		}
		rows = append(rows, row{region, s})
	}
	if asJSON {
		enc := json.NewEncoder(e.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(rows)
	}
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "REGION\tDATABASE\tACCEPTS CONNECTIONS\tOPEN CONNECTIONS")
	for _, r := range rows {
		accepts := "yes"
		if !r.Allows {
			accepts = "NO"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\n", r.Region, r.Database, accepts, r.Backends)
	}
	return w.Flush()
}

func seedCommand(ctx context.Context, e env, args []string) error {
	fs, dirFlag := e.systemFlags("seed", "[flags]")
	if err := fs.Parse(args); err != nil {
		return err
	}
	sys, _, err := e.running(*dirFlag)
	if err != nil {
		return err
	}
	if err := sys.Seed(ctx); err != nil {
		return err
	}
	fmt.Fprintln(e.stdout, "The sample restaurants of both regions are in place.")
	return nil
}
