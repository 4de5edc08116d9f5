// Package daemon assembles reservationd: flags, store, relay, jobs and HTTP API.
// The commands that run it only choose how bookings are made.
package daemon

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
	"jari.example/services/reservation"
	"jari.example/services/reservation/app"
	"jari.example/services/reservation/httpapi"
	"jari.example/services/reservation/inmem"
	"jari.example/services/reservation/jobs"
	"jari.example/services/reservation/notificationhttp"
	"jari.example/services/reservation/observe"
	"jari.example/services/reservation/outbox"
	"jari.example/services/reservation/postgres"
	"jari.example/services/reservation/userhttp"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

const (
	// databaseTimeout is how long a start waits for a database that is away.
	databaseTimeout = time.Minute
	// deliverTimeout bounds one call of the notification service.
	deliverTimeout = 3 * time.Second
	// userTimeout bounds one call of the user service, which the owner's list can
	// do without.
	userTimeout = time.Second
)

// Store is every side of a store: the service's, the relay's and the jobs'.
type Store interface {
	reservation.Store
	outbox.Store
	jobs.Store
}

// Decorator may put something in front of the store that the flags chose; url is
// -database-url, "" for the store in memory. closeStore ends what it opened.
type Decorator func(ctx context.Context, s Store, url string) (decorated Store, closeStore func(), err error)

// Plain is the decorator that changes nothing.
func Plain(*config.Set) Decorator {
	return func(_ context.Context, s Store, _ string) (Store, func(), error) { return s, func() {}, nil }
}

// Program returns the daemon. define may add flags, and returns what to do with
// the store once they are parsed.
func Program(define func(*config.Set) Decorator) serve.Program {
	return func(ctx context.Context, args []string, getenv func(string) string, stdout, _ io.Writer) error {
		flags := config.New("reservationd", "reservation", "reservationd owns seats: slots, bookings, cancellations.", getenv)
		s := settings{
			common:       flags.Common("127.0.0.1:8112", "127.0.0.1:8212"),
			database:     flags.URL("database-url", "", "PostgreSQL; empty: in memory, lost when the process ends"),
			notification: flags.URL("notification-url", "", "base URL of the notification service; empty: no mails are sent"),
			user:         flags.URL("user-url", "", "base URL of the user service; empty: owners' lists come without names"),
			decorate:     define(flags),
		}
		s.task = flags.Task(s.database)
		if err := flags.Parse(args, stdout); err != nil {
			return err
		}
		return serve.WithTelemetry(ctx, names.ServiceReservation, s.common, stdout, func(t *telemetry.Telemetry) error {
			return s.run(ctx, t)
		})
	}
}

// settings are the parsed flags.
type settings struct {
	common                       config.Common
	database, notification, user *string
	decorate                     Decorator
	task                         config.Task
}

// run assembles the parts and serves until ctx ends:
//
//	HTTP ─► endpoints ─► app.Service ─► store ─outbox─► relay ─► notification
//	                            jobs ─────┘
func (s settings) run(ctx context.Context, t *telemetry.Telemetry) error {
	if err := database.Provision(ctx, s.task.Admin(), *s.database); err != nil {
		return err
	}
	store, closeStore, err := s.openStore(ctx, t.Logger)
	if err != nil {
		return err
	}
	defer closeStore()
	if s.task.Migrates() {
		return serve.Migrated(t)
	}

	listener := observe.NewListener(t.Logger)
	notifyRelay, workers := func() {}, []serve.Worker(nil)
	var users app.Users
	var mails app.Mails
	if *s.user != "" {
		users = userhttp.New(*s.user, telemetry.Client(names.ServiceUser, userTimeout))
	}
	if *s.notification != "" {
		client := notificationhttp.New(*s.notification, telemetry.Client(names.ServiceNotification, deliverTimeout))
		relay := outbox.NewRelay(store, client, listener)
		mails, notifyRelay = client, relay.Wake
		workers = append(workers, serve.Worker{Name: "outbox relay", Run: relay.Run}, serve.Worker{Name: "outbox watch", Run: relay.Watch})
	}
	maintenance := jobs.New(store, notifyRelay, listener)
	for _, job := range maintenance.All() {
		workers = append(workers, serve.Worker{Name: job.Name, Run: func(ctx context.Context) error { return maintenance.Run(ctx, job) }})
	}
	middleware, err := endpoint.Shared(t.Logger, nil)
	if err != nil {
		return err
	}
	routes := httpjson.NewRoutes(t.Logger)
	httpapi.AddRoutes(routes, httpapi.NewEndpoints(app.New(store, users, mails, notifyRelay), middleware))
	handler, err := routes.Handler()
	if err != nil {
		return err
	}
	return serve.Run(ctx, serve.Daemon{
		Telemetry: t, HTTPAddr: *s.common.HTTPAddr, OpsAddr: *s.common.OpsAddr,
		Handler: handler, Ready: store.Ping, Workers: workers,
	})
}

// openStore opens the store that the flags name, and decorates it.
func (s settings) openStore(ctx context.Context, logger *slog.Logger) (store Store, closeStore func(), err error) {
	closeBase := func() {}
	if *s.database == "" {
		logger.Warn("no -database-url: reservations are kept in memory")
		memory := inmem.New()
		memory.LogOffers(logger)
		store = memory
	} else {
		opening, cancel := context.WithTimeout(ctx, databaseTimeout)
		defer cancel()
		db, err := postgres.Open(opening, *s.database, func(err error) {
			logger.Warn("waiting for the database", names.Exception, err.Error())
		})
		if err != nil {
			return nil, nil, err
		}
		db.LogOffers(logger)
		store, closeBase = db, db.Close
	}
	decorated, closeDecorated, err := s.decorate(ctx, store, *s.database)
	if err != nil {
		closeBase()
		return nil, nil, err
	}
	return decorated, func() { closeDecorated(); closeBase() }, nil
}
