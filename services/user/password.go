package user

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/crypto/argon2"

	"jari.example/internal/secret"
)

// OWASP's minimum for argon2id: 19 MiB, two passes, one lane.
const (
	argonMemory = 19 << 10 // KiB
	argonTime   = 2
	argonLanes  = 1
	saltBytes   = 16
	hashBytes   = 32
)

// hasher hashes passwords, at most one per processor at a time: more would not be
// faster, and each holds 19 MiB.
type hasher struct{ slots chan struct{} }

func newHasher() hasher { return hasher{make(chan struct{}, runtime.GOMAXPROCS(0))} }

// hash returns a PHC string with a new salt. It waits for a slot until ctx ends.
func (h hasher) hash(ctx context.Context, password secret.String) (secret.String, error) {
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // never fails
	sum, err := h.sum(ctx, password, salt, params{argonMemory, argonTime, argonLanes})
	if err != nil {
		return secret.String{}, err
	}
	encode := base64.RawStdEncoding.EncodeToString
	return secret.New(fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, argonMemory, argonTime, argonLanes, encode(salt), encode(sum))), nil
}

// matches compares in constant time, with the parameters of the stored hash.
func (h hasher) matches(ctx context.Context, password, phc secret.String) (bool, error) {
	p, salt, want, err := parsePHC(phc.Reveal())
	if err != nil {
		return false, err
	}
	got, err := h.sum(ctx, password, salt, p)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

type params struct {
	memory, time uint32
	lanes        uint8
}

func (h hasher) sum(ctx context.Context, password secret.String, salt []byte, p params) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return argon2.IDKey([]byte(password.Reveal()), salt, p.time, p.memory, p.lanes, hashBytes), nil
}

var errPHC = errors.New("the stored password hash is not a PHC string of argon2id")

func parsePHC(s string) (p params, salt, sum []byte, err error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, nil, nil, errPHC
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.time, &p.lanes); err != nil {
		return p, nil, nil, errPHC
	}
	if salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return p, nil, nil, errPHC
	}
	if sum, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil || len(sum) != hashBytes {
		return p, nil, nil, errPHC
	}
	return p, salt, sum, nil
}
