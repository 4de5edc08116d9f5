package main

import (
	"context"
	"fmt"
	"slices"

	"jari.example/infra/local/fault"
	"jari.example/infra/local/parts"
)

func faultCommand(ctx context.Context, e env, args []string) error {
	usage := "on|off [flags]\n  on: the region's reservation database refuses connections and ends those it has"
	fs, dirFlag := e.flags("fault", usage)
	region := fs.String("region", "kr", "kr or us")
	var word string
	if len(args) > 0 && (args[0] == "on" || args[0] == "off") {
		word, args = args[0], args[1:]
	}
	if err := fs.Parse(args); err != nil {
		return err
	}
	if word == "" && fs.NArg() == 1 {
		word = fs.Arg(0)
	}
	if word != "on" && word != "off" {
		return fmt.Errorf("say `jari fault on` or `jari fault off`")
	}
	if !slices.Contains(parts.Regions, *region) {
		return fmt.Errorf("--region is %q; the regions are %v", *region, parts.Regions)
	}
	sys, _, err := e.running(*dirFlag)
	if err != nil {
		return err
	}
	name := parts.ReservationDatabase(*region)
	if err := fault.Database(ctx, sys.DatabaseURL("postgres"), name, word == "on"); err != nil {
		return err
	}
	if word == "on" {
		fmt.Fprintf(e.stdout, "%s refuses connections; `jari fault off --region %s` ends it.\n", name, *region)
	} else {
		fmt.Fprintf(e.stdout, "%s takes connections again.\n", name)
	}
	return nil
}

func seedCommand(ctx context.Context, e env, args []string) error {
	fs, dirFlag := e.flags("seed", "[flags]")
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
	fmt.Fprintln(e.stdout, "Both regions have their restaurants.")
	return nil
}
