// Package mailbox shows the mail that the system has sent. The AWS emulator accepts
// mail and delivers none. The launcher's emulator writes what it accepts to a
// folder, of which the mailbox reads each file once. Of another moto it reads the
// whole dump for each request, since there is nothing smaller.
package mailbox

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"

	"jari.example/infra/local/site"
	"jari.example/internal/config"
	"jari.example/internal/page"
)

// Source has the mails that were accepted.
type Source interface {
	// messages returns the mails, newest first. The caller must not change them.
	messages(ctx context.Context) ([]Message, error)
}

// Server shows the mails of one Source.
type Server struct {
	source Source
	mux    *http.ServeMux
}

// New returns a Server for the mails of source.
func New(source Source) *Server {
	s := &Server{source: source, mux: http.NewServeMux()}
	s.mux.HandleFunc("GET /{$}", s.list)
	s.mux.HandleFunc("GET /messages/{id}", s.show)
	s.mux.HandleFunc("GET /messages/{id}/html", s.html)
	s.mux.HandleFunc("GET /api/messages", s.api)
	return s
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	page.Handler(s.mux).ServeHTTP(w, r)
}

// Run is the program: it serves a mailbox until ctx ends.
func Run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	f := config.New("jari run mailbox", "jari_mailbox", "The mail that the system has sent, read from the AWS emulator.", getenv)
	addr := f.Addr("addr", "127.0.0.1:8092", "address to listen on")
	dir := f.String("mail-dir", "", "folder of the mails that the launcher's AWS emulator has accepted")
	aws := f.URL("aws-endpoint-url", "", "base URL of another AWS emulator (moto), in place of -mail-dir")
	if err := f.Parse(args, stdout, func() {
		f.Require((*dir == "") != (*aws == ""), "give either -mail-dir or -aws-endpoint-url")
	}); err != nil {
		return err
	}
	var source Source = Folder(*dir)
	if *aws != "" {
		source = Dump(*aws)
	}
	return site.Serve(ctx, *addr, New(source), stdout, stderr)
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
	all, err := s.source.messages(r.Context())
	if err != nil {
		http.Error(w, "The mail cannot be read: "+err.Error(), http.StatusBadGateway)
		return Message{}, false
	}
	i := slices.IndexFunc(all, func(m Message) bool { return m.ID == r.PathValue("id") })
	if i < 0 {
		http.Error(w, "There is no such mail. Only the last ones are kept.", http.StatusNotFound)
		return Message{}, false
	}
	return all[i], true
}

// perPage is how many mails a page, and a response of the API, has at most.
const perPage = 50

// listing is one page of a list of mails.
type listing struct {
	To       string    `json:"-"`
	Messages []Message `json:"messages"`
	Total    int       `json:"total"` // of all pages
	Number   int       `json:"page"`  // from 1
	Newer    int       `json:"-"`     // number of that page, 0 if there is none
	Older    int       `json:"older,omitempty"`
}

// paged returns page number n of the mails to an address; to "" means all mails.
func paged(all []Message, to string, n int) listing {
	p := listing{To: to, Messages: []Message{}, Number: n, Newer: n - 1}
	to = address(to)
	for _, m := range all {
		if to != "" && !slices.Contains(m.To, to) {
			continue
		}
		if p.Total >= (n-1)*perPage && len(p.Messages) < perPage {
			p.Messages = append(p.Messages, m)
		}
		p.Total++
	}
	if p.Total > n*perPage {
		p.Older = n + 1
	}
	return p
}

// number is the page that the request asks for, 1 if it names none.
func number(r *http.Request) (int, error) {
	asked := r.FormValue("page")
	if asked == "" {
		return 1, nil
	}
	n, err := strconv.Atoi(asked)
	if err != nil || n < 1 || n > 1e6 {
		return 1, fmt.Errorf("page is a number from 1 to 1000000, and not %q", asked)
	}
	return n, nil
}
