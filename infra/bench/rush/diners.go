package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jackc/pgx/v5"

	"jari.example/infra/bench/rig"
	"jari.example/infra/local/parts"
)

// diner is somebody with an account who has logged in.
type diner struct {
	id, session string
	bearer      string // value of the header Authorization
}

// newDiners creates accounts by SQL, because hashing their passwords would take
// longer than the measurement, and signs their tokens.
func (s *system) newDiners(ctx context.Context, n int) ([]diner, error) {
	r := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	diners := make([]diner, n)
	rows := make([][]any, n)
	now := time.Now()
	for i := range diners {
		d := &diners[i]
		d.id, d.session = rig.RandomID(r).String(), rig.RandomID(r).String()
		token, err := s.signer.sign(d.id, d.session, "diner", nil)
		if err != nil {
			return nil, err
		}
		d.bearer = "Bearer " + token
		rows[i] = []any{d.id, d.id + "@example.com", "Diner", []string{"ko", "en"}[i%2], "diner", []string{}, "none", now}
	}
	columns := []string{"id", "email", "name", "locale", "role", "own", "password", "created_at"}
	_, err := s.users.CopyFrom(ctx, pgx.Identifier{"users"}, columns, pgx.CopyFromRows(rows))
	return diners, err
}

// signer signs access tokens as the gateway does, with its key.
type signer struct {
	key *ecdsa.PrivateKey
	id  string
}

// newSigner reads the system's key. Its id is the one that the gateway publishes.
func newSigner(ctx context.Context, file, gateway string) (s signer, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return s, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return s, fmt.Errorf("%s has no PEM block", file)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return s, err
	}
	var ok bool
	if s.key, ok = parsed.(*ecdsa.PrivateKey); !ok {
		return s, fmt.Errorf("%s has no ECDSA key", file)
	}
	var published struct{ Keys []struct{ Kid string } }
	if err := getJSON(ctx, gateway+"/.well-known/jwks.json", &published); err != nil {
		return s, err
	}
	if len(published.Keys) != 1 {
		return s, errors.New("the gateway does not publish exactly one key")
	}
	s.id = published.Keys[0].Kid
	return s, nil
}

func (s signer) sign(user, session, role string, own []string) (string, error) {
	now := time.Now()
	if own == nil {
		own = []string{}
	}
	token := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{
		"iss": parts.Issuer, "aud": "jari", "sub": user, "sid": session, "role": role, "own": own,
		"iat": now.Unix(), "exp": now.Add(10 * time.Minute).Unix(),
	})
	token.Header["kid"] = s.id
	return token.SignedString(s.key)
}
