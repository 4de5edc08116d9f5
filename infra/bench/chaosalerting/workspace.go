package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"jari.example/infra/bench/chaosalerting/outcome"
	"jari.example/infra/local/slack"
)

const (
	token         = "xoxb-chaos"
	signingSecret = "chaos-signing-secret"
)

// workspace is a Slack simulator that records every call. So what it says of calls
// does not depend on what the daemon believes.
type workspace struct {
	base string // URL
	ids  map[string]string
	stop func() error

	mu    sync.Mutex
	calls []outcome.Call
	// around is called before a call is applied and after it, before its response is
	// sent; nil calls nothing.
	around func(when moment, kind string)
}

// moment is where a call is interrupted.
type moment string

const (
	beforeApplied moment = "before"
	afterApplied  moment = "after"
)

// newWorkspace starts a workspace with the channels, which are named without '#'. It refuses
// uploads: a chart would follow its message at any time later, so that nobody would know
// when what is compared is complete.
func newWorkspace(ctx context.Context, channels []string) (*workspace, error) {
	server, err := slack.New(slack.Config{Token: token, Channels: channels, SigningSecret: signingSecret})
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w := &workspace{base: "http://" + listener.Addr().String(), ids: map[string]string{}}
	serving := &http.Server{Handler: w.recorded(server)}
	go func() { _ = serving.Serve(listener) }() // ends by Close
	w.stop = serving.Close
	var list struct{ Channels []struct{ ID, Name string } }
	if err := w.get(ctx, "/api/conversations.list?token="+token, &list); err != nil {
		return nil, err
	}
	for _, c := range list.Channels {
		w.ids[c.Name] = c.ID
	}
	return w, w.inject(ctx, fault{"method": "files.getUploadURLExternal", "refuse": "missing_scope", "count": 1 << 30})
}

// recorded serves h and records the calls.
func (w *workspace) recorded(h http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		method, isCall := strings.CutPrefix(r.URL.Path, "/api/")
		if !isCall {
			h.ServeHTTP(out, r)
			return
		}
		call := outcome.Call{Method: method, Arrived: time.Now()}
		form := formOf(r)
		call.Channel = form.Get("channel")
		if id, ok := w.ids[strings.TrimPrefix(call.Channel, "#")]; ok {
			call.Channel = id
		}
		// A handler that breaks the connection panics: the call is recorded all the same.
		defer func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.calls = append(w.calls, call)
		}()
		w.interrupt(beforeApplied, kindOf(method, form))
		answer := httptest.NewRecorder()
		defer func() { call.Answered = time.Now() }()
		func() {
			defer w.interrupt(afterApplied, kindOf(method, form)) // also when the handler breaks the connection
			h.ServeHTTP(answer, r)
		}()
		if answer.Code == http.StatusTooManyRequests {
			seconds, _ := strconv.Atoi(answer.Header().Get("Retry-After"))
			call.RetryAfter = time.Duration(seconds) * time.Second
		}
		for name, values := range answer.Header() {
			out.Header()[name] = values
		}
		out.WriteHeader(answer.Code)
		_, _ = out.Write(answer.Body.Bytes()) // the daemon may just have been killed
	})
}

// formOf reads the form of a request and leaves it to be read again.
func formOf(r *http.Request) url.Values {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	form, _ := url.ParseQuery(string(body))
	for name, values := range r.URL.Query() {
		form[name] = values
	}
	return form
}

// kindOf is the kind of delivery that a call belongs to; "" for a search.
func kindOf(method string, form url.Values) string {
	switch {
	case method == "chat.update":
		return "update"
	case method == "chat.postMessage" && form.Get("thread_ts") != "":
		return "reply"
	case method == "chat.postMessage":
		return "post"
	}
	return ""
}

func (w *workspace) interrupt(when moment, kind string) {
	w.mu.Lock()
	around := w.around
	w.mu.Unlock()
	if around != nil {
		around(when, kind)
	}
}

func (w *workspace) onCall(around func(when moment, kind string)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.around = around
}

// recordedCalls are the calls so far.
func (w *workspace) recordedCalls() []outcome.Call {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]outcome.Call{}, w.calls...)
}

// fault is a fault of the simulator, as its control endpoint reads it.
type fault map[string]any

func (w *workspace) inject(ctx context.Context, f fault) error {
	body, err := json.Marshal(f)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.base+"/control/faults", bytes.NewReader(body))
	if err != nil {
		return err
	}
	return do(req, nil)
}

// messages are all messages, the oldest first.
func (w *workspace) messages(ctx context.Context) ([]outcome.Message, error) {
	var all struct{ Messages []outcome.Message }
	err := w.get(ctx, "/control/messages", &all)
	return all.Messages, err
}

func (w *workspace) get(ctx context.Context, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.base+path, nil)
	if err != nil {
		return err
	}
	return do(req, into)
}

// do sends a request and decodes its response into into, unless that is nil.
func do(req *http.Request, into any) error {
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %.200s", req.URL.Path, res.Status, text)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(text, into)
}
