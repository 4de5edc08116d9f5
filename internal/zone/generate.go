//go:build ignore

// This program writes zones.txt from a copy of the tz database:
//
//	go run generate.go /usr/share/zoneinfo
//
// The folder needs zone.tab, with a zone for each place of the world that tells
// its own time, and tzdata.zi, with the other names of each zone.
package main

import (
	"fmt"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	tab, zi := read("zone.tab"), read("tzdata.zi")
	names := map[string][]string{"UTC": {"Etc/UTC", "Etc/GMT"}} // canonical → others
	for line := range strings.Lines(tab) {
		if fields := strings.Fields(line); !strings.HasPrefix(line, "#") {
			names[fields[2]] = nil
		}
	}
	var version string
	for line := range strings.Lines(zi) {
		fields := strings.Fields(line)
		if rest, ok := strings.CutPrefix(line, "# version "); ok {
			version = strings.TrimSpace(rest)
		}
		if fields[0] != "L" {
			continue
		}
		to, other := fields[1], fields[2]
		if to == "Etc/UTC" || to == "Etc/GMT" {
			to = "UTC"
		}
		_, canonical := names[to]
		if _, isCanonical := names[other]; canonical && !isCanonical {
			names[to] = append(names[to], other)
		}
	}
	var out strings.Builder
	fmt.Fprintf(&out, "# The zones of zone.tab in the IANA tz database %s, and UTC: each line is a canonical\n", version)
	fmt.Fprintf(&out, "# name and its other names. The database is in the public domain. Written by generate.go.\n")
	for _, name := range slices.Sorted(maps.Keys(names)) {
		slices.Sort(names[name])
		fmt.Fprintln(&out, strings.Join(append([]string{name}, names[name]...), " "))
	}
	if err := os.WriteFile("zones.txt", []byte(out.String()), 0o644); err != nil {
		log.Fatal(err)
	}
}

func read(name string) string {
	text, err := os.ReadFile(filepath.Join(os.Args[1], name))
	if err != nil {
		log.Fatal(err)
	}
	return string(text)
}
