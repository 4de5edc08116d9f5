package inmem

import (
	"context"
	"log/slog"
	"sync"

	"github.com/google/uuid"

	"jari.example/internal/secret"
	"jari.example/services/notification"
	"jari.example/telemetry/names"
)

// Directory answers for the user and the search service: everybody is the same
// diner, and a restaurant is called by its id.
type Directory struct{}

var (
	_ notification.Users       = Directory{}
	_ notification.Restaurants = Directory{}
)

// User implements notification.Users.
func (Directory) User(context.Context, uuid.UUID) (notification.User, error) {
	return notification.User{
		Email: secret.New("diner@jari.example"), Name: secret.New("Diner"), Locale: "en",
	}, nil
}

// Restaurant implements notification.Restaurants.
func (Directory) Restaurant(_ context.Context, id string) (notification.Restaurant, error) {
	return notification.Restaurant{Ko: id, En: id}, nil
}

// Outbox keeps the mails that would have been sent.
type Outbox struct {
	Logger *slog.Logger

	mu    sync.Mutex
	mails []notification.Mail
}

var _ notification.Sender = (*Outbox)(nil)

// Send implements notification.Sender.
func (o *Outbox) Send(ctx context.Context, m notification.Mail) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.mails) == maxKept { // a service left running must not eat the machine
		o.mails = o.mails[1:]
	}
	o.mails = append(o.mails, m)
	o.Logger.InfoContext(ctx, "the mail is kept in memory and goes nowhere", names.Count, len(o.mails))
	return nil
}

const maxKept = 100

// Mails returns what was sent, oldest first.
func (o *Outbox) Mails() []notification.Mail {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]notification.Mail(nil), o.mails...)
}
