// Command userd serves accounts: sign-up, credential checks, and grants by an
// operator.
package main

import (
	"context"
	"io"
	"log/slog"
	"time"

	"jari.example/internal/config"
	database "jari.example/internal/postgres"
	"jari.example/internal/serve"
	"jari.example/services/internal/endpoint"
	"jari.example/services/internal/httpjson"
	"jari.example/services/user"
	"jari.example/services/user/inmem"
	"jari.example/services/user/postgres"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

func main() { serve.Main(names.ServiceUser, run) }

// openTimeout is how long a start waits for the database.
const openTimeout = time.Minute

func run(ctx context.Context, args []string, getenv func(string) string, stdout, _ io.Writer) error {
	flags := config.New("userd", "user", "userd serves accounts: sign-up, credential checks and grants.", getenv)
	common := flags.Common("127.0.0.1:8111", "127.0.0.1:8211")
	url := flags.URL("database-url", "", "PostgreSQL URL; empty: accounts are stored in memory")
	task := flags.Task(url)
	if err := flags.Parse(args, stdout); err != nil {
		return err
	}
	return serve.WithTelemetry(ctx, names.ServiceUser, common, stdout, func(t *telemetry.Telemetry) error {
		if err := database.Provision(ctx, task.Admin(), *url); err != nil {
			return err
		}
		// HTTP ─► endpoints ─► service ─► store
		store, closeStore, err := open(ctx, *url, t.Logger)
		if err != nil {
			return err
		}
		defer closeStore()
		if task.Migrates() {
			return serve.Migrated(t)
		}
		service, err := user.New(ctx, store)
		if err != nil {
			return err
		}
		middleware, err := endpoint.Shared(t.Logger, nil)
		if err != nil {
			return err
		}
		routes := httpjson.NewRoutes(t.Logger)
		user.AddRoutes(routes, user.NewEndpoints(service, middleware))
		handler, err := routes.Handler()
		if err != nil {
			return err
		}
		return serve.Run(ctx, serve.Daemon{
			Telemetry: t, HTTPAddr: *common.HTTPAddr, OpsAddr: *common.OpsAddr, Handler: handler, Ready: store.Ping,
		})
	})
}

func open(ctx context.Context, url string, logger *slog.Logger) (store user.Store, closeStore func(), err error) {
	if url == "" {
		logger.Warn("no -database-url: accounts are stored in memory")
		return inmem.New(), func() {}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	db, err := postgres.Open(ctx, url, func(err error) {
		logger.Warn("database unavailable, will retry", names.Exception, err.Error())
	})
	if err != nil {
		return nil, nil, err
	}
	return db, db.Close, nil
}
