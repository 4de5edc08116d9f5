// Package redis stores sessions in Redis, shared by all gateways of a region. It
// stores hashes of tokens, never tokens.
package redis

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/metric"

	"jari.example/internal/fault"
	"jari.example/services/gateway"
	"jari.example/telemetry"
)

//go:embed rotate.lua
var rotateLua string

var rotate = redis.NewScript(rotateLua)

// Sessions is a [gateway.Sessions].
type Sessions struct {
	client *redis.Client
	prefix string
	watch  metric.Registration
}

var _ gateway.Sessions = (*Sessions)(nil)

// Open returns a store on the server at url. It does not connect, because a gateway
// serves users with a valid access token while Redis is down. Keys begin with
// prefix.
func Open(url, prefix string) (*Sessions, error) {
	options, err := redis.ParseURL(url)
	if err != nil {
		return nil, errors.New("redis URL: cannot be parsed") // err would print the password
	}
	options.DialTimeout, options.ReadTimeout, options.WriteTimeout = time.Second, time.Second, time.Second
	// One retry only, because a user waits. (A rotation may be repeated: its result is
	// the same.)
	options.MaxRetries, options.DialerRetries = 1, 1
	options.DisableIdentity = true   // CLIENT SETINFO would add two commands to the trace that waits for the dial
	redis.SetLogger(discardLogger{}) // it logs to stderr; our faults contain the same
	client := redis.NewClient(options)
	client.AddHook(traceHook{})
	watch, err := telemetry.WatchPool("redis", func() telemetry.PoolUse { return poolUse(client) })
	return &Sessions{client, prefix, watch}, err
}

func poolUse(c *redis.Client) telemetry.PoolUse {
	s := c.PoolStats()
	return telemetry.PoolUse{
		Idle: int64(s.IdleConns), Used: int64(s.TotalConns) - int64(s.IdleConns), Max: int64(c.Options().PoolSize),
		Pending: int64(s.PendingRequests), Timeouts: int64(s.Timeouts),
	}
}

type discardLogger struct{}

func (discardLogger) Printf(context.Context, string, ...any) {}

// Close closes the connections.
func (s *Sessions) Close() error { return errors.Join(s.client.Close(), s.watch.Unregister()) }

// A token's key holds its session and when it was first presented (rotated, in ms,
// absent while it is live); a session's key holds its user and the hash of its live
// token.
func (s *Sessions) tokenKey(h gateway.Hash) string { return s.prefix + "token:" + h.String() }
func (s *Sessions) sessionKey(id string) string    { return s.prefix + "session:" + id }

// Start implements [gateway.Sessions].
func (s *Sessions) Start(ctx context.Context, session gateway.Session, token gateway.Hash, _ time.Time) error {
	_, err := s.client.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.HSet(ctx, s.sessionKey(session.ID), "user", session.UserID, "live", token.String())
		p.PExpire(ctx, s.sessionKey(session.ID), gateway.SessionLifetime)
		p.HSet(ctx, s.tokenKey(token), "session", session.ID)
		p.PExpire(ctx, s.tokenKey(token), gateway.SessionLifetime)
		return nil
	})
	return asFault(err)
}

// Find implements [gateway.Sessions].
func (s *Sessions) Find(ctx context.Context, token gateway.Hash, _ time.Time) (gateway.Session, error) {
	id, err := s.client.HGet(ctx, s.tokenKey(token), "session").Result()
	if err == nil {
		var user string
		if user, err = s.client.HGet(ctx, s.sessionKey(id), "user").Result(); err == nil {
			return gateway.Session{ID: id, UserID: user}, nil
		}
	}
	if errors.Is(err, redis.Nil) {
		return gateway.Session{}, gateway.SessionEnded()
	}
	return gateway.Session{}, asFault(err)
}

// Rotate implements [gateway.Sessions].
func (s *Sessions) Rotate(ctx context.Context, presented, successor gateway.Hash, want string, now time.Time) (gateway.Session, error) {
	reply, err := rotate.Run(ctx, s.client, []string{s.tokenKey(presented), s.tokenKey(successor)},
		successor.String(), want, now.UnixMilli(),
		gateway.GracePeriod.Milliseconds(), gateway.SessionLifetime.Milliseconds(), s.sessionKey("")).StringSlice()
	if err != nil {
		return gateway.Session{}, asFault(err)
	}
	switch {
	case len(reply) == 3 && reply[0] == "ok":
		return gateway.Session{ID: reply[1], UserID: reply[2]}, nil
	case len(reply) == 1 && reply[0] == "ended":
		return gateway.Session{}, gateway.SessionEnded()
	case len(reply) == 1 && reply[0] == "reused":
		return gateway.Session{}, gateway.RefreshReused()
	}
	return gateway.Session{}, fmt.Errorf("rotate.lua returned %d values", len(reply))
}

// End implements [gateway.Sessions].
func (s *Sessions) End(ctx context.Context, id string) error {
	return asFault(s.client.Del(ctx, s.sessionKey(id)).Err())
}

// asFault returns Unavailable for every error of Redis: no request can cause one.
func asFault(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return fault.Down("redis", err)
}
