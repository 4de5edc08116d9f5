package launch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Serve answers on the unix socket at path until the returned function is
// called, which lets readers of the journal have their last lines:
//
//	GET  /status    Status
//	POST /stop      202; Run takes everything down
//	GET  /progress  every Event so far and to come, one JSON object a line;
//	                with ?owner=1 the start is given up when the reader leaves
func (s *Supervisor) Serve(path string) (stop func(), err error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var l net.Listener
	err = short(path, func(path string) (err error) {
		l, err = net.Listen("unix", path)
		return err
	})
	if err != nil {
		return nil, err
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false) // its path was short-lived; the file is removed below
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(s.Status())
	})
	mux.HandleFunc("POST /stop", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusAccepted)
		s.Stop()
	})
	mux.HandleFunc("GET /progress", s.progress)
	server := &http.Server{Handler: mux}
	go func() { _ = server.Serve(l) }()
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), endGrace)
		defer cancel()
		if s.failure != nil {
			select { // who started this may be about to ask how it went
			case <-s.endDelivered:
			case <-ctx.Done():
			}
		}
		_ = os.Remove(path)
		_ = server.Shutdown(ctx)
	}, nil
}

// endGrace bounds how long the end of a start is kept for its readers.
const endGrace = 5 * time.Second

func (s *Supervisor) progress(w http.ResponseWriter, r *http.Request) {
	flush := http.NewResponseController(w).Flush
	enc := json.NewEncoder(w)
	for n := 0; ; {
		events, err := s.journal.next(r.Context(), n)
		if err != nil {
			if r.FormValue("owner") != "" && s.Status().Phase == "starting" {
				s.fail(errors.New("the `jari up` that started this went away before everything was up"))
			}
			return
		}
		for _, e := range events {
			if enc.Encode(e) != nil {
				return
			}
		}
		n += len(events)
		if flush() != nil {
			return
		}
		if events[len(events)-1].Kind.Ends() {
			s.endDeliveredOnce.Do(func() { close(s.endDelivered) })
			return
		}
	}
}

// Client speaks to the supervisor behind a socket.
type Client struct{ http *http.Client }

// ErrNotRunning means that nobody listens on the socket.
var ErrNotRunning = errors.New("no system of Jari runs here; start it with `make up`")

// Dial returns a client of the supervisor that listens at path.
func Dial(path string) *Client {
	dial := func(ctx context.Context, _, _ string) (conn net.Conn, err error) {
		err = short(path, func(path string) (err error) {
			conn, err = new(net.Dialer).DialContext(ctx, "unix", path)
			return err
		})
		return conn, err
	}
	return &Client{http: &http.Client{Transport: &http.Transport{DialContext: dial}}}
}

// Status asks for the system's state; ErrNotRunning when there is none.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var st Status
	res, err := c.do(ctx, http.MethodGet, "/status")
	if err != nil {
		return st, err
	}
	defer res.Body.Close()
	return st, json.NewDecoder(res.Body).Decode(&st)
}

// Stop asks the system to go down; ErrNotRunning when there is none.
func (c *Client) Stop(ctx context.Context) error {
	res, err := c.do(ctx, http.MethodPost, "/stop")
	if err != nil {
		return err
	}
	return res.Body.Close()
}

// Follow calls tell with every event until one ends the wait, and returns
// that one. As the owner, a caller that goes away takes the start with it.
func (c *Client) Follow(ctx context.Context, owner bool, tell func(Event)) (Event, error) {
	path := "/progress"
	if owner {
		path += "?owner=1"
	}
	res, err := c.do(ctx, http.MethodGet, path)
	if err != nil {
		return Event{}, err
	}
	defer res.Body.Close()
	for dec := json.NewDecoder(res.Body); ; {
		var e Event
		if err := dec.Decode(&e); err != nil {
			return Event{}, fmt.Errorf("the launcher went away: %w", err)
		}
		tell(e)
		if e.Kind.Ends() {
			return e, nil
		}
	}
}

func (c *Client) do(ctx context.Context, method, path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://jari"+path, nil)
	if err != nil {
		return nil, err
	}
	res, err := c.http.Do(req)
	if errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ENOTDIR) {
		return nil, ErrNotRunning
	}
	return res, err
}

// short calls fn with a path for the socket that is short enough for the
// kernel (108 bytes), however deep the clone lies.
func short(path string, fn func(path string) error) error {
	const longest = 100
	if len(path) <= longest {
		return fn(path)
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	return fn(fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), filepath.Base(path)))
}
