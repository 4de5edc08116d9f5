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

// keepFlag adds the flag --keep, and returns the retention of each family in days.
func (c *call) keepFlag() (keep map[string]int) {
	keep = map[string]int{}
	var families []string
	for _, i := range names.Indices {
		keep[i.Name] = i.Keep
		families = append(families, fmt.Sprintf("%s=%d", i.Name, i.Keep))
	}
	help := "FAMILY=DAYS, a retention other than the default " + strings.Join(families, " ") + "; may be repeated"
	c.flags.Func("keep", help, func(s string) error {
		family, text, _ := strings.Cut(s, "=")
		days, err := strconv.Atoi(text)
		if _, known := keep[family]; !known || err != nil || days < 1 {
			return fmt.Errorf("want FAMILY=DAYS with at least one day, as in %s", families[0])
		}
		keep[family] = days
		return nil
	})
	return keep
}

func prune(c *call) error {
	dry := c.flags.Bool("dry-run", false, "print what would be deleted, and delete nothing")
	keep := c.keepFlag()
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
			if err := store.Delete(c, i); err != nil { // continue with the others
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
