package user

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"jari.example/internal/fault"
	"jari.example/internal/secret"
)

func TestSignUpRules(t *testing.T) {
	good := func() SignUp {
		return SignUp{Email: secretOf(" Kim@Example.COM "), Password: secretOf("correct horse"), Name: secretOf(" 김민지 "),
			Phone: secretOf("+82 (10) 1234-5678")}
	}
	g := good()
	if err := g.validate(); err != nil || g.Email.Reveal() != "kim@example.com" || g.Name.Reveal() != "김민지" ||
		g.Phone.Reveal() != "+821012345678" || *g.Locale != "ko" {
		t.Errorf("%v: %q %q %q %q", err, g.Email.Reveal(), g.Name.Reveal(), g.Phone.Reveal(), *g.Locale)
	}
	for name, c := range map[string]struct {
		change  func(*SignUp)
		pointer string
	}{
		"no address":                        {func(s *SignUp) { s.Email = secretOf("") }, "/email"},
		"an address without a mailbox":      {func(s *SignUp) { s.Email = secretOf("example.com") }, "/email"},
		"an address with a name":            {func(s *SignUp) { s.Email = secretOf("Kim <kim@example.com>") }, "/email"},
		"an address with a NUL":             {func(s *SignUp) { s.Email = secretOf("k\x00m@example.com") }, "/email"},
		"an address that is too long":       {func(s *SignUp) { s.Email = secretOf(strings.Repeat("k", 250) + "@example.com") }, "/email"},
		"an address that mail cannot reach": {func(s *SignUp) { s.Email = secretOf("김민지@example.com") }, "/email"},
		"a domain without a dot":            {func(s *SignUp) { s.Email = secretOf("a@b") }, "/email"},
		"a name that shows nothing":         {func(s *SignUp) { s.Name = secretOf("\u3164") }, "/name"},
		"a name that turns text around":     {func(s *SignUp) { s.Name = secretOf("Jeju \u202eesuoH kroP") }, "/name"},
		"a name of two lines":               {func(s *SignUp) { s.Name = secretOf("Kim\nBcc") }, "/name"},
		"a short password":                  {func(s *SignUp) { s.Password = secretOf("123456789") }, "/password"},
		"a password that is too long":       {func(s *SignUp) { s.Password = secretOf(strings.Repeat("p", 201)) }, "/password"},
		"no name":                           {func(s *SignUp) { s.Name = secretOf("  ") }, "/name"},
		"a name with a NUL":                 {func(s *SignUp) { s.Name = secretOf("k\x00m") }, "/name"},
		"a name that is too long":           {func(s *SignUp) { s.Name = secretOf(strings.Repeat("김", 101)) }, "/name"},
		"a phone number with letters":       {func(s *SignUp) { s.Phone = secretOf("call me") }, "/phone"},
		"a phone number too short":          {func(s *SignUp) { s.Phone = secretOf("12 34-56") }, "/phone"},
		"a phone number that is too long":   {func(s *SignUp) { s.Phone = secretOf("+1234567890123456") }, "/phone"},
		"a plus in the middle":              {func(s *SignUp) { s.Phone = secretOf("010+12345678") }, "/phone"},
		"digits of another script":          {func(s *SignUp) { s.Phone = secretOf("٠١٠١٢٣٤٥٦٧٨") }, "/phone"},
		"an unsupported locale":             {func(s *SignUp) { s.Locale = new("fr") }, "/locale"},
		"an empty locale":                   {func(s *SignUp) { s.Locale = new("") }, "/locale"},
	} {
		t.Run(name, func(t *testing.T) {
			s := good()
			c.change(&s)
			if f := fault.Of(s.validate()); f == nil || f.Code != fault.Invalid || f.Pointer != c.pointer {
				t.Errorf("got %v, want invalid at %s", f, c.pointer)
			}
		})
	}
}

func TestRefusalsSayWhatIsWrong(t *testing.T) {
	s := SignUp{Email: secretOf("kim@example.com"), Password: secretOf("correct horse"), Name: secretOf("Kim\x1b[31m")}
	if f := fault.Of(s.validate()); f == nil || !strings.Contains(f.Detail, "control characters") {
		t.Errorf("got %v", f)
	}
}

func TestGrantRules(t *testing.T) {
	for name, c := range map[string]struct {
		grant Grant
		ok    bool
	}{
		"an owner":               {Grant{Role: "owner", Own: []string{"mosu-seoul"}}, true},
		"no restaurants":         {Grant{Role: "diner"}, true},
		"an unknown role":        {Grant{Role: "king"}, false},
		"an id with a comma":     {Grant{Role: "owner", Own: []string{"a,b"}}, false},
		"an id in upper case":    {Grant{Role: "owner", Own: []string{"MOSU"}}, false},
		"too many restaurants":   {Grant{Role: "owner", Own: make([]string, maxOwn+1)}, false},
		"an id that is too long": {Grant{Role: "owner", Own: []string{strings.Repeat("a", 65)}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.grant.validate(); (err == nil) != c.ok {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestPasswords(t *testing.T) {
	h := newHasher()
	password := secretOf("correct horse 말")
	phc, err := h.hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(phc.Reveal(), "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("got %s", phc.Reveal())
	}
	if again, _ := h.hash(t.Context(), password); again.Reveal() == phc.Reveal() {
		t.Error("two hashes share a salt")
	}
	for guess, want := range map[string]bool{password.Reveal(): true, "correct horse": false, "": false} {
		if got, err := h.matches(t.Context(), secretOf(guess), phc); err != nil || got != want {
			t.Errorf("%q: %v, %v", guess, got, err)
		}
	}
	for _, broken := range []string{"", "plain", "$argon2i$v=19$m=1,t=1,p=1$AA$AA", "$argon2id$v=19$m=19456,t=2,p=1$AA$AA"} {
		if _, err := h.matches(t.Context(), password, secretOf(broken)); err == nil {
			t.Errorf("%q was accepted as a hash", broken)
		}
	}
	if printed := fmt.Sprintf("%v %+v %#v", phc, SignUp{Password: password}, User{Password: phc}); strings.Contains(printed,
		"argon2id") || strings.Contains(printed, "horse") {
		t.Errorf("printed: %s", printed)
	}
}

func TestHashStopsWaitingWhenTheContextEnds(t *testing.T) {
	h := hasher{make(chan struct{}, 1)}
	h.slots <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.hash(ctx, secretOf("x")); err == nil {
		t.Error("hashed without a slot")
	}
}

func secretOf(s string) secret.String { return secret.New(s) }
