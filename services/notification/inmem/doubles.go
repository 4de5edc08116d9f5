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

// Directory stands in for the user and the search service: every account is the
// same diner, and a restaurant's name is its id.
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

// Mailbox stands in for the mail service: it stores the last 100 mails.
type Mailbox struct {
	Logger *slog.Logger

	mu    sync.Mutex
	mails []notification.Mail
}

var _ notification.Sender = (*Mailbox)(nil)

// Send implements notification.Sender.
func (o *Mailbox) Send(ctx context.Context, m notification.Mail) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.mails) == maxMails { // bounds the memory of a service that runs for long
		o.mails = o.mails[1:]
	}
	o.mails = append(o.mails, m)
	o.Logger.InfoContext(ctx, "mail stored in memory, not sent", names.Count, len(o.mails))
	return nil
}

const maxMails = 100

// Mails returns the stored mails, oldest first.
func (o *Mailbox) Mails() []notification.Mail {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]notification.Mail(nil), o.mails...)
}
