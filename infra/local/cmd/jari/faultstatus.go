package main

import (
	"context"
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"jari.example/infra/local/fault"
	"jari.example/infra/local/parts"
)

// faultStatus prints the state of each region's reservation database, however it came
// to be.
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
