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

var kim = endpoint.Identity{UserID: "u1", Role: "owner", Own: []string{"mosu"}, SessionID: "s1"}

type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func pemOf(t *testing.T) (string, *ecdsa.PrivateKey) {
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

func keysOf(t *testing.T, file string) *Keys {
	t.Helper()
	keys, err := ParseKeys([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestATokenProvesWhoItWasMadeFor(t *testing.T) {
	file, _ := pemOf(t)
	at := &clock{time.Now()}
	made := newTokens(keysOf(t, file), "iss", at.now)
	token, expires, err := made.sign(kim)
	if err != nil || expires.Sub(at.at) > AccessLife {
		t.Fatal(expires, err)
	}
	other := newTokens(keysOf(t, file), "iss", at.now) // another gateway with the same key
	for _, tokens := range []*tokens{made, other} {
		for range 2 { // the second time from the cache
			if c, err := tokens.verify(token); err != nil || fmt.Sprint(c.identity()) != fmt.Sprint(kim) {
				t.Errorf("got %+v, %v", c.identity(), err)
			}
		}
	}
	at.at = expires
	for range 2 {
		if c, err := made.verify(token); err != errTokenExpired || c.SID != "s1" {
			t.Errorf("when it has expired: %+v, %v", c, err)
		}
	}
}

func TestForgeriesProveNothing(t *testing.T) {
	file, private := pemOf(t)
	strange, stranger := pemOf(t)
	keys, now := keysOf(t, file), time.Now()
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
		t.Fatalf("the genuine token must pass, or the forgeries prove nothing: %v", err)
	}
	parts := strings.Split(genuine, ".")
	for sentence, token := range map[string]string{
		"nothing":                        "",
		"noise":                          "a.b.c",
		"no signature":                   sign(jwt.SigningMethodNone, kid, jwt.UnsafeAllowNoneSignatureType, good()),
		"a signature cut off":            parts[0] + "." + parts[1] + ".",
		"the public key as HMAC secret":  sign(jwt.SigningMethodHS256, kid, public, good()),
		"a stranger's key":               sign(es, kid, stranger, good()),
		"a stranger's key by its own id": sign(es, keysOf(t, strange).signing.id, stranger, good()),
		"no kid":                         sign(es, "", private, good()),
		"another issuer":                 sign(es, kid, private, with("iss", "evil")),
		"another audience":               sign(es, kid, private, with("aud", "evil")),
		"no audience":                    sign(es, kid, private, with("aud", nil)),
		"no expiry":                      sign(es, kid, private, with("exp", nil)),
		"not yet":                        sign(es, kid, private, with("nbf", now.Add(time.Hour).Unix())),
		"expired, from another issuer": sign(es, kid, private, func() jwt.MapClaims {
			c := with("exp", now.Add(-time.Hour).Unix())
			c["iss"] = "evil"
			return c
		}()),
	} {
		t.Run(sentence, func(t *testing.T) {
			if c, err := tokens.verify(secret.New(token)); err != errTokenInvalid || c.Subject != "" {
				t.Errorf("got %+v, %v", c, err)
			}
		})
	}
}

func TestAKeyCanBeReplacedWithoutLoggingAnybodyOut(t *testing.T) {
	old, _ := pemOf(t)
	fresh, _ := pemOf(t)
	token, _, err := newTokens(keysOf(t, old), "iss", time.Now).sign(kim)
	if err != nil {
		t.Fatal(err)
	}
	both := keysOf(t, fresh+old)
	if _, err := newTokens(both, "iss", time.Now).verify(token); err != nil {
		t.Errorf("the old key's token: %v", err)
	}
	if len(both.set.Keys) != 2 || both.signing.id == keysOf(t, old).signing.id {
		t.Error("the new key does not sign, or is not published")
	}
	if _, err := newTokens(keysOf(t, fresh), "iss", time.Now).verify(token); err != errTokenInvalid {
		t.Errorf("once the old key is gone: %v", err)
	}
}

func TestBadKeyFiles(t *testing.T) {
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(p384)
	if err != nil {
		t.Fatal(err)
	}
	for sentence, file := range map[string]string{
		"empty":         "",
		"no PEM":        "hello",
		"no key":        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
		"another curve": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	} {
		if _, err := ParseKeys([]byte(file)); err == nil {
			t.Errorf("%s: was taken", sentence)
		}
	}
}

func TestTheCacheStaysBounded(t *testing.T) {
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
