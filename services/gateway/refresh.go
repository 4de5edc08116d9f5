package gateway

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"

	"jari.example/internal/secret"
)

// Hash is the SHA-256 of a refresh token. It needs no salt, because a token has
// 256 random bits.
type Hash [sha256.Size]byte

func (h Hash) String() string { return hex.EncodeToString(h[:]) }

const (
	refreshBytes  = 32
	refreshCookie = "jari_refresh"
)

// refreshToken is 256 random bits, or the HMAC of the token before it. A successor
// can therefore be returned twice without being stored.
type refreshToken struct{ bits [refreshBytes]byte }

func newRefreshToken() (t refreshToken) {
	_, _ = rand.Read(t.bits[:]) // never fails
	return t
}

// successor depends on the server's key, so that a stolen token does not reveal the
// tokens after it.
func (t refreshToken) successor(key []byte) (next refreshToken) {
	mac := hmac.New(sha256.New, key)
	mac.Write(t.bits[:])
	mac.Sum(next.bits[:0])
	return next
}

func (t refreshToken) hash() Hash { return sha256.Sum256(t.bits[:]) }

func (t refreshToken) secret() secret.String {
	return secret.New(base64.RawURLEncoding.EncodeToString(t.bits[:]))
}

func parseRefreshToken(s secret.String) (t refreshToken, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(s.Reveal())
	if err != nil || len(raw) != refreshBytes {
		return t, false
	}
	copy(t.bits[:], raw)
	return t, true
}

// refreshCookieValue is the refresh token in the request's cookie, empty for none.
func refreshCookieValue(r *http.Request) secret.String {
	if c, err := r.Cookie(refreshCookie); err == nil {
		return secret.New(c.Value)
	}
	return secret.String{}
}

// setCookie sets the browser's refresh token, or deletes it when token is empty.
func setCookie(h http.Header, token secret.String) {
	c := http.Cookie{
		Name: refreshCookie, Value: token.Reveal(), Path: "/v1", MaxAge: int(SessionLifetime.Seconds()),
		HttpOnly: true, Secure: true, SameSite: http.SameSiteLaxMode,
	}
	if token.IsZero() {
		c.MaxAge = -1
	}
	h.Set("Set-Cookie", c.String())
}
