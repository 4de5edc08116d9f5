// Package zone knows the time zones that restaurants and rotas may have, and when a
// clock in one of them shows a time. The zones are the canonical names of the IANA
// time zone database, https://www.iana.org/time-zones. Browsers know them too
// (ECMA-402 §6.5), which does not hold for other names that Go loads, such as
// right/Asia/Seoul, posix/Asia/Seoul, localtime and Factory.
package zone

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // a process needs no zoneinfo on its host
)

// zones.txt is the one list; generate.go says how to renew it.
//
//go:generate go run generate.go /usr/share/zoneinfo
//go:embed zones.txt
var list string

// canonical holds, by each name in the list, its canonical name.
var canonical = func() map[string]string {
	names := map[string]string{}
	for line := range strings.Lines(list) {
		if fields := strings.Fields(line); !strings.HasPrefix(line, "#") {
			for _, name := range fields {
				names[name] = fields[0]
			}
		}
	}
	return names
}()

// locations holds what Load has returned, by name: time.LoadLocation reads a file
// each time.
var locations sync.Map

// Load returns the zone of a canonical name. The error is a sentence for people
// and says the canonical name, if the zone has one.
func Load(name string) (*time.Location, error) {
	if known, ok := locations.Load(name); ok {
		return known.(*time.Location), nil
	}
	switch to := find(name); to {
	case "":
		return nil, fmt.Errorf("it must be an IANA time zone such as Asia/Seoul")
	case name:
	default:
		return nil, fmt.Errorf("this is another name of a time zone: use %s", to)
	}
	loaded, err := time.LoadLocation(name)
	if err == nil {
		locations.Store(name, loaded)
	}
	return loaded, err
}

// Repaired returns the canonical name of the zone that was stored as name. Records
// of versions that accepted every name may have one that browsers do not know. One
// without a canonical name becomes UTC: its times are shown right, though not as
// the restaurant's clocks show them.
func Repaired(name string) string {
	if to := find(name); to != "" {
		return to
	}
	return "UTC"
}

// find returns the canonical name of a zone, "" if it has none. right/ and posix/
// are the two builds of the database in one folder, with and without leap seconds.
func find(name string) string {
	for _, build := range []string{"right/", "posix/"} {
		if rest, ok := strings.CutPrefix(name, build); ok {
			name = rest
			break
		}
	}
	return canonical[name]
}
