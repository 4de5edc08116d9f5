package gateway

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"jari.example/telemetry/names"
)

// Certificate watches the certificates that diners' browsers see. No process of
// ours has one: TLS ends at the edge. So the gateway connects to the public address
// as a browser does, and a metric says how long the chain is valid.
type Certificate struct {
	host, address string
	logger        *slog.Logger
	expiry        atomic.Pointer[time.Time] // nil: not known yet
}

// The times of the check. A certificate is replaced weeks before it expires.
const (
	certificateInterval = time.Hour
	certificateTimeout  = 10 * time.Second
)

// NewCertificate returns a check of the server at an https URL.
func NewCertificate(public string, logger *slog.Logger) (*Certificate, error) {
	u, err := url.Parse(public)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" {
		return nil, errors.New("not of the form https://host")
	}
	return &Certificate{host: u.Hostname(), address: net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "443")), logger: logger}, nil
}

// Run checks at once and then every hour until ctx ends, and reports the time that
// is left. While the server cannot be reached it reports what it saw last.
func (c *Certificate) Run(ctx context.Context) error {
	meter := otel.Meter(scope)
	// Both fail only for a bad name, and this is a constant.
	left, _ := meter.Float64ObservableGauge(names.MetricCertificateExpiry, metric.WithUnit("s"))
	label := metric.WithAttributes(attribute.String(names.ServerAddress, c.host))
	watch, _ := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		if at := c.expiry.Load(); at != nil {
			o.ObserveFloat64(left, time.Until(*at).Seconds(), label)
		}
		return nil
	}, left)
	defer func() { _ = watch.Unregister() }()
	tick := time.NewTicker(certificateInterval)
	defer tick.Stop()
	for {
		if at, err := c.read(ctx); err == nil {
			c.expiry.Store(&at)
		} else if ctx.Err() == nil {
			c.logger.Warn("the certificate of the public address could not be read",
				names.ServerAddress, c.host, names.Exception, err.Error())
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// read returns when the first certificate of the server's chain expires. It accepts
// every certificate, since one that has expired must be reported, too; nothing is
// sent to the server.
func (c *Certificate) read(ctx context.Context) (first time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, certificateTimeout)
	defer cancel()
	dialer := tls.Dialer{Config: &tls.Config{ServerName: c.host, InsecureSkipVerify: true}}
	conn, err := dialer.DialContext(ctx, "tcp", c.address)
	if err != nil {
		return first, fmt.Errorf("connect to %s: %w", c.address, err)
	}
	defer conn.Close()
	for _, certificate := range conn.(*tls.Conn).ConnectionState().PeerCertificates {
		if first.IsZero() || certificate.NotAfter.Before(first) {
			first = certificate.NotAfter
		}
	}
	return first, nil
}
