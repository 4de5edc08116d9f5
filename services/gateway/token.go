package gateway

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"jari.example/internal/secret"
	"jari.example/services/internal/endpoint"
)

const (
	// AccessLifetime is how long an access token is valid.
	AccessLifetime = 10 * time.Minute
	audience       = "jari"
)

// tokens signs and verifies access tokens. A valid token has an ES256 signature by
// a known key, our issuer, our audience and an expiry.
type tokens struct {
	keys      *Keys
	issuer    string
	now       func() time.Time
	parser    *jwt.Parser
	validator *jwt.Validator
	verified  cache
}

type claims struct {
	jwt.RegisteredClaims
	SID  string   `json:"sid"`
	Role string   `json:"role"`
	Own  []string `json:"own"`
}

func (c claims) identity() endpoint.Identity {
	return endpoint.Identity{UserID: c.Subject, Role: c.Role, Own: c.Own, SessionID: c.SID}
}

func newTokens(keys *Keys, issuer string, now func() time.Time) *tokens {
	return &tokens{
		keys: keys, issuer: issuer, now: now,
		// The parser checks the signature only. The validator checks the claims,
		// because the claims of an expired token are used for its renewal.
		parser: jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodES256.Alg()}), jwt.WithoutClaimsValidation()),
		validator: jwt.NewValidator(jwt.WithIssuer(issuer), jwt.WithAudience(audience),
			jwt.WithExpirationRequired(), jwt.WithTimeFunc(now)),
		verified: cache{entries: map[[sha256.Size]byte]claims{}},
	}
}

// sign returns an access token for an identity.
func (t *tokens) sign(identity endpoint.Identity) (token secret.String, expires time.Time, err error) {
	now := t.now()
	expires = now.Add(AccessLifetime).Truncate(time.Second)
	unsigned := jwt.NewWithClaims(jwt.SigningMethodES256, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: t.issuer, Audience: jwt.ClaimStrings{audience}, Subject: identity.UserID,
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(expires),
		},
		SID: identity.SessionID, Role: identity.Role, Own: append([]string{}, identity.Own...),
	})
	unsigned.Header["kid"] = t.keys.signing.id
	signed, err := unsigned.SignedString(t.keys.signing.private)
	if err != nil {
		return token, expires, fmt.Errorf("sign an access token: %w", err)
	}
	return secret.New(signed), expires, nil
}

var (
	errTokenInvalid = errors.New("access token is invalid")
	errTokenExpired = errors.New("access token has expired")
)

// verify returns the claims of a token. With errTokenExpired they are authentic
// but need a renewal; with errTokenInvalid they are empty.
func (t *tokens) verify(token secret.String) (claims, error) {
	id := sha256.Sum256([]byte(token.Reveal()))
	now := t.now()
	c, known := t.verified.get(id)
	if known && now.Before(c.ExpiresAt.Time) { // time can make nothing else of it invalid
		return c, nil
	}
	if !known {
		if _, err := t.parser.ParseWithClaims(token.Reveal(), &c, t.key); err != nil {
			return claims{}, errTokenInvalid
		}
	}
	switch err := t.validator.Validate(c); {
	case err == nil:
		t.verified.put(id, c, now)
		return c, nil
	case onlyExpired(err):
		return c, errTokenExpired
	}
	return claims{}, errTokenInvalid
}

func (t *tokens) key(token *jwt.Token) (any, error) {
	kid, _ := token.Header["kid"].(string)
	if public, ok := t.keys.verifying[kid]; ok {
		return public, nil
	}
	return nil, errTokenInvalid
}

func onlyExpired(err error) bool {
	for _, other := range []error{
		jwt.ErrTokenInvalidIssuer, jwt.ErrTokenInvalidAudience, jwt.ErrTokenNotValidYet,
		jwt.ErrTokenUsedBeforeIssued, jwt.ErrTokenRequiredClaimMissing,
	} {
		if errors.Is(err, other) {
			return false
		}
	}
	return errors.Is(err, jwt.ErrTokenExpired)
}

// cache holds tokens with a verified signature, because verifying costs more than
// all other work on a proxied request.
type cache struct {
	mu      sync.RWMutex
	entries map[[sha256.Size]byte]claims
}

const maxCached = 100_000

func (c *cache) get(id [sha256.Size]byte) (claims, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	found, ok := c.entries[id]
	return found, ok
}

// put makes room by deleting expired tokens, and all tokens if none has expired:
// that costs one verification per token and needs no eviction order.
func (c *cache) put(id [sha256.Size]byte, value claims, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.entries) >= maxCached {
		for id, e := range c.entries {
			if e.ExpiresAt.Before(now) {
				delete(c.entries, id)
			}
		}
		if len(c.entries) >= maxCached {
			clear(c.entries)
		}
	}
	c.entries[id] = value
}
