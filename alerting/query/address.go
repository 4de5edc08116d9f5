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

// MissingError says that a query needs an address that is not set.
type MissingError struct{ Name string }

// Error names the flag and the variable that give it.
func (e MissingError) Error() string {
	return fmt.Sprintf("the address is missing: set -%s or %s (locally: eval \"$(jari env)\")", e.Name, Variable(e.Name))
}

// Variable is the environment variable that gives an address.
func Variable(name string) string {
	return "JARICTL_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}
