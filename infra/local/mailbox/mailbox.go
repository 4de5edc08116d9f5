// Package mailbox shows the mail that the system has sent. The AWS emulator accepts
// mail and delivers none; its data dump contains what it accepted. The mailbox
// reads the dump for every request and stores nothing.
package mailbox

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"jari.example/infra/local/site"
	"jari.example/internal/config"
)

// Server shows the mail of one emulator.
type Server struct {
	aws    string
	mux    *http.ServeMux
	client *http.Client
}

// New returns a Server for the emulator at the base URL aws.
func New(aws string) (*Server, error) {
	if u, err := url.Parse(aws); err != nil || u.Host == "" {
		return nil, fmt.Errorf("mailbox: %q is not a URL", aws)
	}
	s := &Server{aws: strings.TrimSuffix(aws, "/"), mux: http.NewServeMux(), client: &http.Client{Timeout: 10 * time.Second}}
	s.mux.HandleFunc("GET /{$}", s.list)
	s.mux.HandleFunc("GET /messages/{id}", s.show)
	s.mux.HandleFunc("GET /messages/{id}/html", s.html)
	s.mux.HandleFunc("GET /api/messages", s.api)
	return s, nil
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Run is the program: it serves a mailbox until ctx ends.
func Run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	f := config.New("jari run mailbox", "jari_mailbox", "The mail that the system has sent, read from the AWS emulator.", getenv)
	addr := f.Addr("addr", "127.0.0.1:8092", "address to listen on")
	aws := f.URL("aws-endpoint-url", "http://127.0.0.1:14566", "base URL of the AWS emulator (moto)")
	if err := f.Parse(args, stdout); err != nil {
		return err
	}
	s, err := New(*aws)
	if err != nil {
		return err
	}
	return site.Serve(ctx, *addr, s, stdout, stderr)
}

// messages reads the emulator's mail, newest first.
func (s *Server) messages(ctx context.Context) ([]Message, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.aws+"/moto-api/data.json", nil)
	if err != nil {
		return nil, err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the emulator responded with %s", resp.Status)
	}
	var dump struct {
		SES struct {
			RawMessage []struct {
				ID           string   `json:"id"`
				Source       string   `json:"source"`
				Destinations []string `json:"destinations"`
				Raw          string   `json:"raw_data"`
			}
			// Sent without MIME: moto stores one body, text or HTML.
			Message []struct {
				ID           string              `json:"id"`
				Source       string              `json:"source"`
				Subject      string              `json:"subject"`
				Body         string              `json:"body"`
				Destinations map[string][]string `json:"destinations"`
			}
		} `json:"ses"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&dump); err != nil {
		return nil, fmt.Errorf("the emulator's dump: %w", err)
	}
	out := []Message{}
	for _, m := range dump.SES.RawMessage {
		parsed := parse(m.Raw)
		parsed.ID = m.ID
		if parsed.From == "" {
			parsed.From = m.Source
		}
		parsed.To = recipients(m.Destinations)
		out = append(out, parsed)
	}
	for _, m := range dump.SES.Message {
		var to []string
		for _, field := range []string{"ToAddresses", "CcAddresses", "BccAddresses"} {
			to = append(to, m.Destinations[field]...)
		}
		plain := Message{ID: m.ID, From: m.Source, To: recipients(to), Subject: m.Subject, Text: m.Body}
		if strings.HasPrefix(strings.TrimSpace(m.Body), "<") {
			plain.Text, plain.HTML = "", m.Body
		}
		out = append(out, plain)
	}
	// The dump lists the oldest first. Reversing it before the stable sort puts the
	// newest first among mails of one second too.
	slices.Reverse(out)
	slices.SortStableFunc(out, func(a, b Message) int { return b.Date.Compare(a.Date) })
	return out, nil
}

// recipients removes the duplicates that moto makes of envelope and header.
func recipients(in []string) []string {
	out := []string{}
	for _, a := range in {
		if a = address(a); a != "" && !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out
}

// find returns the message with the id in the path, or writes the error.
func (s *Server) find(w http.ResponseWriter, r *http.Request) (Message, bool) {
	all, err := s.messages(r.Context())
	if err != nil {
		http.Error(w, "The mail cannot be read: "+err.Error(), http.StatusBadGateway)
		return Message{}, false
	}
	i := slices.IndexFunc(all, func(m Message) bool { return m.ID == r.PathValue("id") })
	if i < 0 {
		http.Error(w, "There is no such mail. The emulator loses its mails when it restarts.", http.StatusNotFound)
		return Message{}, false
	}
	return all[i], true
}

// addressedTo returns the mails to an address; to "" returns all.
func addressedTo(all []Message, to string) []Message {
	if to = address(to); to == "" {
		return all
	}
	return slices.DeleteFunc(all, func(m Message) bool { return !slices.Contains(m.To, to) })
}
