// Command reservationd sells seats: slots, bookings, cancellations, and the
// relay that tells the notification service about them.
package main

import (
	"context"
	"io"
	"log/slog"
	"time"
	_ "time/tzdata" // restaurants' zones, wherever it runs

	"jari.example/internal/config"
	"jari.example/internal/serve"
	"jari.example/services/internal/endpoint"
	"jari.example/services/internal/httpjson"
	"jari.example/services/reservation"
	"jari.example/services/reservation/inmem"
	"jari.example/services/reservation/notificationhttp"
	"jari.example/services/reservation/postgres"
	"jari.example/services/reservation/userhttp"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

func main() { serve.Main(names.ServiceReservation, run) }

const (
	// openWithin is how long a start waits for a database that is away.
	openWithin = time.Minute
	// tellWithin bounds one call of the notification service.
	tellWithin = 3 * time.Second
	// askWithin bounds one call of the user service, which a list can do without.
	askWithin = time.Second
)

func run(ctx context.Context, args []string, getenv func(string) string, stdout, _ io.Writer) error {
	flags := config.New("reservationd", "reservation", "reservationd owns seats: slots, bookings, cancellations.", getenv)
	common := flags.Common("127.0.0.1:8112", "127.0.0.1:8212")
	database := flags.URL("database-url", "", "PostgreSQL; empty: in memory, gone with the process")
	notification := flags.URL("notification-url", "", "base URL of the notification service; empty: nobody is told")
	user := flags.URL("user-url", "", "base URL of the user service; empty: owners' lists come without names")
	booking := strategy(flags)
	if err := flags.Parse(args, stdout); err != nil {
		return err
	}
	return serve.WithTelemetry(ctx, names.ServiceReservation, common, stdout, func(t *telemetry.Telemetry) error {
		// HTTP ─► endpoints ─► service ─► store ─outbox─► relay ─► notification
		store, closeStore, err := open(ctx, *database, t.Logger)
		if err != nil {
			return err
		}
		defer closeStore()
		store, closeStrategy, err := booking(ctx, store, *database)
		if err != nil {
			return err
		}
		defer closeStrategy()

		wake, workers := func() {}, []serve.Worker(nil)
		var users reservation.Users
		var mails reservation.Mails
		if *user != "" {
			users = userhttp.New(*user, telemetry.Client(names.ServiceUser, askWithin))
		}
		if *notification != "" {
			to := notificationhttp.New(*notification, telemetry.Client(names.ServiceNotification, tellWithin))
			relay := reservation.NewRelay(store, to, t.Logger)
			mails = to
			wake, workers = relay.Wake, []serve.Worker{{Name: "outbox relay", Run: relay.Run}, {Name: "outbox watch", Run: relay.Watch}}
		}
		jobs, err := reservation.NewJobs(store, wake, t.Logger)
		if err != nil {
			return err
		}
		for _, job := range jobs.All() {
			workers = append(workers, serve.Worker{Name: job.Name, Run: func(ctx context.Context) error { return jobs.Run(ctx, job) }})
		}
		middleware, err := endpoint.Shared(t.Logger, nil)
		if err != nil {
			return err
		}
		routes := httpjson.NewRoutes(t.Logger)
		reservation.AddRoutes(routes, reservation.NewEndpoints(reservation.New(store, users, mails, wake), middleware))
		handler, err := routes.Handler()
		if err != nil {
			return err
		}
		return serve.Run(ctx, serve.Daemon{
			Telemetry: t, HTTPAddr: *common.HTTPAddr, OpsAddr: *common.OpsAddr,
			Handler: handler, Ready: store.Ping, Workers: workers,
		})
	})
}

// store is every side of a store: the service's, the relay's and the jobs'.
type store interface {
	reservation.Store
	reservation.Outbox
	reservation.Chores
}

func open(ctx context.Context, url string, logger *slog.Logger) (s store, closeStore func(), err error) {
	if url == "" {
		logger.Warn("no database-url: reservations are kept in memory")
		return inmem.New(), func() {}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, openWithin)
	defer cancel()
	db, err := postgres.Open(ctx, url, func(err error) {
		logger.Warn("waiting for the database", names.Exception, err.Error())
	})
	if err != nil {
		return nil, nil, err
	}
	return db, db.Close, nil
}
