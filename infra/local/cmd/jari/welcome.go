package main

import (
	"fmt"
	"text/tabwriter"

	"jari.example/infra/local/parts"
	"jari.example/infra/local/seed"
)

// printAddresses prints the addresses of the system and the next commands.
func (e env) printAddresses(dir string) error {
	sys, st, err := e.running(dir)
	if err != nil {
		return err
	}
	if len(st.Only) > 0 {
		fmt.Fprintf(e.stdout, "\nOnly %v and the parts they need are up; `jari env` prints the addresses.\n", st.Only)
		return nil
	}
	at := sys.Ports.URL
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\nJari is up.\n\n")
	fmt.Fprintf(w, "  page\t%s\tfind a restaurant, book a table\n", at("edge"))
	fmt.Fprintf(w, "  operator page\t%s\trunbooks, and links to all of these\n", at("door"))
	fmt.Fprintf(w, "  Slack simulator\t%s\tchannel #incidents\n", at("slack"))
	fmt.Fprintf(w, "  mailbox\t%s\tmails sent to diners\n", at("mailbox"))
	fmt.Fprintf(w, "  dashboards, traces\t%s\n", at("preview"))
	for _, region := range parts.Regions {
		fmt.Fprintf(w, "  owner in %s\t%s\tpassword %s\n", region, seed.OwnerEmail(region), seed.OwnerPassword)
	}
	fmt.Fprintf(w, "\nNext: make demo · make status · make logs S=reservation · make down\n")
	if st.TimeScale > 1 {
		fmt.Fprintf(w, "The alerting windows run %d times faster than real time (--alert-time-scale).\n", st.TimeScale)
	}
	return w.Flush()
}
