package parts

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"jari.example/infra/local/launch"
)

// The secrets that parts share, as files below the system's directory.
const (
	signingKey    = "signing-key.pem" // of access tokens, for all regions
	refreshKey    = "refresh-key"     // derives a refresh token's successor
	slackToken    = "slack-token"
	slackSigning  = "slack-signing-secret"
	secretsFolder = "secrets"
)

func (s *System) secret(name string) string { return filepath.Join(s.Dir, secretsFolder, name) }

// SigningKeyFile is the file of the key with which gateways sign access tokens.
func (s *System) SigningKeyFile() string { return s.secret(signingKey) }

// SlackTokenFile is the file of the token that the Slack simulator accepts.
func (s *System) SlackTokenFile() string { return s.secret(slackToken) }

// secrets generates the files that are missing. Existing ones stay, so that tokens
// and cookies stay valid after a restart.
func (s *System) secrets() launch.Part {
	return launch.Part{Name: "secrets", Prepare: func(context.Context, launch.Progress) error {
		if err := os.MkdirAll(filepath.Join(s.Dir, secretsFolder), 0o700); err != nil {
			return err
		}
		return errors.Join(
			s.generate(signingKey, newSigningKey),
			s.generate(refreshKey, randomHex),
			s.generate(slackSigning, randomHex),
			s.generate(slackToken, func() ([]byte, error) {
				text, err := randomHex()
				return append([]byte("xoxb-"), text...), err
			}),
		)
	}}
}

func (s *System) generate(name string, create func() ([]byte, error)) error {
	if _, err := os.Stat(s.secret(name)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	text, err := create()
	if err != nil {
		return err
	}
	return os.WriteFile(s.secret(name), text, 0o600)
}

func newSigningKey() ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	created := fmt.Appendf(nil, "Created: %s\n", time.Now().UTC().Format(time.RFC3339)) // from which the gateway knows its age
	return append(created, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})...), err
}

func randomHex() ([]byte, error) {
	b := make([]byte, 32)
	_, err := rand.Read(b)
	return []byte(hex.EncodeToString(b)), err
}
