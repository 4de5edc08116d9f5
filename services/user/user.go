// Package user owns accounts: who may log in, under which name, and what an
// operator has granted them. Accounts live in one region's database and are
// read from everywhere.
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

// User is one account. Email is normalised and belongs to one account only.
// What would tell strangers who somebody is refuses to be printed.
type User struct {
	ID        uuid.UUID
	Email     secret.String
	Name      secret.String
	Phone     secret.String // digits, with a + before a country code; empty when not given
	Locale    string        // ko or en
	Role      string        // diner, owner or operator
	Own       []string
	Password  secret.String // its argon2id hash
	CreatedAt time.Time
}

const (
	maxEmail    = 254
	maxName     = 100
	minPassword = 10
	maxPassword = 200
	maxOwn      = 50
	maxNamed    = 200
)

var restaurantID = regexp.MustCompile(`^[a-z0-9-]{3,64}$`)

// SignUp is what somebody says about themselves to get an account.
type SignUp struct {
	Email    secret.String `json:"email"`
	Password secret.String `json:"password"`
	Name     secret.String `json:"name"`
	Locale   string        `json:"locale"`
	Phone    secret.String `json:"phone"` // optional, for the restaurants that are booked
}

// validate normalises the request and refuses what cannot be an account.
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

// A number as people write it; a domestic one, without +, belongs to the
// restaurant's country as much as to the diner's and stays as it is.
var (
	separators  = strings.NewReplacer(" ", "", "-", "", ".", "", "(", "", ")", "")
	phoneNumber = regexp.MustCompile(`^\+?[0-9]{7,15}$`)
)

// normalise makes addresses that reach the same mailbox equal: no space around
// them, lower case throughout. (The part before @ may by the book depend on
// case; no provider's does.)
func normalise(email string) (string, bool) {
	email = strings.ToLower(strings.TrimSpace(email))
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Address != email || len(email) > maxEmail || strings.ContainsFunc(email, unicode.IsControl) {
		return "", false
	}
	return email, true
}

// Credentials are what somebody says to log in.
type Credentials struct {
	Email    secret.String `json:"email"`
	Password secret.String `json:"password"`
}

// Lookup asks for one account.
type Lookup struct{ ID uuid.UUID }

// Naming asks who several accounts are.
type Naming struct {
	IDs []uuid.UUID `json:"ids"`
}

func (n Naming) validate() error {
	if n.IDs == nil || len(n.IDs) > maxNamed {
		return fault.BadField("/ids", "ids lists at most %d accounts.", maxNamed)
	}
	return nil
}

// Grant is an operator's decision about an account: its role, and the
// restaurants it may touch as an owner.
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
			return fault.BadField("/own", "These are not all restaurants' ids.")
		}
	}
	return nil
}
