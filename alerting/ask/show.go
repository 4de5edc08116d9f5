package ask

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"jari.example/alerting/query"
)

// Show is the raw request of a query, as a command that can be pasted into a shell: curl,
// or psql for a statement. An address that has a password is named by its variable.
func (c Client) Show(q query.Query, o query.Options) (string, error) {
	if err := q.Check(o); err != nil {
		return "", err
	}
	if q.SQL != nil {
		return "PGOPTIONS='-c default_transaction_read_only=on' psql " + shell(c.Addresses.Database, query.DatabaseURL, "") + " -c " +
			quote(strings.TrimSpace(q.SQL.Statement)) + "\n", nil
	}
	if q.Search != nil {
		call, err := q.SearchCall(o)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("curl -sS %s \\\n  -H 'Content-Type: application/json' -d %s\n",
			shell(c.Addresses.OpenSearch, query.OpenSearchURL, call.Path), quote(call.Body)), nil
	}
	requests, err := c.requests(q, o)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, r := range requests {
		b.WriteString("curl -sS -w '\\n%{http_code} in %{time_total} s\\n'")
		if r.method != "GET" {
			b.WriteString(" -X " + r.method)
		}
		for _, name := range slices.Sorted(maps.Keys(r.header)) {
			b.WriteString(" -H " + quote(name+": "+r.header[name]))
		}
		if r.body != "" {
			b.WriteString(" -H 'Content-Type: application/json' -d " + quote(r.body))
		}
		b.WriteString(" " + shell(r.url, targetFlag(r.of), r.of.Path) + "\n")
	}
	return b.String(), nil
}

// targetFlag is the flag with the address of what has one address.
func targetFlag(r query.Request) string {
	return map[string]string{
		query.OpenSearch: query.OpenSearchURL, query.Edge: query.EdgeURL, query.Mail: query.MailURL, query.Agent: query.AgentURL,
	}[r.To]
}

// shell quotes the URL of a path for a shell. If the address is missing or has a password,
// the variable of this flag stands for it.
func shell(address, flag, path string) string {
	u, err := url.Parse(address)
	secret := err != nil || address == ""
	if !secret && u.User != nil {
		_, secret = u.User.Password()
	}
	if secret {
		return `"$` + query.Variable(flag) + path + `"`
	}
	return quote(strings.TrimSuffix(strings.TrimSuffix(address, path), "/") + path)
}

func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
