package gateway_test

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"jari.example/internal/serve/servetest"
	"jari.example/services/gateway"
	"jari.example/services/gateway/redis"
	"jari.example/services/gateway/userhttp"
	"jari.example/services/internal/httpjson"
	"jari.example/telemetry/names"
	"jari.example/telemetry/names/realpart"
)

const refresh = "/v1/sessions/refresh"

// longOutage is longer than the grace period and than any timeout.
const longOutage = 14 * time.Second

// mustContinue checks that the session of a cookie goes on, by rotating it twice, and
// that the first cookie is then refused.
func (s *environment) mustContinue(cookie string) {
	s.Helper()
	first := s.do("POST", refresh, "", cookieHeader(cookie)).want(s.T, 201, "")
	second := s.do("POST", refresh, "", cookieHeader(first.cookie())).want(s.T, 201, "")
	if first.cookie() == cookie || second.cookie() == first.cookie() {
		s.Error("the cookie was not rotated")
	}
	s.advance(gateway.GracePeriod)
	s.do("POST", refresh, "", cookieHeader(cookie)).want(s.T, 401, "refresh_reused")
}

func TestASessionOutlivesAStoppedUserService(t *testing.T) {
	process, base := startUserService(t)
	if _, err := httpjson.Call[map[string]any](t.Context(), http.DefaultClient, "POST", base+"/v1/users",
		map[string]string{"email": "kim@example.com", "password": "correct horse", "name": "Kim"}); err != nil {
		t.Fatal(err)
	}
	users := &impatient{Users: userhttp.New(base, http.DefaultClient)}
	s := start(t, func(c *gateway.Config) { c.Users = users })
	_, login := s.logIn()

	signal(t, process, syscall.SIGSTOP)
	if _, err := syscall.Wait4(process.Process.Pid, nil, syscall.WUNTRACED, nil); err != nil { // until it has stopped
		t.Fatal(err)
	}
	users.stopped.Store(true)
	failed := s.do("POST", refresh, "", cookieHeader(login.cookie()))
	users.stopped.Store(false)
	if failed.StatusCode < 500 || failed.cookie() != "" {
		t.Fatalf("while the user service is stopped: status %d, cookie %q", failed.StatusCode, failed.cookie())
	}
	signal(t, process, syscall.SIGCONT)
	s.advance(longOutage)
	s.mustContinue(login.cookie())
}

// impatient gives a user service that is stopped a short time only, and otherwise all
// that a busy machine needs.
type impatient struct {
	gateway.Users
	stopped atomic.Bool
}

func (u *impatient) Account(ctx context.Context, id string) (gateway.Account, error) {
	if u.stopped.Load() {
		limited, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		defer cancel()
		ctx = limited
	}
	return u.Users.Account(ctx, id)
}

func TestASessionOutlivesAnOutageOfRedis(t *testing.T) {
	for name, breakDuring := range map[string]bool{
		"from the beginning":                        false,
		"so that only the rotation's reply is lost": true,
	} {
		t.Run(name, func(t *testing.T) {
			proxy, sessions := redisThroughAProxy(t)
			s := start(t, func(c *gateway.Config) { c.Sessions = sessions })
			_, login := s.logIn()
			stop := func() {
				// It forwards requests, but no reply.
				if _, err := proxy.Toxics.AddToxicJson(strings.NewReader(
					`{"type":"timeout","stream":"downstream","attributes":{"timeout":0}}`)); err != nil {
					t.Error(err)
				}
			}
			if breakDuring { // the gateway asks for the account between the two calls of Redis
				s.users.update(func(u *users) { u.called = stop })
			} else {
				stop()
			}
			failed := s.do("POST", refresh, "", cookieHeader(login.cookie())).want(t, 503, "unavailable")
			if failed.cookie() != "" {
				t.Error("the failed refresh set a cookie")
			}
			s.users.update(func(u *users) { u.called = nil })
			proxy.Toxics.ResetToxics(context.Background())
			s.advance(longOutage)
			s.mustContinue(login.cookie())
		})
	}
}

// A client that got no reply renews with its old cookie, as a reload of the page does.
func TestARenewalAfterALostReplyContinuesTheSession(t *testing.T) {
	s := start(t)
	headers, login := s.logIn()
	s.do("POST", refresh, "", cookieHeader(login.cookie())).want(t, 201, "") // the reply is lost
	s.advance(gateway.AccessLifetime)
	renewed := s.do("GET", "/v1/users/me", "", headers).want(t, 200, "")
	if renewed.Header.Get(names.HeaderAccessToken) == "" {
		t.Fatal("the token was not renewed")
	}
	s.do("POST", refresh, "", cookieHeader(renewed.cookie())).want(t, 201, "")
	s.advance(gateway.AccessLifetime)
	s.do("GET", "/v1/users/me", "", headers).want(t, 401, "refresh_reused")
}

// startUserService starts userd, with accounts in memory, as a process of its own.
func startUserService(t *testing.T) (*exec.Cmd, string) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "userd")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-ldflags=-s -w", "-o", program, "jari.example/services/user/cmd/userd").
		CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	daemon := exec.Command(program)
	return daemon, servetest.StartProcess(t, daemon)
}

func signal(t *testing.T, process *exec.Cmd, s syscall.Signal) {
	t.Helper()
	if err := process.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

func redisThroughAProxy(t *testing.T) (*toxiproxy.Proxy, *redis.Sessions) {
	t.Helper()
	u, err := url.Parse(realpart.Need(t, realpart.Redis))
	if err != nil {
		t.Fatal(err)
	}
	zerolog.SetGlobalLevel(zerolog.Disabled)
	proxy := toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), t.Name(), "127.0.0.1:0", u.Host)
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Stop)
	u.Host = proxy.Listen
	sessions, err := redis.Open(u.String(), "jari-test-"+rand.Text()+":")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sessions.Close() })
	return proxy, sessions
}
