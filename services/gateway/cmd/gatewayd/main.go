// Command gatewayd is the API gateway: sessions, authentication, and a proxy to the
// services.
package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"time"

	"jari.example/internal/config"
	"jari.example/internal/serve"
	"jari.example/services/gateway"
	"jari.example/services/gateway/inmem"
	"jari.example/services/gateway/redis"
	"jari.example/services/gateway/userhttp"
	"jari.example/services/internal/endpoint"
	"jari.example/services/internal/httpjson"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

func main() { serve.Main(names.ServiceGateway, run) }

// userTimeout bounds a call of the user service, where a login may wait for other
// password hashes.
const userTimeout = 10 * time.Second

func run(ctx context.Context, args []string, getenv func(string) string, stdout, _ io.Writer) error {
	flags := config.New("gatewayd", "gateway",
		"gatewayd is the API gateway: sessions, authentication, and a proxy to the services.", getenv)
	common := flags.Common("127.0.0.1:8110", "127.0.0.1:8210")
	user := flags.URL("user-url", "http://127.0.0.1:8111", "base URL of the user service")
	reservation := flags.URL("reservation-url", "http://127.0.0.1:8112", "base URL of the reservation service")
	search := flags.URL("search-url", "http://127.0.0.1:8113", "base URL of the search service")
	redisURL := flags.URL("redis-url", "", "Redis URL for sessions; empty: sessions are stored in memory")
	signingKey := flags.Secret("signing-key", 1,
		"PEM file of P-256 keys in PKCS #8, the signing key first, after a line \"Created: TIME\"; empty: generated")
	refreshKey := flags.Secret("refresh-key", gateway.MinRefreshKey,
		"file of the key that derives refresh tokens; empty: generated")
	issuer := flags.String("issuer", "https://jari.example", "issuer of access tokens")
	public := flags.URL("public-url", "",
		"https URL that diners use; a metric says when its certificate expires; empty: none is checked")
	if err := flags.Parse(args, stdout, func() {
		flags.Require(*issuer != "", "-issuer: must not be empty")
		if len(*signingKey) > 0 {
			_, err := gateway.ParseKeys(*signingKey)
			flags.Require(err == nil, "-signing-key-file: %v", err)
		}
		if *public != "" {
			_, err := gateway.NewCertificate(*public, nil)
			flags.Require(err == nil, "-public-url: %v", err)
		}
	}); err != nil {
		return err
	}
	return serve.WithTelemetry(ctx, names.ServiceGateway, common, stdout, func(t *telemetry.Telemetry) error {
		// HTTP ─► guard ─┬─► endpoints ─► service ─┬─► sessions (Redis)
		//                └─► proxy ─► services     └─► user service
		keys, secret, err := loadKeys(*signingKey, *refreshKey, t.Logger)
		if err != nil {
			return err
		}
		defer keys.WatchAge(t.Logger)()
		workers, err := watchers(*public, t.Logger)
		if err != nil {
			return err
		}
		sessions, closeSessions, err := open(*redisURL, t.Logger)
		if err != nil {
			return err
		}
		defer closeSessions()
		service, err := gateway.New(gateway.Config{
			Users:    userhttp.New(*user, telemetry.Client(names.ServiceUser, userTimeout)),
			Sessions: sessions, Keys: keys, RefreshKey: secret, Issuer: *issuer,
		})
		if err != nil {
			return err
		}
		middleware, err := endpoint.Shared(t.Logger, nil)
		if err != nil {
			return err
		}
		routes := httpjson.NewRoutes(t.Logger)
		gateway.AddRoutes(routes, service, gateway.NewEndpoints(service, middleware),
			gateway.Upstreams{User: *user, Reservation: *reservation, Search: *search})
		handler, err := routes.Handler()
		if err != nil {
			return err
		}
		// Always ready: while Redis or a service is down, the gateway serves
		// requests that do not need it.
		return serve.Run(ctx, serve.Daemon{
			Telemetry: t, HTTPAddr: *common.HTTPAddr, OpsAddr: *common.OpsAddr, Handler: handler, Workers: workers,
		})
	})
}

// watchers are the workers beside the API.
func watchers(public string, logger *slog.Logger) ([]serve.Worker, error) {
	if public == "" {
		return nil, nil
	}
	certificate, err := gateway.NewCertificate(public, logger)
	if err != nil {
		return nil, fmt.Errorf("public URL: %w", err)
	}
	return []serve.Worker{{Name: "certificate", Run: certificate.Run}}, nil
}

// loadKeys generates the keys that are not given. The tokens of such a gateway end
// with its process and are invalid at every other gateway.
func loadKeys(signing, refresh []byte, logger *slog.Logger) (keys *gateway.Keys, refreshKey []byte, err error) {
	if len(signing) == 0 {
		logger.Warn("no -signing-key-file: access tokens end with this process")
		keys, err = gateway.GenerateKeys()
	} else {
		keys, err = gateway.ParseKeys(signing)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("signing key: %w", err)
	}
	if len(refresh) == 0 {
		logger.Warn("no -refresh-key-file: sessions end with this process")
		refresh = make([]byte, gateway.MinRefreshKey)
		_, _ = rand.Read(refresh) // never fails
	}
	return keys, refresh, nil
}

func open(url string, logger *slog.Logger) (sessions gateway.Sessions, closeSessions func(), err error) {
	if url == "" {
		logger.Warn("no -redis-url: sessions are stored in memory")
		return inmem.New(), func() {}, nil
	}
	s, err := redis.Open(url, "jari:")
	if err != nil {
		return nil, nil, err
	}
	return s, func() { _ = s.Close() }, nil
}
