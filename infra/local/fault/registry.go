package fault

import (
	"fmt"
	"slices"
	"strings"
)

// Faults lists every fault.
func Faults() []Fault {
	return slices.Concat(databaseFaults, processFaults, storeFaults, cloudFaults, slowFaults, applicationFaults)
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
