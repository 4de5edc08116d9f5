package fault

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"jari.example/infra/local/launch"
)

// gatewayFaults restart a region's gateway with another command. Whoever sends a request
// in that moment gets an error.
var gatewayFaults = []Fault{
	{
		Name: "signing-key-old", Regional: true,
		What:   "the region's gateway is restarted with the same signing key in a file which says that it was made 100 days ago",
		Alerts: []Alert{{Rule: "signing-key-old"}},
		begin: func(_ context.Context, t Target, in Injection) (func(context.Context) error, error) {
			file := t.oldKeyFile(in)
			if err := ageKey(t.SigningKeyFile(), file, time.Now().AddDate(0, 0, -100)); err != nil {
				return nil, err
			}
			release, err := t.Change("gateway-"+in.Region, withFlag("--signing-key-file", file), "the injected fault "+in.Fault)
			if err != nil {
				return nil, errors.Join(err, os.Remove(file))
			}
			return func(context.Context) error { release(); return removeFile(file) }, nil
		},
		undo: func(_ context.Context, t Target, in Injection) error { return removeFile(t.oldKeyFile(in)) },
	},
	{
		Name: "certificate-expiring", Regional: true,
		What: "the region's gateway is restarted with --public-url, the address of a TLS server in the launcher whose certificate " +
			"ends in 3 days; without this fault the local system has no TLS",
		Alerts: []Alert{{Rule: "certificate-expiring"}},
		begin: func(_ context.Context, t Target, in Injection) (func(context.Context) error, error) {
			url, stop, err := serveTLS(time.Now().AddDate(0, 0, 3))
			if err != nil {
				return nil, err
			}
			release, err := t.Change("gateway-"+in.Region, withFlag("--public-url", url), "the injected fault "+in.Fault)
			if err != nil {
				return nil, errors.Join(err, stop())
			}
			return func(context.Context) error { release(); return stop() }, nil
		},
	},
}

// withFlag returns a change of a command: a flag has another value, or is added.
func withFlag(flag, value string) func(launch.Command) launch.Command {
	return func(c launch.Command) launch.Command {
		c.Args = slices.Clone(c.Args)
		if i := slices.Index(c.Args, flag); i >= 0 {
			c.Args[i+1] = value
		} else {
			c.Args = append(c.Args, flag, value)
		}
		return c
	}
}

func (t Target) oldKeyFile(in Injection) string {
	return filepath.Join(t.Dir, "run", "old-signing-key-"+in.Region+".pem")
}

func removeFile(path string) error {
	if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

var createdLine = regexp.MustCompile(`(?m)^Created: .*$`)

// ageKey copies the file of a signing key, with another time at which it was made.
func ageKey(from, to string, made time.Time) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	created := "Created: " + made.UTC().Format(time.RFC3339)
	if !createdLine.Match(text) {
		text = append([]byte(created+"\n"), text...)
	}
	return os.WriteFile(to, createdLine.ReplaceAll(text, []byte(created)), 0o600)
}

// serveTLS serves a certificate of its own that ends at that time, and nothing else.
func serveTLS(ends time.Time) (url string, stop func() error, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Jari"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: ends.AddDate(0, -3, 0), NotAfter: ends,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return "", nil, err
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}})
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{
		Handler: http.NotFoundHandler(), ReadHeaderTimeout: 5 * time.Second, ErrorLog: log.New(io.Discard, "", 0),
	}
	go func() { _ = server.Serve(l) }()
	return fmt.Sprintf("https://%s", l.Addr()), server.Close, nil
}
