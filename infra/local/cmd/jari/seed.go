package main

import (
	"context"
	"fmt"
)

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
