// Notificationd sends diners mails about changes to their reservations.
package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/mail"
	"time"

	"jari.example/internal/awsconf"
	"jari.example/internal/config"
	database "jari.example/internal/postgres"
	"jari.example/internal/serve"
	"jari.example/internal/ses"
	"jari.example/services/internal/endpoint"
	"jari.example/services/notification"
	"jari.example/services/notification/inmem"
	"jari.example/services/notification/postgres"
	"jari.example/services/notification/searchhttp"
	sesadapter "jari.example/services/notification/ses"
	"jari.example/services/notification/userhttp"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

func main() { serve.Main(names.ServiceNotification, run) }

const (
	openTimeout = time.Minute     // how long a start waits for the database
	callTimeout = 2 * time.Second // one call of another service
)

type flags struct {
	config.Common
	database, user, search, cloud, from *string
	rate                                *int
	task                                config.Task
}

// reservation ─► POST /internal/events ─► store ─► delivery worker ─► SES
//
//	│  └────► search: the restaurant's name
//	└───────► user: address, name, language
func run(ctx context.Context, args []string, getenv func(string) string, stdout, _ io.Writer) error {
	set := config.New("notificationd", names.ServiceNotification,
		"notificationd sends diners mails about changes to their reservations.", getenv)
	f := flags{
		Common:   set.Common("127.0.0.1:8114", "127.0.0.1:8214"),
		database: set.URL("database-url", "", "PostgreSQL URL; empty: events are stored in memory"),
		user:     set.URL("user-url", "", "base URL of the user service; empty: every diner is diner@jari.example"),
		search:   set.URL("search-url", "", "base URL of the search service; empty: a restaurant's name is its id"),
		cloud: set.String("aws-endpoint-url", "",
			"endpoint of AWS services, aws for AWS's own; empty: mails are stored in memory and not sent"),
		from: set.String("mail-from", "no-reply@jari.example", "sender of mails, an identity verified with SES"),
		rate: set.Int("mail-rate", 0,
			"mails that this process sends in a second at most; 0: as many as SES accepts from the account (ses:GetAccount)"),
	}
	f.task = set.Task(f.database)
	err := set.Parse(args, stdout, func() {
		set.Require(*f.cloud == "" || awsconf.Valid(*f.cloud), "-aws-endpoint-url is neither a URL nor aws")
		_, err := mail.ParseAddress(*f.from)
		set.Require(err == nil, "-mail-from is not a mail address")
		set.Require(*f.rate >= 0, "-mail-rate is negative")
	})
	if err != nil {
		return err
	}
	return serve.WithTelemetry(ctx, names.ServiceNotification, f.Common, stdout, func(t *telemetry.Telemetry) error {
		return daemon(ctx, f, t)
	})
}

// senderName is the sender's name when the flag has only an address.
const senderName = "Jari 자리"

func daemon(ctx context.Context, f flags, t *telemetry.Telemetry) error {
	if err := database.Provision(ctx, f.task.Admin(), *f.database); err != nil {
		return err
	}
	store, ready, closeStore, err := open(ctx, *f.database, t.Logger)
	if err != nil {
		return err
	}
	defer closeStore()
	if f.task.Migrates() {
		return serve.Migrated(t)
	}
	from, err := mail.ParseAddress(*f.from)
	if err != nil {
		return err
	}
	if from.Name == "" {
		from.Name = senderName
	}
	delivery := &notification.DeliveryWorker{Store: store, From: *from, Logger: t.Logger}
	delivery.Users, delivery.Restaurants = newClients(f)
	if delivery.Sender, delivery.Quota, err = newSender(ctx, f, t.Logger); err != nil {
		return err
	}
	handler, err := newHandler(notification.New(store, delivery.Wake, time.Now), t.Logger)
	if err != nil {
		return err
	}
	sweeper := &notification.Sweeper{Store: store, Logger: t.Logger}
	return serve.Run(ctx, serve.Daemon{
		Telemetry: t, HTTPAddr: *f.HTTPAddr, Handler: handler, OpsAddr: *f.OpsAddr, Ready: ready,
		Workers: []serve.Worker{
			{Name: "mail.delivery", Run: delivery.Run}, {Name: "mail.backlog", Run: delivery.Watch},
			{Name: "mail.backlog.urgent", Run: delivery.WatchUrgent}, {Name: "mail.sweep", Run: sweeper.Run},
		},
	})
}

func newHandler(s *notification.Service, logger *slog.Logger) (http.Handler, error) {
	mw, err := endpoint.Shared(logger, nil)
	if err != nil {
		return nil, err
	}
	return notification.NewRoutes(notification.NewEndpoints(s, mw), logger).Handler()
}

func open(ctx context.Context, url string, logger *slog.Logger) (notification.Store, func(context.Context) error, func(), error) {
	if url == "" {
		logger.Warn("no -database-url: events are stored in memory")
		return inmem.New(), nil, func() {}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	s, err := postgres.Open(ctx, url, func(err error) {
		logger.Warn("database unavailable, will retry", names.Exception, err.Error())
	})
	if err != nil {
		return nil, nil, nil, err
	}
	return s, s.Ping, s.Close, nil
}

func newClients(f flags) (users notification.Users, restaurants notification.Restaurants) {
	users, restaurants = inmem.Directory{}, inmem.Directory{}
	if *f.user != "" {
		users = userhttp.New(*f.user, telemetry.Client(names.ServiceUser, callTimeout))
	}
	if *f.search != "" {
		restaurants = notification.NewRestaurantCache(searchhttp.New(*f.search, telemetry.Client(names.ServiceSearch, callTimeout)))
	}
	return users, restaurants
}

// newSender returns what sends mails, and how many it may send.
func newSender(ctx context.Context, f flags, logger *slog.Logger) (notification.Sender, notification.Quota, error) {
	var quota notification.Quota
	if *f.rate > 0 {
		quota = notification.FixedQuota(*f.rate)
	}
	if *f.cloud == "" {
		logger.Warn("no -aws-endpoint-url: mails are stored in memory and not sent")
		return &inmem.Mailbox{Logger: logger}, quota, nil
	}
	cfg, err := awsconf.Load(ctx, *f.Region, *f.cloud)
	sender := sesadapter.Sender{SES: ses.New(cfg)}
	if quota == nil {
		quota = sender
	}
	return sender, quota, err
}
