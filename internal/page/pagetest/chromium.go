// Package pagetest opens pages in a real Chromium, for tests of what only a browser
// knows: sizes, scripts, and what a Content-Security-Policy lets through.
package pagetest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// limit bounds one command of the browser.
const limit = 30 * time.Second

// Tab is a tab of a Chromium of the test's own. It speaks the Chrome DevTools
// Protocol (https://chromedevtools.github.io/devtools-protocol/) over a pipe.
type Tab struct {
	t       *testing.T
	in      io.Writer
	session string

	mu      sync.Mutex
	id      int
	replies map[int]chan message
	loaded  chan struct{}
	blocked []string // what a Content-Security-Policy blocked
}

type message struct {
	ID     int             `json:"id,omitempty"`
	Method string          `json:"method,omitempty"`
	Params json.RawMessage `json:"params,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  *struct{ Message string }
}

// Phone opens a tab as wide as a phone, 390 × 844 CSS pixels. The test is skipped
// where there is no Chromium, and fails there if real parts are required.
func Phone(t *testing.T) *Tab {
	t.Helper()
	program := os.Getenv("CHROMIUM")
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if found, err := exec.LookPath(name); program == "" && err == nil {
			program = found
		}
	}
	if program == "" && os.Getenv("JARI_TEST_REQUIRED") == "1" {
		t.Fatal("Chromium is not installed; `jari tools` installs it, or set CHROMIUM")
	}
	if program == "" {
		t.Skip("needs Chromium: install it, or set CHROMIUM")
	}
	tab := &Tab{t: t, replies: map[int]chan message{}, loaded: make(chan struct{}, 1)}
	tab.start(program)
	var target struct{ TargetID, SessionID string }
	tab.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	tab.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &target)
	tab.session = target.SessionID
	tab.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": true}, nil)
	for _, domain := range []string{"Page", "Runtime", "Log"} {
		tab.call(domain+".enable", nil, nil)
	}
	return tab
}

// start starts the browser, which reads commands from its file 3 and writes to its
// file 4.
func (tab *Tab) start(program string) {
	t := tab.t
	theirIn, in, err := os.Pipe()
	out, theirOut, err2 := os.Pipe()
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe",
		"--user-data-dir="+t.TempDir())
	cmd.ExtraFiles = []*os.File{theirIn, theirOut}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = theirIn.Close(), theirOut.Close()
	tab.in = in
	read := make(chan struct{})
	go func() { defer close(read); tab.read(out) }()
	t.Cleanup(func() {
		_, _ = io.WriteString(in, `{"id":0,"method":"Browser.close"}`+"\x00") // so that it removes its files
		end := time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Kill() })
		<-read
		_ = cmd.Wait()
		end.Stop()
		_, _ = in.Close(), out.Close()
	})
}

func (tab *Tab) read(out io.Reader) {
	for r := bufio.NewReader(out); ; {
		raw, err := r.ReadBytes(0)
		if err != nil {
			return
		}
		var m message
		if json.Unmarshal(bytes.TrimSuffix(raw, []byte{0}), &m) != nil {
			continue
		}
		tab.mu.Lock()
		switch reply := tab.replies[m.ID]; {
		case m.Method == "Page.loadEventFired":
			select {
			case tab.loaded <- struct{}{}:
			default:
			}
		case m.Method == "Log.entryAdded" && bytes.Contains(m.Params, []byte("Content Security Policy")):
			tab.blocked = append(tab.blocked, string(m.Params))
		case m.Method == "" && reply != nil:
			reply <- m
			delete(tab.replies, m.ID)
		}
		tab.mu.Unlock()
	}
}

// call sends a command and decodes its result into result, unless that is nil.
func (tab *Tab) call(method string, params, result any) {
	tab.t.Helper()
	reply := make(chan message, 1)
	tab.mu.Lock()
	tab.id++
	id := tab.id
	tab.replies[id] = reply
	tab.mu.Unlock()
	command := map[string]any{"id": id, "method": method, "params": params}
	if params == nil {
		command["params"] = map[string]any{}
	}
	if tab.session != "" {
		command["sessionId"] = tab.session
	}
	text, _ := json.Marshal(command)
	if _, err := tab.in.Write(append(text, 0)); err != nil {
		tab.t.Fatalf("%s: %v", method, err)
	}
	ctx, cancel := context.WithTimeout(tab.t.Context(), limit)
	defer cancel()
	select {
	case m := <-reply:
		if m.Error != nil {
			tab.t.Fatalf("%s: %s", method, m.Error.Message)
		}
		if result != nil {
			if err := json.Unmarshal(m.Result, result); err != nil {
				tab.t.Fatalf("%s: %v", method, err)
			}
		}
	case <-ctx.Done():
		tab.t.Fatalf("%s: no reply from the browser", method)
	}
}

// Open opens url and waits until it is loaded.
func (tab *Tab) Open(url string) {
	tab.t.Helper()
	tab.call("Page.navigate", map[string]any{"url": url}, nil)
	select {
	case <-tab.loaded:
	case <-time.After(limit):
		tab.t.Fatalf("%s was not loaded", url)
	}
}

// Eval evaluates a JavaScript expression in the page, waits for it if it is a
// promise, and decodes its value into v.
func (tab *Tab) Eval(expression string, v any) {
	tab.t.Helper()
	var out struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct{ Exception struct{ Description string } }
	}
	tab.call("Runtime.evaluate", map[string]any{"expression": expression, "awaitPromise": true, "returnByValue": true}, &out)
	if out.ExceptionDetails != nil {
		tab.t.Fatalf("%s: %s", expression, out.ExceptionDetails.Exception.Description)
	}
	if v != nil {
		if err := json.Unmarshal(out.Result.Value, v); err != nil {
			tab.t.Fatalf("%s is %s: %v", expression, out.Result.Value, err)
		}
	}
}

// Size returns the width and the height of the whole page, in CSS pixels. A width
// above 390 means that a phone must scroll sideways.
func (tab *Tab) Size() (width, height int) {
	tab.t.Helper()
	var size [2]int
	tab.Eval("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]", &size)
	return size[0], size[1]
}

// Blocked returns what the Content-Security-Policy of the pages opened has blocked.
func (tab *Tab) Blocked() []string {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	return tab.blocked
}

// Screenshot writes a picture of the whole page to path, to look at.
func (tab *Tab) Screenshot(path string) {
	tab.t.Helper()
	var shot struct{ Data string }
	tab.call("Page.captureScreenshot", map[string]any{"captureBeyondViewport": true}, &shot)
	png, err := base64.StdEncoding.DecodeString(shot.Data)
	if err == nil {
		err = os.WriteFile(path, png, 0o644)
	}
	if err != nil {
		tab.t.Fatal(fmt.Errorf("screenshot: %w", err))
	}
}
