package launch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// SocketPath is the path of the socket of the system in dir.
func SocketPath(dir string) string { return filepath.Join(dir, "jari.sock") }

// Serve serves HTTP on the unix socket at path until stop is called. stop waits
// a moment for readers of /progress to receive the final event.
//
//	GET  /status    Status
//	POST /stop      202; Run stops everything
//	GET  /progress  every Event from the first on, one JSON object a line;
//	                with ?owner=1 the start is cancelled when the client disconnects
//
// and what Handle has added.
func (s *Supervisor) Serve(path string) (stop func(), err error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var l net.Listener
	err = shortPath(path, func(path string) (err error) {
		l, err = net.Listen("unix", path)
		return err
	})
	if err != nil {
		return nil, err
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false) // the short path no longer exists then; the file is removed below
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
	for pattern, handler := range s.handlers {
		mux.Handle(pattern, handler)
	}
	server := &http.Server{Handler: mux}
	go func() { _ = server.Serve(l) }()
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), endGrace)
		defer cancel()
		if s.failure != nil {
			select { // the client that started this may not have read the final event yet
			case <-s.endDelivered:
			case <-ctx.Done():
			}
		}
		_ = os.Remove(path)
		_ = server.Shutdown(ctx)
	}, nil
}

// endGrace is how long a final event stays readable after a failed start.
const endGrace = 5 * time.Second

func (s *Supervisor) progress(w http.ResponseWriter, r *http.Request) {
	flush := http.NewResponseController(w).Flush
	enc := json.NewEncoder(w)
	for n := 0; ; {
		events, err := s.journal.next(r.Context(), n)
		if err != nil {
			if r.FormValue("owner") != "" && s.Status().Phase == "starting" {
				s.fail(errors.New("the `jari up` that started this ended before everything was up"))
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

// Handle adds a handler to what Serve serves. Call it before Serve.
func (s *Supervisor) Handle(pattern string, h http.Handler) {
	if s.handlers == nil {
		s.handlers = map[string]http.Handler{}
	}
	s.handlers[pattern] = h
}

// Client is a client of the supervisor that serves a socket.
type Client struct{ http *http.Client }

// ErrNotRunning means that no supervisor listens on the socket.
var ErrNotRunning = errors.New("the system is not running; start it with `make up`")

// Dial returns a client of the supervisor that listens at path.
func Dial(path string) *Client {
	dial := func(ctx context.Context, _, _ string) (conn net.Conn, err error) {
		err = shortPath(path, func(path string) (err error) {
			conn, err = new(net.Dialer).DialContext(ctx, "unix", path)
			return err
		})
		return conn, err
	}
	return &Client{http: &http.Client{Transport: &http.Transport{DialContext: dial}}}
}

// Status returns the state of the system, or ErrNotRunning.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var st Status
	res, err := c.do(ctx, http.MethodGet, "/status")
	if err != nil {
		return st, err
	}
	defer res.Body.Close()
	return st, json.NewDecoder(res.Body).Decode(&st)
}

// Stop makes the system stop, without waiting for it; or returns ErrNotRunning.
func (c *Client) Stop(ctx context.Context) error {
	res, err := c.do(ctx, http.MethodPost, "/stop")
	if err != nil {
		return err
	}
	return res.Body.Close()
}

// Follow calls each with every event up to the final one, which it returns. If
// owner is true and ctx ends earlier, the start is cancelled.
func (c *Client) Follow(ctx context.Context, owner bool, each func(Event)) (Event, error) {
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
			return Event{}, fmt.Errorf("the launcher ended before the start was complete: %w", err)
		}
		each(e)
		if e.Kind.Ends() {
			return e, nil
		}
	}
}

// Call sends a request to a handler that Supervisor.Handle has added, with in as JSON,
// and decodes the response into out. The text of a response that is not 2xx is the
// error. It returns ErrNotRunning if no launcher runs.
func (c *Client) Call(ctx context.Context, method, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://jari"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	res, err := c.send(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		text, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
		if err != nil {
			return err
		}
		return errors.New(strings.TrimSpace(string(text)))
	}
	return json.NewDecoder(res.Body).Decode(out)
}

func (c *Client) do(ctx context.Context, method, path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://jari"+path, nil)
	if err != nil {
		return nil, err
	}
	return c.send(req)
}

func (c *Client) send(req *http.Request) (*http.Response, error) {
	res, err := c.http.Do(req)
	if errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ENOTDIR) {
		return nil, ErrNotRunning
	}
	return res, err
}

// shortPath calls fn with a path of the same socket that is short enough for
// the kernel (108 bytes), however long the clone's path is.
func shortPath(path string, fn func(path string) error) error {
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
