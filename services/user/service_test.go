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
		return SignUp{Email: hidden(" Kim@Example.COM "), Password: hidden("correct horse"), Name: hidden(" 김민지 "), Phone: hidden("+82 (10) 1234-5678")}
	}
	g := good()
	if err := g.validate(); err != nil || g.Email.Reveal() != "kim@example.com" || g.Name.Reveal() != "김민지" || g.Phone.Reveal() != "+821012345678" || g.Locale != "ko" {
		t.Errorf("%v: %q %q %q %q", err, g.Email.Reveal(), g.Name.Reveal(), g.Phone.Reveal(), g.Locale)
	}
	for sentence, c := range map[string]struct {
		change  func(*SignUp)
		pointer string
	}{
		"no address":                {func(s *SignUp) { s.Email = hidden("") }, "/email"},
		"no mailbox":                {func(s *SignUp) { s.Email = hidden("example.com") }, "/email"},
		"an address with a name":    {func(s *SignUp) { s.Email = hidden("Kim <kim@example.com>") }, "/email"},
		"an address with a NUL":     {func(s *SignUp) { s.Email = hidden("k\x00m@example.com") }, "/email"},
		"an endless address":        {func(s *SignUp) { s.Email = hidden(strings.Repeat("k", 250) + "@example.com") }, "/email"},
		"a short password":          {func(s *SignUp) { s.Password = hidden("123456789") }, "/password"},
		"an endless password":       {func(s *SignUp) { s.Password = hidden(strings.Repeat("p", 201)) }, "/password"},
		"no name":                   {func(s *SignUp) { s.Name = hidden("  ") }, "/name"},
		"a name with a NUL":         {func(s *SignUp) { s.Name = hidden("k\x00m") }, "/name"},
		"an endless name":           {func(s *SignUp) { s.Name = hidden(strings.Repeat("김", 101)) }, "/name"},
		"a phone number of words":   {func(s *SignUp) { s.Phone = hidden("call me") }, "/phone"},
		"a phone number too short":  {func(s *SignUp) { s.Phone = hidden("12 34-56") }, "/phone"},
		"an endless phone number":   {func(s *SignUp) { s.Phone = hidden("+1234567890123456") }, "/phone"},
		"a plus in the middle":      {func(s *SignUp) { s.Phone = hidden("010+12345678") }, "/phone"},
		"digits of another script":  {func(s *SignUp) { s.Phone = hidden("٠١٠١٢٣٤٥٦٧٨") }, "/phone"},
		"a language we do not have": {func(s *SignUp) { s.Locale = "fr" }, "/locale"},
	} {
		t.Run(sentence, func(t *testing.T) {
			s := good()
			c.change(&s)
			if f := fault.Of(s.validate()); f == nil || f.Code != fault.Invalid || f.Pointer != c.pointer {
				t.Errorf("got %v, want invalid at %s", f, c.pointer)
			}
		})
	}
}

func TestGrantRules(t *testing.T) {
	for sentence, c := range map[string]struct {
		grant Grant
		ok    bool
	}{
		"an owner":               {Grant{Role: "owner", Own: []string{"mosu-seoul"}}, true},
		"nothing to own":         {Grant{Role: "diner"}, true},
		"an unknown role":        {Grant{Role: "king"}, false},
		"no restaurant's id":     {Grant{Role: "owner", Own: []string{"a,b"}}, false},
		"an id in upper case":    {Grant{Role: "owner", Own: []string{"MOSU"}}, false},
		"too many restaurants":   {Grant{Role: "owner", Own: make([]string, maxOwn+1)}, false},
		"an id that is too long": {Grant{Role: "owner", Own: []string{strings.Repeat("a", 65)}}, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			if err := c.grant.validate(); (err == nil) != c.ok {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestPasswords(t *testing.T) {
	h := newHasher()
	password := hidden("correct horse 말")
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
		if got, err := h.matches(t.Context(), hidden(guess), phc); err != nil || got != want {
			t.Errorf("%q: %v, %v", guess, got, err)
		}
	}
	for _, broken := range []string{"", "plain", "$argon2i$v=19$m=1,t=1,p=1$AA$AA", "$argon2id$v=19$m=19456,t=2,p=1$AA$AA"} {
		if _, err := h.matches(t.Context(), password, hidden(broken)); err == nil {
			t.Errorf("%q passed for a hash", broken)
		}
	}
	if printed := fmt.Sprintf("%v %+v %#v", phc, SignUp{Password: password}, User{Password: phc}); strings.Contains(printed, "argon2id") || strings.Contains(printed, "horse") {
		t.Errorf("printed: %s", printed)
	}
}

func TestWhoeverWaitsForAHashMayGiveUp(t *testing.T) {
	h := hasher{make(chan struct{}, 1)}
	h.turn <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.hash(ctx, hidden("x")); err == nil {
		t.Error("hashed out of turn")
	}
}

func hidden(s string) secret.String { return secret.New(s) }
