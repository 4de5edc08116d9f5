package status

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"jari.example/alerting/incident"
	"jari.example/alerting/oncall"
)

// Users says who may act. With the zero value nobody may.
type Users struct {
	// Header is the header in which an authenticating proxy gives the name of the
	// user. The proxy must replace what a client sends in it.
	Header string
	// Fixed is the name of every user, on a machine of one person. It replaces Header.
	Fixed string
	// Hosts are the names under which the page is reached with Fixed, without ports, in
	// addition to those of the machine itself: localhost and its addresses.
	Hosts []string
	// Allowed are the Slack ids of those who may act. A user is the person of the
	// rota with the same name, e-mail address or Slack id. Empty: every user may.
	Allowed []string
}

// actor is who sent the request. refusal says why that person may not act; "" if they
// may.
func (u Users) actor(r *http.Request, plan oncall.Plan) (by incident.Actor, refusal string) {
	given := []string{u.Fixed}
	if u.Fixed == "" {
		if u.Header == "" {
			return by, "This page can only be read. The flag -status-user-header of alertingd lets people act."
		}
		given = r.Header.Values(u.Header)
	}
	if len(given) != 1 || strings.TrimSpace(given[0]) == "" {
		return by, fmt.Sprintf("You cannot act: the request needs one header %s with your name, from the proxy that knows you.", u.Header)
	}
	by.Name = strings.TrimSpace(given[0])
	if p, ok := person(plan, by.Name); ok {
		by = incident.Actor{ID: p.SlackID, Name: p.Name}
	}
	if len(u.Allowed) > 0 && !slices.Contains(u.Allowed, by.ID) {
		return by, fmt.Sprintf("%s may not act: ask an operator to add you to the rota and to those who are allowed to.", by.Name)
	}
	return by, ""
}

// knownHost reports whether a request with this Host header is for the page. One without
// the header is not.
func (u Users) knownHost(header string) bool {
	host := header
	if name, _, err := net.SplitHostPort(header); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.ToLower(strings.Trim(host, "[]")), ".")
	// A name below localhost resolves to the machine itself, too (RFC 6761, section 6.3).
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() {
		return true
	}
	return slices.ContainsFunc(u.Hosts, func(known string) bool { return host != "" && strings.EqualFold(known, host) })
}

// person is the one of the rota whom a proxy calls user.
func person(plan oncall.Plan, user string) (oncall.Person, bool) {
	if plan.Rota == nil {
		return oncall.Person{}, false
	}
	for _, p := range plan.Rota.People {
		if user == p.Name || user == p.SlackID || strings.EqualFold(user, p.Email) {
			return p, true
		}
	}
	return oncall.Person{}, false
}
