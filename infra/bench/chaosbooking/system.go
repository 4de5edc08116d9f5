package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"syscall"

	"jari.example/infra/bench/rig"
	"jari.example/infra/bench/sandbox"
	"jari.example/infra/local/artifact"
	"jari.example/infra/local/launch"
	"jari.example/infra/local/parts"
)

// replicas are the two processes of the reservation service, with their ports in
// the launcher's table.
var replicas = []struct{ name, port string }{{"reservation-1", "reservation-kr"}, {"reservation-2", "reservation-us"}}

// system is the system under test:
//
//	actors ─► lossyProxy ─► reservation-1, -2 ─► Postgres
//	                            └─► lossyProxy ─► notification ─► lossyProxy ─► SES (moto)
//	                                                   └─► stubServices (user, search)
type system struct {
	*sandbox.Sandbox
	parts      *parts.System
	keep       bool
	mailDomain string // of the actors' addresses only
	proxyLog   *proxyLog
	proxies    map[string]string // replica → URL of the proxy before it
}

// start starts everything. After an error nothing is left running.
func start(ctx context.Context, s settings) (sys *system, err error) {
	sys = &system{keep: s.keep, proxyLog: &proxyLog{lost: map[string]bool{}}, proxies: map[string]string{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, sys.stop(ctx.Err() == nil))
		}
	}()
	if sys.Sandbox, err = sandbox.New("chaos-booking"); err != nil {
		return sys, err
	}
	sys.mailDomain = filepath.Base(sys.Dir) + ".example"
	sys.parts, err = sys.System(func(key string) string {
		if key == "JARI_AWS_ENDPOINT_URL" { // the SES of a test run may be shared, its Postgres must not be killed
			return os.Getenv("JARI_TEST_AWS_URL")
		}
		return os.Getenv(key)
	})
	if err != nil {
		return sys, err
	}
	list, err := sys.list(s)
	if err != nil {
		return sys, err
	}
	return sys, sys.Up(ctx, list)
}

// list is the parts of the system: Postgres and SES of the launcher, and daemons
// that are connected through proxies.
func (sys *system) list(s settings) ([]launch.Part, error) {
	list, err := launch.Select(sys.parts.Parts(), []string{"postgres", "aws"})
	if err != nil {
		return nil, err
	}
	for i := range list {
		list[i].BackoffReset = sandbox.BackoffReset
	}
	command, store := rig.Reservationd, []string(nil)
	if s.store != "" {
		command, store = rig.BenchReservationd, []string{"--store", s.store}
	}
	list = append(list, sys.build(command))
	stubs, err := sys.serve(stubServices(sys.mailDomain))
	if err != nil {
		return nil, err
	}
	ses, err := sys.behindProxy(sys.parts.AWSURL(), func(to *url.URL) http.Handler {
		return sys.proxyLog.forSES(to, lossRates{request: 0.01, response: 0.03}, newRandom(s.seed, 1))
	})
	if err != nil {
		return nil, err
	}
	list = append(list, sys.daemon("notification-1", "notification-kr", "notificationd", []string{"aws"},
		"--database-url", sys.parts.DatabaseURL(notificationDB), "--user-url", stubs, "--search-url", stubs,
		"--aws-endpoint-url", ses, "--mail-from", parts.MailFrom, "--mail-rate", "1000")) // all mails are waited for
	notification, err := sys.behindProxy(sys.parts.Ports.URL("notification-kr"), func(to *url.URL) http.Handler {
		return lossyProxy(to, lossRates{request: 0.01, response: 0.03}, newRandom(s.seed, 2), func(*http.Request, bool, bool) {})
	})
	if err != nil {
		return nil, err
	}
	for i, r := range replicas {
		list = append(list, sys.daemon(r.name, r.port, path.Base(command), nil,
			append(store, "--database-url", sys.parts.DatabaseURL(reservationDB), "--notification-url", notification)...))
		sys.proxies[r.name], err = sys.behindProxy(sys.parts.Ports.URL(r.port), func(to *url.URL) http.Handler {
			return sys.proxyLog.forClients(to, lossRates{request: 0.01, response: 0.04}, newRandom(s.seed, uint64(3+i)))
		})
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// behindProxy starts a proxy before a base URL and returns the proxy's URL.
func (sys *system) behindProxy(to string, proxy func(*url.URL) http.Handler) (string, error) {
	u, err := url.Parse(to)
	if err != nil {
		return "", err
	}
	return sys.serve(proxy(u))
}

// serve serves h until the system stops, and returns its URL.
func (sys *system) serve(h http.Handler) (string, error) {
	base, stop, err := listen(h)
	if err == nil {
		sys.OnStop(stop)
	}
	return base, err
}

// build builds the daemons; reservation is the command of the reservation service.
func (sys *system) build(reservation string) launch.Part {
	args := []string{"build", "-buildvcs=false", "-o", sys.parts.Bin("") + "/", reservation, "./services/notification/cmd/notificationd"}
	return launch.Part{Name: "build", Prepare: func(ctx context.Context, _ launch.Progress) error {
		cmd := exec.Command("go", args...)
		cmd.Dir = sys.parts.Root
		return artifact.Run(ctx, cmd, nil)
	}}
}

func (sys *system) daemon(name, port, program string, needs []string, args ...string) launch.Part {
	at := sys.parts.Ports
	return launch.Part{
		Name: name, Needs: append(needs, "postgres", "build"), Ports: []int{at.Of(port), at.Of(port + "/ops")},
		BackoffReset: sandbox.BackoffReset,
		Command: func(context.Context) (launch.Command, error) {
			args := append([]string{
				"--http-addr", at.Addr(port), "--ops-addr", at.Addr(port + "/ops"), "--otlp-endpoint", "", "--log-level", "warn",
			}, args...)
			env := append(os.Environ(),
				"AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local", "AWS_EC2_METADATA_DISABLED=true", "AWS_SESSION_TOKEN=")
			return launch.Command{Path: sys.parts.Bin(program), Args: args, Env: env, Dir: sys.Dir}, nil
		},
		Healthy: ready(at.URL(port+"/ops") + "/readyz"),
	}
}

func ready(url string) func(context.Context) error {
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	return func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		res, err := c.Do(req)
		if err != nil {
			return err
		}
		res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return errors.New(res.Status)
		}
		return nil
	}
}

// stop ends everything that start has started. After a failure, data and logs
// are kept.
func (sys *system) stop(failed bool) error {
	sys.signalReplicas(syscall.SIGCONT)
	return sys.Stop(sys.keep || failed)
}
