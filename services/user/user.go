// Package user owns accounts: credentials, names, and the roles that an operator
// has granted. Accounts are stored in one region's database and read from every
// region.
package user

import (
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"jari.example/internal/fault"
	"jari.example/internal/secret"
	"jari.example/services/internal/endpoint"
	"jari.example/services/internal/text"
)

// User is one account. Email is normalised and unique. Personal data cannot be
// printed.
type User struct {
	ID        uuid.UUID
	Email     secret.String
	Name      secret.String
	Phone     secret.String // digits, with a + before a country code; empty when not given
	Locale    string        // ko or en
	Role      string        // diner, owner or operator
	Own       []string      // ids of the restaurants that an owner may change
	Password  secret.String // argon2id hash
	CreatedAt time.Time
}

const (
	minPassword = 10
	maxPassword = 200
	maxOwn      = 50
	maxNames    = 200
)

var restaurantID = regexp.MustCompile(`^[a-z0-9-]{3,64}$`)

// SignUp is the request for a new account.
type SignUp struct {
	Email    secret.String `json:"email"`
	Password secret.String `json:"password"`
	Name     secret.String `json:"name"`
	Locale   *string       `json:"locale"` // ko by default
	Phone    secret.String `json:"phone"`  // optional, for the restaurants that the user books
}

// validate normalises the request and returns an error for an invalid one.
func (s *SignUp) validate() error {
	if err := text.CleanSecret(&s.Email, "/email", text.Email); err != nil {
		return err
	}
	if n := utf8.RuneCountInString(s.Password.Reveal()); n < minPassword || n > maxPassword {
		return fault.BadField("/password", "A password has %d to %d characters.", minPassword, maxPassword)
	}
	if err := text.CleanSecret(&s.Name, "/name", text.Name); err != nil {
		return err
	}
	if s.Locale == nil {
		s.Locale = new("ko")
	}
	if *s.Locale != "ko" && *s.Locale != "en" {
		return fault.BadField("/locale", "The locale is ko or en.")
	}
	if s.Phone.IsZero() {
		return nil
	}
	return text.CleanSecret(&s.Phone, "/phone", text.Phone)
}

// storedForm is the form in which a login's address is stored, false when no account
// can have it. For an address that sign-up accepts it is that of [text.Email]; other
// addresses have one too, because accounts that are older than that rule must still
// be able to log in.
func storedForm(email secret.String) (secret.String, bool) {
	form := strings.ToLower(strings.TrimSpace(email.Reveal()))
	return secret.New(form), !strings.ContainsFunc(form, unicode.IsControl)
}

// Credentials are the input of a login.
type Credentials struct {
	Email    secret.String `json:"email"`
	Password secret.String `json:"password"`
}

// Lookup requests one account.
type Lookup struct{ ID uuid.UUID }

// NamesRequest requests the names of several accounts.
type NamesRequest struct {
	IDs []uuid.UUID `json:"ids"`
}

func (n NamesRequest) validate() error {
	if n.IDs == nil || len(n.IDs) > maxNames {
		return fault.BadField("/ids", "ids must list at most %d accounts.", maxNames)
	}
	return nil
}

// Grant sets an account's role, and the restaurants that it may change as an
// owner.
type Grant struct {
	ID   uuid.UUID `json:"-"`
	Role string    `json:"role"`
	Own  []string  `json:"own"`
}

func (g Grant) validate() error {
	switch g.Role {
	case endpoint.RoleDiner, endpoint.RoleOwner, endpoint.RoleOperator:
	default:
		return fault.BadField("/role", "The role is diner, owner or operator.")
	}
	if len(g.Own) > maxOwn {
		return fault.BadField("/own", "An owner has at most %d restaurants.", maxOwn)
	}
	for _, id := range g.Own {
		if !restaurantID.MatchString(id) {
			return fault.BadField("/own", "One of these is not a restaurant's id.")
		}
	}
	return nil
}
