// Command gatewayd is the front door: sessions, proof of who asks, and the way
// to the services behind it.
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

// askWithin bounds one call of the user service: hashing a password waits its
// turn there.
const askWithin = 10 * time.Second

func run(ctx context.Context, args []string, getenv func(string) string, stdout, _ io.Writer) error {
	flags := config.New("gatewayd", "gateway", "gatewayd is the front door: sessions, and the way to the services.", getenv)
	common := flags.Common("127.0.0.1:8110", "127.0.0.1:8210")
	user := flags.URL("user-url", "http://127.0.0.1:8111", "base URL of the user service")
	reservation := flags.URL("reservation-url", "http://127.0.0.1:8112", "base URL of the reservation service")
	search := flags.URL("search-url", "http://127.0.0.1:8113", "base URL of the search service")
	redisURL := flags.URL("redis-url", "", "Redis for sessions; empty: in memory, gone with the process")
	signingKey := flags.SecretFile("signing-key-file", 1, "PEM of P-256 keys in PKCS #8, the signing one first; empty: generated")
	refreshKey := flags.SecretFile("refresh-key-file", gateway.MinRefreshKey, "key that derives refresh tokens; empty: generated")
	issuer := flags.String("issuer", "https://jari.example", "issuer of access tokens")
	if err := flags.Parse(args, stdout, func() {
		flags.Require(*issuer != "", "-issuer: must not be empty")
		if len(*signingKey) > 0 {
			_, err := gateway.ParseKeys(*signingKey)
			flags.Require(err == nil, "-signing-key-file: %v", err)
		}
	}); err != nil {
		return err
	}
	return serve.WithTelemetry(ctx, names.ServiceGateway, common, stdout, func(t *telemetry.Telemetry) error {
		// HTTP ─► guard ─┬─► endpoints ─► service ─┬─► sessions (Redis)
		//                └─► proxy ─► services     └─► user service
		keys, secret, err := secrets(*signingKey, *refreshKey, t.Logger)
		if err != nil {
			return err
		}
		sessions, closeSessions, err := open(*redisURL, t.Logger)
		if err != nil {
			return err
		}
		defer closeSessions()
		service, err := gateway.New(gateway.Config{
			Users:    userhttp.New(*user, telemetry.Client(names.ServiceUser, askWithin)),
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
		// Always ready: a gateway whose Redis or neighbour is away still serves
		// what does not need them.
		return serve.Run(ctx, serve.Daemon{Telemetry: t, HTTPAddr: *common.HTTPAddr, OpsAddr: *common.OpsAddr, Handler: handler})
	})
}

// secrets generates what no file gave. Tokens of such a gateway die with it and
// are strange to every other.
func secrets(signing, refresh []byte, logger *slog.Logger) (keys *gateway.Keys, refreshKey []byte, err error) {
	if len(signing) == 0 {
		logger.Warn("no signing-key-file: access tokens end with this process")
		keys, err = gateway.GenerateKeys()
	} else {
		keys, err = gateway.ParseKeys(signing)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("signing key: %w", err)
	}
	if len(refresh) == 0 {
		logger.Warn("no refresh-key-file: sessions end with this process")
		refresh = make([]byte, gateway.MinRefreshKey)
		_, _ = rand.Read(refresh) // never fails
	}
	return keys, refresh, nil
}

func open(url string, logger *slog.Logger) (sessions gateway.Sessions, closeSessions func(), err error) {
	if url == "" {
		logger.Warn("no redis-url: sessions are kept in memory")
		return inmem.New(), func() {}, nil
	}
	s, err := redis.Open(url, "jari:")
	if err != nil {
		return nil, nil, err
	}
	return s, func() { _ = s.Close() }, nil
}
