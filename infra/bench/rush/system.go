package main

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"

	"jari.example/infra/bench/whole"
	"jari.example/infra/local/parts"
)

// region is the region that gets the load. The other one runs, too, without load.
const region = "kr"

// system is a whole system with what the load needs.
type system struct {
	*whole.System

	reservations, mails, users *pgx.Conn
	signer                     signer
	drops                      []int64  // slots of the rush; each is used once
	restaurants                []string // all others
	slots                      []int64  // theirs, in random order
}

// startSystem builds and starts everything. stop must be called even after an error.
func startSystem(ctx context.Context, clone string, environment ...string) (s *system, err error) {
	s = &system{}
	if s.System, err = whole.Start(ctx, clone, environment); err != nil {
		return s, err
	}
	if err := s.connect(ctx); err != nil {
		return s, err
	}
	return s, s.prepare(ctx)
}

// connect connects to the databases whose rows show what has happened.
func (s *system) connect(ctx context.Context) (err error) {
	for name, to := range map[string]**pgx.Conn{
		parts.ReservationDatabase(region): &s.reservations, "jari_notification_" + region: &s.mails, "jari_users": &s.users,
	} {
		if *to != nil { // after a restart
			_ = (*to).Close(ctx)
		}
		if *to, err = s.Connect(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// address is host:port of what a path reaches first.
func (s *system) address(path string) string {
	part := map[string]string{direct: "reservation-" + region, gateway: "gateway-" + region, edge: "edge"}[path]
	return strings.TrimPrefix(s.URL(part), "http://")
}

// stop ends and deletes everything.
func (s *system) stop() (err error) {
	ctx := context.Background() // also after a Ctrl-C
	for _, conn := range []*pgx.Conn{s.reservations, s.mails, s.users} {
		if conn != nil {
			err = errors.Join(err, conn.Close(ctx))
		}
	}
	return errors.Join(err, s.Stop())
}
