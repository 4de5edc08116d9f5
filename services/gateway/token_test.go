package gateway

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"jari.example/internal/secret"
	"jari.example/services/internal/endpoint"
)

var owner = endpoint.Identity{UserID: "u1", Role: "owner", Own: []string{"mosu"}, SessionID: "s1"}

type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func newPEM(t *testing.T) (string, *ecdsa.PrivateKey) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), private
}

func parseKeys(t *testing.T, file string) *Keys {
	t.Helper()
	keys, err := ParseKeys([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestVerifyReturnsTheIdentityThatWasSigned(t *testing.T) {
	file, _ := newPEM(t)
	at := &clock{time.Now()}
	issuer := newTokens(parseKeys(t, file), "iss", at.now)
	token, expires, err := issuer.sign(owner)
	if err != nil || expires.Sub(at.at) > AccessLifetime {
		t.Fatal(expires, err)
	}
	other := newTokens(parseKeys(t, file), "iss", at.now) // another gateway with the same key
	for _, tokens := range []*tokens{issuer, other} {
		for range 2 { // the second time from the cache
			if c, err := tokens.verify(token); err != nil || fmt.Sprint(c.identity()) != fmt.Sprint(owner) {
				t.Errorf("got %+v, %v", c.identity(), err)
			}
		}
	}
	at.at = expires
	for range 2 {
		if c, err := issuer.verify(token); err != errTokenExpired || c.SID != "s1" {
			t.Errorf("when it has expired: %+v, %v", c, err)
		}
	}
}

func TestRejectsForgedTokens(t *testing.T) {
	file, private := newPEM(t)
	otherFile, otherKey := newPEM(t)
	keys, now := parseKeys(t, file), time.Now()
	good := func() jwt.MapClaims {
		return jwt.MapClaims{"iss": "iss", "aud": "jari", "sub": "u1", "sid": "s1", "role": "operator", "exp": now.Add(time.Minute).Unix()}
	}
	sign := func(method jwt.SigningMethod, kid string, key any, c jwt.MapClaims) string {
		token := jwt.NewWithClaims(method, c)
		token.Header["kid"] = kid
		signed, err := token.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	with := func(name string, value any) jwt.MapClaims {
		c := good()
		if c[name] = value; value == nil {
			delete(c, name)
		}
		return c
	}
	public, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	kid, es := keys.signing.id, jwt.SigningMethodES256
	genuine := sign(es, kid, private, good())
	tokens := newTokens(keys, "iss", func() time.Time { return now })
	if _, err := tokens.verify(secret.New(genuine)); err != nil {
		t.Fatalf("the genuine token is rejected, so the test proves nothing: %v", err)
	}
	parts := strings.Split(genuine, ".")
	for name, token := range map[string]string{
		"empty":                         "",
		"not a JWT":                     "a.b.c",
		"no signature":                  sign(jwt.SigningMethodNone, kid, jwt.UnsafeAllowNoneSignatureType, good()),
		"an empty signature":            parts[0] + "." + parts[1] + ".",
		"the public key as HMAC secret": sign(jwt.SigningMethodHS256, kid, public, good()),
		"another key":                   sign(es, kid, otherKey, good()),
		"another key with its own id":   sign(es, parseKeys(t, otherFile).signing.id, otherKey, good()),
		"no kid":                        sign(es, "", private, good()),
		"four parts":                    genuine + "." + parts[2],
		"other claims":                  parts[0] + "." + strings.Split(sign(es, kid, otherKey, with("sub", "u2")), ".")[1] + "." + parts[2],
		"a padded signature":            genuine + "==",
		"another issuer":                sign(es, kid, private, with("iss", "evil")),
		"another audience":              sign(es, kid, private, with("aud", "evil")),
		"no audience":                   sign(es, kid, private, with("aud", nil)),
		"no expiry":                     sign(es, kid, private, with("exp", nil)),
		"not valid yet":                 sign(es, kid, private, with("nbf", now.Add(time.Hour).Unix())),
		"expired, from another issuer": sign(es, kid, private, func() jwt.MapClaims {
			c := with("exp", now.Add(-time.Hour).Unix())
			c["iss"] = "evil"
			return c
		}()),
	} {
		t.Run(name, func(t *testing.T) {
			if c, err := tokens.verify(secret.New(token)); err != errTokenInvalid || c.Subject != "" {
				t.Errorf("got %+v, %v", c, err)
			}
		})
	}
}

func TestKeyRotationKeepsTokensValid(t *testing.T) {
	old, _ := newPEM(t)
	fresh, _ := newPEM(t)
	token, _, err := newTokens(parseKeys(t, old), "iss", time.Now).sign(owner)
	if err != nil {
		t.Fatal(err)
	}
	both := parseKeys(t, fresh+old)
	if _, err := newTokens(both, "iss", time.Now).verify(token); err != nil {
		t.Errorf("the old key's token: %v", err)
	}
	if len(both.set.Keys) != 2 || both.signing.id == parseKeys(t, old).signing.id {
		t.Error("the new key does not sign, or is not published")
	}
	if _, err := newTokens(parseKeys(t, fresh), "iss", time.Now).verify(token); err != errTokenInvalid {
		t.Errorf("after the old key was removed: %v", err)
	}
}

func TestParseKeysRejectsBadFiles(t *testing.T) {
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(p384)
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]string{
		"empty":         "",
		"no PEM":        "hello",
		"no key":        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
		"another curve": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	} {
		if _, err := ParseKeys([]byte(file)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestCacheIsBounded(t *testing.T) {
	c := cache{entries: map[[32]byte]claims{}}
	now := time.Now()
	for i := range maxCached + 10 {
		life := time.Minute
		if i%2 == 0 {
			life = -time.Minute
		}
		id := [32]byte{byte(i), byte(i >> 8), byte(i >> 16)}
		c.put(id, claims{RegisteredClaims: jwt.RegisteredClaims{ExpiresAt: jwt.NewNumericDate(now.Add(life))}}, now)
	}
	if n := len(c.entries); n > maxCached/2+10 || n < maxCached/2 {
		t.Errorf("%d entries", n)
	}
}
