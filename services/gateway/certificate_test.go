package gateway

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"jari.example/internal/wait"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

// serverWith is a TLS server whose chain expires at the given times, its own
// certificate first.
func serverWith(t *testing.T, expiries ...time.Time) *httptest.Server {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	chain := tls.Certificate{PrivateKey: private}
	for i, at := range expiries {
		template := &x509.Certificate{SerialNumber: big.NewInt(int64(i + 1)), NotBefore: at.Add(-1000 * time.Hour), NotAfter: at}
		der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
		if err != nil {
			t.Fatal(err)
		}
		chain.Certificate = append(chain.Certificate, der)
	}
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{Certificates: []tls.Certificate{chain}}
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if wait.Until(ctx, 10*time.Millisecond, done) != nil {
		t.Fatalf("timed out waiting: %s", what)
	}
}

func TestSaysWhenTheFirstCertificateOfTheChainExpires(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		expiries []time.Time
		want     time.Duration
	}{
		"its own certificate":    {[]time.Time{now.Add(48 * time.Hour), now.Add(1000 * time.Hour)}, 48 * time.Hour},
		"the one that signed it": {[]time.Time{now.Add(48 * time.Hour), now.Add(time.Hour)}, time.Hour},
		"it has expired already": {[]time.Time{now.Add(-time.Hour)}, -time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			rec := telemetrytest.Start(t)
			certificate, err := NewCertificate(serverWith(t, c.expiries...).URL, rec.Logger)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- certificate.Run(ctx) }()
			var left float64
			eventually(t, "the certificate is read", func() (ok bool) {
				left, ok = rec.Value(t, names.MetricCertificateExpiry, attribute.String(names.ServerAddress, "127.0.0.1"))
				return ok
			})
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
			// Certificates have whole seconds, and the check takes a while.
			if d := left - c.want.Seconds(); d > 1 || d < -60 {
				t.Errorf("%v s are left, want %v", left, c.want)
			}
		})
	}
}

func TestACertificateThatCannotBeReadIsLoggedAndHasNoExpiry(t *testing.T) {
	rec := telemetrytest.Start(t)
	server := serverWith(t, time.Now().Add(time.Hour))
	server.Close()
	certificate, err := NewCertificate(server.URL, rec.Logger)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- certificate.Run(ctx) }()
	eventually(t, "it is logged", func() bool { return strings.Contains(rec.Output(), "could not be read") })
	if at, ok := rec.Value(t, names.MetricCertificateExpiry); ok {
		t.Errorf("%v s are left", at)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestOnlyAnHTTPSURLHasACertificate(t *testing.T) {
	for _, url := range []string{"", "http://jari.example", "jari.example:443", "https://", "https://:443"} {
		if _, err := NewCertificate(url, nil); err == nil {
			t.Errorf("%q is accepted", url)
		}
	}
	for url, want := range map[string]string{
		"https://jari.example": "jari.example:443", "https://[::1]:8443/x": "[::1]:8443",
	} {
		if c, err := NewCertificate(url, nil); err != nil || c.address != want {
			t.Errorf("%s: %+v, %v", url, c, err)
		}
	}
}
