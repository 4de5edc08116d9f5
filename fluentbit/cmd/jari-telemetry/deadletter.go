package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"jari.example/fluentbit/deadletter"
)

func (c *call) deadLetters() (deadletter.Store, error) {
	client, err := c.client()
	return deadletter.Store{Client: client, Prefix: c.prefix}, err
}

// sinceFlag adds the flag --since, a duration before now.
func (c *call) sinceFlag(q *deadletter.Query) {
	c.flags.Func("since", "only records of the last DURATION, as in 24h", func(s string) error {
		d, err := time.ParseDuration(s)
		if err == nil && d <= 0 {
			err = fmt.Errorf("want a positive duration, as in 24h")
		}
		q.Since = time.Now().Add(-d)
		return err
	})
}

const moment = "2006-01-02T15:04:05Z"

func list(c *call) error {
	var q deadletter.Query
	c.sinceFlag(&q)
	newest := c.flags.Int("newest", 20, "how many dead letters to list one by one")
	if rest, err := c.parse(); err != nil {
		return err
	} else if len(rest) > 0 {
		return fmt.Errorf("deadletter list takes no arguments: %w", errUsage)
	}
	store, err := c.deadLetters()
	if err != nil {
		return err
	}
	groups, latest, err := store.Groups(c, q, *newest)
	if err != nil {
		return err
	}
	if len(groups) == 0 {
		fmt.Fprintln(c.stdout, "no dead letters")
		return nil
	}
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "COUNT\tFIRST\tLAST\tTARGET\tTYPE\tREASON")
	for _, g := range groups {
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\n", g.Count, g.First.Format(moment), g.Last.Format(moment), orDash(g.Target), g.Type, g.Reason)
	}
	if len(latest) > 0 {
		fmt.Fprintln(w, "\nTIME\tID\tTARGET\tTYPE\tREASON")
	}
	for _, e := range latest {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%.100s\n", e.Time.Format(moment), e.ID, orDash(e.TargetIndex), e.Type, e.Reason)
	}
	return w.Flush()
}

// orDash returns the target index, or a dash for input that could not be decoded.
func orDash(index string) string {
	if index == "" {
		return "–"
	}
	return index
}

func show(c *call) error {
	ids, err := c.parse()
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return fmt.Errorf("missing the ids of dead letters, which deadletter list prints: %w", errUsage)
	}
	store, err := c.deadLetters()
	if err != nil {
		return err
	}
	found := 0
	err = store.Each(c, deadletter.Query{IDs: ids}, func(entries []deadletter.Entry) error {
		for _, e := range entries {
			found++
			fmt.Fprintf(c.stdout, "%s  %s/%s\ntarget  %s/%s\nreason  %s (status %d): %s\n\n%s\n\n",
				e.Time.Format(time.RFC3339Nano), e.Index, e.ID, orDash(e.TargetIndex), e.TargetID, e.Type, e.Status, e.Reason, pretty(e.Document))
		}
		return nil
	})
	if err == nil && found < len(ids) {
		err = fmt.Errorf("%d of %d dead letters do not exist", len(ids)-found, len(ids))
	}
	return err
}

// pretty indents the document for a reader; bytes that are not text are quoted.
func pretty(document []byte) []byte {
	var b bytes.Buffer
	if json.Indent(&b, document, "", "  ") == nil {
		return b.Bytes()
	}
	if utf8.Valid(document) {
		return document
	}
	return fmt.Appendf(nil, "%q", document)
}

func replay(c *call) error {
	var q deadletter.Query
	c.sinceFlag(&q)
	all := c.flags.Bool("all", false, "all dead letters")
	ids, err := c.parse()
	if err != nil {
		return err
	}
	chosen := 0
	for _, is := range []bool{*all, len(ids) > 0, !q.Since.IsZero()} {
		if is {
			chosen++
		}
	}
	if chosen != 1 {
		return fmt.Errorf("select the dead letters by ids, --all or --since: %w", errUsage)
	}
	q.IDs = ids
	store, err := c.deadLetters()
	if err != nil {
		return err
	}
	s, err := c.shipper()
	if err != nil {
		return err
	}
	defer s.Close()
	sum, err := store.Replay(c, s, q, func(sum deadletter.Summary) {
		fmt.Fprintf(c.stderr, "%d dead letters …\n", sum.Entries)
	})
	fmt.Fprintf(c.stdout,
		"%d dead letters: %d removed (%d documents created, %d already stored), %d refused again, %d not replayable\n",
		sum.Entries, sum.Removed, sum.Created, sum.AlreadyStored, sum.Refused, sum.NotReplayable)
	switch {
	case err != nil:
		return err
	case sum.Entries < len(ids):
		return fmt.Errorf("%d of %d dead letters do not exist", len(ids)-sum.Entries, len(ids))
	case sum.Refused+sum.NotReplayable > 0:
		return errIncomplete
	}
	return nil
}
