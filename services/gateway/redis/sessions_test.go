package redis_test

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	goredis "github.com/redis/go-redis/v9"

	"jari.example/internal/fault"
	"jari.example/services/gateway"
	"jari.example/services/gateway/redis"
	"jari.example/services/gateway/storetest"
	"jari.example/telemetry/names/realpart"
)

func open(t *testing.T, url, prefix string) *redis.Sessions {
	t.Helper()
	s, err := redis.Open(url, prefix)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestSessionsInMiniredis(t *testing.T) {
	server := miniredis.RunT(t)
	storetest.Run(t, func(t *testing.T) gateway.Sessions { return open(t, "redis://"+server.Addr(), "t:") })
}

func TestSessionsInRedis(t *testing.T) {
	url := realpart.Need(t, realpart.Redis)
	prefix := "jari-test-" + rand.Text() + ":"
	client := inspect(t, url)
	t.Cleanup(func() {
		ctx := context.Background() // t.Context() has ended by now
		for _, key := range client.Keys(ctx, prefix+"*").Val() {
			client.Del(ctx, key)
		}
	})
	storetest.Run(t, func(t *testing.T) gateway.Sessions { return open(t, url, prefix) })

	keys := client.Keys(t.Context(), prefix+"*").Val()
	if len(keys) == 0 {
		t.Fatal("the suite left no keys, so their expiry cannot be checked")
	}
	for _, key := range keys {
		if ttl := client.PTTL(t.Context(), key).Val(); ttl <= 0 || ttl > gateway.SessionLifetime {
			t.Errorf("%s expires in %s", key, ttl)
		}
	}
}

func inspect(t *testing.T, url string) *goredis.Client {
	t.Helper()
	options, err := goredis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	client := goredis.NewClient(options)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func TestAnUnusedSessionExpires(t *testing.T) {
	server := miniredis.RunT(t)
	s := open(t, "redis://"+server.Addr(), "t:")
	if err := s.Start(t.Context(), gateway.Session{ID: "a", UserID: "u"}, gateway.Hash{1}, time.Now()); err != nil {
		t.Fatal(err)
	}
	server.FastForward(gateway.SessionLifetime + time.Second)
	if _, err := s.Rotate(t.Context(), gateway.Hash{1}, gateway.Hash{2}, "", time.Now()); fault.ReasonOf(err) != "session_ended" {
		t.Error(err)
	}
}

// Gateways of the previous version and of this one serve the same sessions during a
// deployment.
func TestSessionsOfThePreviousVersionContinue(t *testing.T) {
	server := miniredis.RunT(t)
	s, client, now := open(t, "redis://"+server.Addr(), "t:"), inspect(t, "redis://"+server.Addr()), time.Now()
	first, second, third := gateway.Hash{1}, gateway.Hash{2}, gateway.Hash{3}
	want := gateway.Session{ID: "a", UserID: "u"}
	// As the previous version wrote them: the first token was rotated an hour ago.
	client.HSet(t.Context(), "t:session:a", "user", "u", "live", second.String())
	client.HSet(t.Context(), "t:token:"+first.String(), "session", "a", "rotated", now.Add(-time.Hour).UnixMilli())
	client.HSet(t.Context(), "t:token:"+second.String(), "session", "a")
	for _, c := range []struct{ presented, successor gateway.Hash }{{first, second}, {second, third}, {first, second}, {second, third}} {
		if got, err := s.Rotate(t.Context(), c.presented, c.successor, "", now); err != nil || got != want {
			t.Errorf("token %d: got %v, %v", c.presented[0], got, err)
		}
	}
	// The previous version compares this with the token that it is given.
	if live := client.HGet(t.Context(), "t:session:a", "live").Val(); live != third.String() {
		t.Errorf("the live token is %.6s…, want the third", live)
	}
	if _, err := s.Rotate(t.Context(), first, second, "", now.Add(gateway.GracePeriod)); fault.ReasonOf(err) != "refresh_reused" {
		t.Errorf("got %v", err)
	}
}

func TestARefusedConnectionIsUnavailable(t *testing.T) {
	s := open(t, "redis://127.0.0.1:1", "t:")
	for _, err := range []error{
		s.Start(t.Context(), gateway.Session{ID: "a"}, gateway.Hash{1}, time.Now()),
		s.End(t.Context(), "a"),
		func() error { _, err := s.Find(t.Context(), gateway.Hash{1}, time.Now()); return err }(),
		func() error {
			_, err := s.Rotate(t.Context(), gateway.Hash{1}, gateway.Hash{2}, "", time.Now())
			return err
		}(),
	} {
		if fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("got %v", err)
		}
	}
}
