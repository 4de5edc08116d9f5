// Package helptext reads the helps of our programs, so that tests can compare what a deployment
// gives a program with what the program knows.
package helptext

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// Flag is a flag of a program.
type Flag struct {
	Name     string
	What     string
	Variable string // the environment variable in its place
	Content  string // variable of the content of its file; "" for none
}

// packages are the programs and the directories of their packages, below the top of a clone.
var packages = map[string]string{
	"gatewayd": "services/gateway", "userd": "services/user", "reservationd": "services/reservation", "searchd": "services/search",
	"notificationd": "services/notification", "indexerd": "services/search", "alertingd": "alerting", "alertingwatch": "alerting",
}

// Of is the help of a program, as its golden file has it.
func Of(root, program string) (string, error) {
	dir, known := packages[program]
	if !known {
		return "", fmt.Errorf("the help of %q is not kept", program)
	}
	text, err := os.ReadFile(filepath.Join(root, dir, "cmd", program, "testdata", "help.txt"))
	return string(text), err
}

var flagOf = regexp.MustCompile(`(?m)^  -(\S+)\n      (.*)\n      \$(\w+)(?:, or its content in \$(\w+))?`)

// Flags are the flags that a help explains.
func Flags(help string) (all []Flag) {
	for _, m := range flagOf.FindAllStringSubmatch(help, -1) {
		all = append(all, Flag{m[1], m[2], m[3], m[4]})
	}
	return all
}
