package main

import (
	"fmt"
	"text/tabwriter"

	"jari.example/infra/local/parts"
	"jari.example/infra/local/seed"
)

// printAddresses prints where everything is and what to do next.
func (e env) printAddresses(dir string) error {
	sys, st, err := e.running(dir)
	if err != nil {
		return err
	}
	if len(st.Only) > 0 {
		fmt.Fprintf(e.stdout, "\nOnly %v and what they need are up; `jari env` prints their addresses.\n", st.Only)
		return nil
	}
	at := sys.Ports.URL
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\nJari is up.\n\n")
	fmt.Fprintf(w, "  the page\t%s\n", at("edge"))
	fmt.Fprintf(w, "  the operator's door\t%s\trunbooks, and links to all of these\n", at("door"))
	fmt.Fprintf(w, "  Slack\t%s\tchannel #incidents\n", at("slack"))
	fmt.Fprintf(w, "  the mailbox\t%s\twhat diners were sent\n", at("mailbox"))
	fmt.Fprintf(w, "  dashboards, traces\t%s\n", at("preview"))
	for _, region := range parts.Regions {
		fmt.Fprintf(w, "  owner in %s\t%s\tpassword %s\n", region, seed.OwnerEmail(region), seed.OwnerPassword)
	}
	fmt.Fprintf(w, "\nNext: make demo · make status · make logs S=reservation · make down\n")
	if st.TimeScale > 1 {
		fmt.Fprintf(w, "Alerting's windows run %d times faster than real here (--alert-time-scale).\n", st.TimeScale)
	}
	return w.Flush()
}
