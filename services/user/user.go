// Package user owns accounts: credentials, names, and the roles that an operator
// has granted. Accounts are stored in one region's database and read from every
// region.
package user

import (
	"net/mail"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"jari.example/internal/fault"
	"jari.example/internal/secret"
	"jari.example/services/internal/endpoint"
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
	maxEmail    = 254
	maxName     = 100
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
	Locale   string        `json:"locale"`
	Phone    secret.String `json:"phone"` // optional, for the restaurants that the user books
}

// validate normalises the request and returns an error for an invalid one.
func (s *SignUp) validate() error {
	email, ok := normalise(s.Email.Reveal())
	if !ok {
		return fault.BadField("/email", "This is not an e-mail address.")
	}
	s.Email = secret.New(email)
	if n := utf8.RuneCountInString(s.Password.Reveal()); n < minPassword || n > maxPassword {
		return fault.BadField("/password", "A password has %d to %d characters.", minPassword, maxPassword)
	}
	name := strings.TrimSpace(s.Name.Reveal())
	if n := utf8.RuneCountInString(name); n < 1 || n > maxName || strings.ContainsFunc(name, unicode.IsControl) {
		return fault.BadField("/name", "A name has 1 to %d characters.", maxName)
	}
	s.Name = secret.New(name)
	switch s.Locale {
	case "":
		s.Locale = "ko"
	case "ko", "en":
	default:
		return fault.BadField("/locale", "The locale is ko or en.")
	}
	if s.Phone.IsZero() {
		return nil
	}
	phone := separators.Replace(s.Phone.Reveal())
	if !phoneNumber.MatchString(phone) {
		return fault.BadField("/phone", "A phone number has 7 to 15 digits, with a + before a country code.")
	}
	s.Phone = secret.New(phone)
	return nil
}

// A phone number as people write it. A domestic one, without +, stays as it is,
// because its country is unknown: the diner's or the restaurant's.
var (
	separators  = strings.NewReplacer(" ", "", "-", "", ".", "", "(", "", ")", "")
	phoneNumber = regexp.MustCompile(`^\+?[0-9]{7,15}$`)
)

// normalise makes addresses of the same mailbox equal: no surrounding space, lower
// case. (By the standard the part before @ may be case-sensitive; no provider
// uses that.)
func normalise(email string) (string, bool) {
	email = strings.ToLower(strings.TrimSpace(email))
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Address != email || len(email) > maxEmail || strings.ContainsFunc(email, unicode.IsControl) {
		return "", false
	}
	return email, true
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
