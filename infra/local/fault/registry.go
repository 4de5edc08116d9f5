package fault

import (
	"fmt"
	"slices"
	"strings"

	"jari.example/infra/local/parts"
)

// Faults lists every fault.
func Faults() []Fault {
	return slices.Concat(databaseFaults, processFaults, gatewayFaults, storeFaults, agentFaults, cloudFaults, slowFaults,
		applicationFaults, versionFaults)
}

// Ways returns the faults that make a rule of alerting/slos fire, with the flags that it
// needs. Under the load that the rule is about, each must be enough.
func Ways(faults []Fault, rule string) (ways []Request) {
	for _, f := range faults {
		for _, a := range f.Alerts {
			way := Request{Fault: f.Name, Service: a.Service, Route: a.Route, Delay: a.Delay}
			region, ofRegion := strings.CutPrefix(rule, a.Rule+"-")
			switch {
			case a.Rule == rule:
				ways = append(ways, way)
			case ofRegion && f.Regional && slices.Contains(parts.Regions, region):
				way.Region = region
				ways = append(ways, way)
			}
		}
	}
	return ways
}

// Find returns the fault of a name. The error lists the names.
func Find(faults []Fault, name string) (Fault, error) {
	i := slices.IndexFunc(faults, func(f Fault) bool { return f.Name == name })
	if i >= 0 {
		return faults[i], nil
	}
	var known []string
	for _, f := range faults {
		known = append(known, f.Name)
	}
	slices.Sort(known)
	if name == "" {
		return Fault{}, fmt.Errorf("name a fault: %s", strings.Join(known, ", "))
	}
	return Fault{}, fmt.Errorf("there is no fault called %q; the faults are: %s", name, strings.Join(known, ", "))
}
