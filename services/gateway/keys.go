package gateway

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"regexp"
	"time"
)

// Keys sign and verify access tokens. The first key signs. The others only
// verify, so that a key can be replaced without ending sessions.
type Keys struct {
	signing   key
	verifying map[string]*ecdsa.PublicKey // by kid
	set       KeySet
	created   time.Time // when the signing key was made; zero: unknown
}

type key struct {
	id      string
	private *ecdsa.PrivateKey
}

// KeySet is a JWKS, RFC 7517.
type KeySet struct {
	Keys []JWK `json:"keys"`
}

// JWK is one public key of a KeySet.
type JWK struct {
	Kty string `json:"kty"`
	Crv string `json:"crv"`
	X   string `json:"x"`
	Y   string `json:"y"`
	Kid string `json:"kid"`
	Alg string `json:"alg"`
	Use string `json:"use"`
}

// GenerateKeys returns a new key that exists in this process only.
func GenerateKeys() (*Keys, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	return newKeys([]*ecdsa.PrivateKey{private}, time.Now())
}

// createdLine precedes the first key in its file: "Created: 2026-11-28T10:00:00Z". A
// key has no date of its own, and that of a file changes with each copy. Text before
// a PEM block is a comment (RFC 7468, section 2).
var createdLine = regexp.MustCompile(`(?m)^Created: *(\S+)\s*$`)

// ParseKeys reads PKCS #8 PEM blocks of P-256 keys, the signing one first. Before
// it a line "Created: " may say when it was made, as RFC 3339.
func ParseKeys(file []byte) (*Keys, error) {
	comment, _, _ := bytes.Cut(file, []byte("-----BEGIN"))
	var created time.Time
	if line := createdLine.FindSubmatch(comment); line != nil {
		var err error
		if created, err = time.Parse(time.RFC3339, string(line[1])); err != nil {
			return nil, errors.New("the time after Created: is not of the form 2026-11-28T10:00:00Z")
		}
	}
	var all []*ecdsa.PrivateKey
	for block, rest := pem.Decode(file); block != nil; block, rest = pem.Decode(rest) {
		parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, errors.New("a PEM block is not a PKCS #8 private key")
		}
		private, ok := parsed.(*ecdsa.PrivateKey)
		if !ok || private.Curve != elliptic.P256() {
			return nil, errors.New("a key is not on curve P-256")
		}
		all = append(all, private)
	}
	if len(all) == 0 {
		return nil, errors.New("no PEM block found")
	}
	return newKeys(all, created)
}

func newKeys(all []*ecdsa.PrivateKey, created time.Time) (*Keys, error) {
	k := &Keys{verifying: map[string]*ecdsa.PublicKey{}, created: created}
	for i, private := range all {
		jwk, err := publicJWK(&private.PublicKey)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			k.signing = key{jwk.Kid, private}
		}
		k.verifying[jwk.Kid] = &private.PublicKey
		k.set.Keys = append(k.set.Keys, jwk)
	}
	return k, nil
}

// publicJWK returns the public key with its RFC 7638 thumbprint as id, so that
// gateways with the same key use the same id.
func publicJWK(public *ecdsa.PublicKey) (JWK, error) {
	point, err := public.Bytes() // 4 ‖ X ‖ Y
	if err != nil {
		return JWK{}, fmt.Errorf("public key: %w", err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	jwk := JWK{Kty: "EC", Crv: "P-256", X: encode(point[1:33]), Y: encode(point[33:]), Alg: "ES256", Use: "sig"}
	canonical, err := json.Marshal(struct {
		Crv string `json:"crv"`
		Kty string `json:"kty"`
		X   string `json:"x"`
		Y   string `json:"y"`
	}{jwk.Crv, jwk.Kty, jwk.X, jwk.Y})
	if err != nil {
		return JWK{}, err
	}
	sum := sha256.Sum256(canonical)
	jwk.Kid = encode(sum[:])
	return jwk, nil
}
