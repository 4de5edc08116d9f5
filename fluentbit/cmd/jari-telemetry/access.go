package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/opensearch-project/opensearch-go/v4"
	"github.com/opensearch-project/opensearch-go/v4/plugins/security"
)

// userURL begins the names of the variables with the users' URLs: JARI_OPENSEARCH_USER_LOG_ROUTER
// is that of log-router.
const userURL = "JARI_OPENSEARCH_USER_"

// access writes the users and roles of OpenSearch's security plugin. Each role has one user, who has
// its name and the password of the URL that the user's program has. Who writes them is the user of
// --url, with the password in it or in JARI_OPENSEARCH_PASSWORD.
func access(c *call) error {
	text := c.flags.String("roles", c.getenv("JARI_OPENSEARCH_ROLES"),
		"JSON object: name of a role and of its user → what it may do, as the plugin's API takes it (env JARI_OPENSEARCH_ROLES)")
	if rest, err := c.parse(); err != nil {
		return err
	} else if len(rest) > 0 {
		return fmt.Errorf("access takes no arguments: %w", errUsage)
	}
	var roles map[string]security.RolesPutBody
	decoder := json.NewDecoder(strings.NewReader(*text))
	decoder.DisallowUnknownFields() // a misspelt field would be a role that may do nothing
	if err := decoder.Decode(&roles); err != nil || len(roles) == 0 {
		return fmt.Errorf("--roles or JARI_OPENSEARCH_ROLES is no JSON object with a role (%v): %w", err, errUsage)
	}
	passwords := map[string]string{}
	for role := range roles {
		var err error
		if passwords[role], err = c.passwordOf(role); err != nil {
			return fmt.Errorf("%w: %w", err, errUsage)
		}
	}
	client, err := c.administrator(c.getenv("JARI_OPENSEARCH_PASSWORD"))
	if err != nil {
		return err
	}
	for _, role := range slices.Sorted(maps.Keys(roles)) {
		if err := write(c, client, role, passwords[role], roles[role]); err != nil {
			return fmt.Errorf("role %s: %w", role, err)
		}
		fmt.Fprintf(c.stdout, "wrote role %s and its user\n", role)
	}
	return nil
}

// passwordOf is the password in the URL of a user.
func (c *call) passwordOf(user string) (string, error) {
	variable := userURL + strings.ToUpper(strings.ReplaceAll(user, "-", "_"))
	u, err := url.Parse(c.getenv(variable))
	if err != nil {
		return "", fmt.Errorf("%s is no URL", variable) // the error would have the password
	}
	password, _ := u.User.Password()
	if password == "" || u.User.Username() != user {
		return "", fmt.Errorf("%s is not a URL with the user %s and a password", variable, user)
	}
	return password, nil
}

func (c *call) administrator(password string) (*security.Client, error) {
	u, err := url.Parse(c.url)
	if err != nil {
		return nil, fmt.Errorf("the URL of OpenSearch cannot be read: %w", errUsage)
	}
	config := opensearch.Config{Addresses: []string{c.url}}
	if password != "" {
		config.Username, config.Password = u.User.Username(), password
		u.User = nil
		config.Addresses[0] = u.String()
	}
	return security.NewClient(security.Config{Client: config})
}

// write writes a role, its user, and that the user has the role. Repeating it changes nothing but the
// password, if that is a new one.
func write(c *call, client *security.Client, name, password string, role security.RolesPutBody) error {
	r, err := client.Roles.Put(c, security.RolesPutReq{Role: name, Body: role})
	if err != nil {
		return explained(r, err)
	}
	u, err := client.InternalUsers.Put(c, security.InternalUsersPutReq{User: name, Body: security.InternalUsersPutBody{Password: password}})
	if err != nil {
		return explained(u, err)
	}
	m, err := client.RolesMapping.Put(c, security.RolesMappingPutReq{Role: name, Body: security.RolesMappingPutBody{Users: []string{name}}})
	if err != nil {
		return explained(m, err)
	}
	return nil
}

// explained says what to do about an error.
func explained(of interface{ Inspect() security.Inspect }, err error) error {
	response := of.Inspect().Response
	if response == nil {
		return err
	}
	switch response.StatusCode {
	case http.StatusUnauthorized:
		return fmt.Errorf("the administrator's name or password is wrong: %w", err)
	case http.StatusForbidden:
		return fmt.Errorf("the URL's user may not administer the security plugin: %w", err)
	case http.StatusBadRequest:
		return fmt.Errorf("the security plugin is missing, or refuses this: %w", err)
	}
	return err
}
