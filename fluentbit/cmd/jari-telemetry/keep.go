package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"jari.example/fluentbit/retention"
	"jari.example/telemetry/names"
)

func setup(c *call) error {
	if rest, err := c.parse(); err != nil {
		return err
	} else if len(rest) > 0 {
		return fmt.Errorf("setup takes no arguments: %w", errUsage)
	}
	s, err := c.shipper()
	if err != nil {
		return err
	}
	defer s.Close()
	written, err := s.Install(c)
	for _, name := range written {
		fmt.Fprintf(c.stdout, "wrote index template %s\n", name)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "%d index templates are in force, %d of them written now\n", len(names.Indices), len(written))
	return nil
}

func prune(c *call) error {
	keep := map[string]int{}
	var families []string
	for _, i := range names.Indices {
		keep[i.Name] = i.Keep
		families = append(families, fmt.Sprintf("%s=%d", i.Name, i.Keep))
	}
	dry := c.flags.Bool("dry-run", false, "say what would be deleted and delete nothing")
	c.flags.Func("keep", "FAMILY=DAYS, instead of "+strings.Join(families, " ")+"; may be given again", func(s string) error {
		family, text, _ := strings.Cut(s, "=")
		days, err := strconv.Atoi(text)
		if _, known := keep[family]; !known || err != nil || days < 1 {
			return fmt.Errorf("want a family and at least one day, as in %s", families[0])
		}
		keep[family] = days
		return nil
	})
	if rest, err := c.parse(); err != nil {
		return err
	} else if len(rest) > 0 {
		return fmt.Errorf("prune takes no arguments: %w", errUsage)
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	store := retention.Store{Client: client, Prefix: c.prefix}
	expired, err := store.Expired(c, keep, time.Now())
	if err != nil {
		return err
	}
	verb := map[bool]string{false: "deleted", true: "would delete"}[*dry]
	var done []retention.Index
	var errs []error
	for _, i := range expired {
		if !*dry {
			if err := store.Delete(c, i); err != nil { // the others are old all the same
				errs = append(errs, err)
				continue
			}
		}
		done = append(done, i)
		fmt.Fprintf(c.stdout, "%s %s: %d documents, %s\n", verb, i.Name, i.Docs, size(i.Bytes))
	}
	var bytes int64
	for i := range slices.Values(done) {
		bytes += i.Bytes
	}
	fmt.Fprintf(c.stdout, "%s %d indices, %s\n", verb, len(done), size(bytes))
	return errors.Join(errs...)
}

func size(bytes int64) string {
	const unit = 1024
	if bytes < unit {
		return fmt.Sprintf("%d B", bytes)
	}
	f, n := float64(bytes), 0
	for ; f >= unit && n < 4; n++ {
		f /= unit
	}
	return fmt.Sprintf("%.1f %ciB", f, " KMGT"[n])
}
