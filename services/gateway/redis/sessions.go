// Package redis keeps sessions in Redis, shared by all gateways of a region. It
// stores hashes of tokens, never a token.
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

// Open makes a store on the server at url. It does not connect: a gateway
// serves those who are logged in while Redis is away. Keys begin with prefix.
func Open(url, prefix string) (*Sessions, error) {
	options, err := redis.ParseURL(url)
	if err != nil {
		return nil, errors.New("redis URL: not one that Redis understands") // err would print the password
	}
	options.DialTimeout, options.ReadTimeout, options.WriteTimeout = time.Second, time.Second, time.Second
	// One more try and no more: somebody waits. (A rotation that is sent again
	// after its answer was lost finds itself within the grace.)
	options.MaxRetries, options.DialerRetries = 1, 1
	options.DisableIdentity = true // CLIENT SETINFO would stand as two more commands in whoever's trace waits for the dial
	redis.SetLogger(silent{})      // its lines would go to stderr; our faults say the same
	client := redis.NewClient(options)
	client.AddHook(traced{})
	watch, err := telemetry.WatchPool("redis", func() telemetry.PoolUse { return use(client) })
	return &Sessions{client, prefix, watch}, err
}

func use(c *redis.Client) telemetry.PoolUse {
	s := c.PoolStats()
	return telemetry.PoolUse{
		Idle: int64(s.IdleConns), Used: int64(s.TotalConns) - int64(s.IdleConns), Max: int64(c.Options().PoolSize),
		Pending: int64(s.PendingRequests), Timeouts: int64(s.Timeouts),
	}
}

type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// Close closes the connections.
func (s *Sessions) Close() error { return errors.Join(s.client.Close(), s.watch.Unregister()) }

// A token's key holds its session and when it was rotated (ms, absent while it
// is live); a session's key holds its user and the hash of its live token.
func (s *Sessions) tokenKey(h gateway.Hash) string { return s.prefix + "token:" + h.String() }
func (s *Sessions) sessionKey(id string) string    { return s.prefix + "session:" + id }

// Start implements [gateway.Sessions].
func (s *Sessions) Start(ctx context.Context, session gateway.Session, token gateway.Hash, _ time.Time) error {
	_, err := s.client.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.HSet(ctx, s.sessionKey(session.ID), "user", session.UserID, "live", token.String())
		p.PExpire(ctx, s.sessionKey(session.ID), gateway.SessionLife)
		p.HSet(ctx, s.tokenKey(token), "session", session.ID)
		p.PExpire(ctx, s.tokenKey(token), gateway.SessionLife)
		return nil
	})
	return explain(err)
}

// Rotate implements [gateway.Sessions].
func (s *Sessions) Rotate(ctx context.Context, presented, successor gateway.Hash, want string, now time.Time) (gateway.Session, error) {
	answer, err := rotate.Run(ctx, s.client, []string{s.tokenKey(presented), s.tokenKey(successor)},
		successor.String(), presented.String(), want, now.UnixMilli(),
		gateway.Grace.Milliseconds(), gateway.SessionLife.Milliseconds(), s.sessionKey("")).StringSlice()
	if err != nil {
		return gateway.Session{}, explain(err)
	}
	switch {
	case len(answer) == 3 && answer[0] == "ok":
		return gateway.Session{ID: answer[1], UserID: answer[2]}, nil
	case len(answer) == 1 && answer[0] == "ended":
		return gateway.Session{}, gateway.SessionEnded()
	case len(answer) == 1 && answer[0] == "reused":
		return gateway.Session{}, gateway.RefreshReused()
	}
	return gateway.Session{}, fmt.Errorf("rotate.lua answered with %d values", len(answer))
}

// End implements [gateway.Sessions].
func (s *Sessions) End(ctx context.Context, id string) error {
	return explain(s.client.Del(ctx, s.sessionKey(id)).Err())
}

// explain: whatever is wrong with Redis, the request is not.
func explain(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return fault.Down("redis", err)
}
