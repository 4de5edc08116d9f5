package query

import (
	"fmt"
	"strings"
)

// The names of the addresses, as of flags.
const (
	OpenSearchURL = "opensearch-url"
	EdgeURL       = "edge-url"
	MailURL       = "mail-url"
	AgentURL      = "agent-url"
	DatabaseURL   = "database-url"
	GatewayURLs   = "gateway-urls"
	OpsURLs       = "ops-urls"
)

// CallerError is a mistake of the caller, such as an address that is missing or a password
// that is wrong. It says nothing about the part that was to be asked.
type CallerError struct{ Err error }

func (e CallerError) Error() string { return e.Err.Error() }
func (e CallerError) Unwrap() error { return e.Err }

// Callerf returns a CallerError.
func Callerf(format string, args ...any) error { return CallerError{fmt.Errorf(format, args...)} }

// Missing is the CallerError about an address that is not set.
func Missing(name string) error {
	return Callerf("the address is missing: set -%s or %s (locally: eval \"$(jari env)\")", name, Variable(name))
}

// Variable is the environment variable that gives an address.
func Variable(name string) string {
	return "JARICTL_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}
