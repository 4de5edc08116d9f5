package mailbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// sent is a mail as moto keeps it.
type sent struct {
	ID      string `json:"id"`
	Source  string `json:"source"`
	Raw     string `json:"raw_data"` // MIME
	Subject string `json:"subject"`  // this and Body: sent without MIME; moto stores one body, text or HTML
	Body    string `json:"body"`

	Destinations json.RawMessage `json:"destinations"` // a list, without MIME an object of lists
}

// message parses the mail.
func (m sent) message() Message {
	var to []string
	if json.Unmarshal(m.Destinations, &to) != nil {
		var fields map[string][]string
		_ = json.Unmarshal(m.Destinations, &fields) // a mail without recipients is shown, too
		for _, field := range []string{"ToAddresses", "CcAddresses", "BccAddresses"} {
			to = append(to, fields[field]...)
		}
	}
	out := Message{From: m.Source, Subject: m.Subject, Text: m.Body}
	switch {
	case m.Raw != "":
		if out = parse(m.Raw); out.From == "" {
			out.From = m.Source
		}
	case strings.HasPrefix(strings.TrimSpace(m.Body), "<"):
		out.Text, out.HTML = "", m.Body
	}
	out.ID, out.To = m.ID, recipients(to)
	return out
}

// folder is the folder into which the launcher's moto writes one file per mail.
type folder struct {
	dir string

	mu    sync.Mutex
	known map[string]Message // by file name; files never change
}

// Folder returns the mails in dir. It keeps what it has read, as many mails as
// there are files.
func Folder(dir string) Source { return &folder{dir: dir, known: map[string]Message{}} }

// maxFile bounds one file; SES accepts mails of 40 MB, and this system sends some
// kilobytes.
const maxFile = 4 << 20

func (f *folder) messages(context.Context) ([]Message, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	entries, err := os.ReadDir(f.dir) // sorted by name, which begins with the time
	if err != nil {
		return nil, err
	}
	out, known := make([]Message, 0, len(entries)), make(map[string]Message, len(entries))
	for _, e := range slices.Backward(entries) {
		if !strings.HasSuffix(e.Name(), ".json") {
			continue // being written
		}
		m, ok := f.known[e.Name()]
		if !ok {
			if m, err = read(filepath.Join(f.dir, e.Name())); errors.Is(err, fs.ErrNotExist) {
				continue // it has just been deleted as the oldest
			} else if err != nil {
				return nil, err
			}
		}
		known[e.Name()] = m
		out = append(out, m)
	}
	f.known = known // forgets those that moto has deleted
	return out, nil
}

func read(path string) (Message, error) {
	st, err := os.Stat(path)
	if err != nil {
		return Message{}, err
	}
	if st.Size() > maxFile {
		return Message{ID: filepath.Base(path), Fault: fmt.Sprintf("it is too large to be shown: %d bytes", st.Size())}, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return Message{}, err
	}
	var m sent
	if err := json.Unmarshal(text, &m); err != nil {
		return Message{}, fmt.Errorf("%s: %w", path, err)
	}
	return m.message(), nil
}

// dump is the data dump of a moto.
type dump struct {
	url    string
	client *http.Client
}

// Dump returns the mails of the moto at the base URL aws.
func Dump(aws string) Source {
	return dump{strings.TrimSuffix(aws, "/") + "/moto-api/data.json", &http.Client{Timeout: 10 * time.Second}}
}

func (d dump) messages(ctx context.Context) ([]Message, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := d.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the emulator responded with %s", resp.Status)
	}
	var data struct {
		SES struct{ RawMessage, Message []sent } `json:"ses"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&data); err != nil {
		return nil, fmt.Errorf("the emulator's dump: %w", err)
	}
	out := []Message{}
	for _, m := range slices.Concat(data.SES.RawMessage, data.SES.Message) {
		out = append(out, m.message())
	}
	// The dump lists the oldest first. Reversing it before the stable sort puts the
	// newest first among mails of one second too.
	slices.Reverse(out)
	slices.SortStableFunc(out, func(a, b Message) int { return b.Date.Compare(a.Date) })
	return out, nil
}
