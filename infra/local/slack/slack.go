// Package slack simulates a Slack workspace on this machine: the Web API methods
// that the alerting daemon uses, as Slack's reference describes them
// (https://api.slack.com/methods), a page that shows the channels, and a control
// endpoint that injects Slack's failures.
//
// It is as strict as Slack where that finds mistakes: chat.update and
// conversations.history need a channel's id and reject its name, and blocks over
// Slack's limits are rejected. Messages are stored in memory, and in a file if one
// is configured; uploaded files are in memory alone. There is one bot, with one token that has all scopes, and one user,
// who presses buttons and gives the slash command on the page.
package slack

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"strings"
	"time"

	"jari.example/infra/local/site"
	"jari.example/internal/config"
	"jari.example/internal/page"
)

// Config configures a Server.
type Config struct {
	Token            string           // the bot token that is accepted
	Channels         []string         // names, with or without '#'
	SigningSecret    string           // signs requests to InteractivityURL
	InteractivityURL string           // receives pressed buttons and the slash command; empty: both are disabled
	StateFile        string           // stores messages over restarts; empty: memory only
	Now              func() time.Time // nil: time.Now
	Log              *log.Logger      // nil: silent
}

// Server is the workspace.
type Server struct {
	cfg    Config
	mux    *http.ServeMux
	store  *store
	faults faults
	files  files
	client *http.Client
}

// New returns a Server with the messages of its state file, if there is one.
func New(cfg Config) (*Server, error) {
	if cfg.Token == "" || len(cfg.Channels) == 0 {
		return nil, errors.New("slack: a token and at least one channel are needed")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = log.New(io.Discard, "", 0)
	}
	st, err := openStore(cfg.StateFile, cfg.Channels, cfg.Now)
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, mux: http.NewServeMux(), store: st, client: &http.Client{Timeout: 3 * time.Second}}
	s.mux.HandleFunc("/api/{method}", s.call)
	s.mux.HandleFunc("POST /upload/v1/{key}", s.upload)
	s.mux.HandleFunc("GET /files/{id}", s.picture)
	s.mux.HandleFunc("GET /control/faults", s.showFaults)
	s.mux.HandleFunc("POST /control/faults", s.setFaults)
	s.mux.HandleFunc("GET /control/messages", s.showMessages)
	s.mux.HandleFunc("POST /control/channels", s.setChannel)
	s.mux.HandleFunc("GET /{$}", s.index)
	s.mux.HandleFunc("GET /channels/{name}", s.channel)
	// The page's forms. A page of another site must not be able to post them.
	s.mux.Handle("POST /press", http.NewCrossOriginProtection().Handler(http.HandlerFunc(s.press)))
	s.mux.Handle("POST /command", http.NewCrossOriginProtection().Handler(http.HandlerFunc(s.command)))
	return s, nil
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	page.Handler(s.mux).ServeHTTP(w, r)
}

// Run is the program: it serves a workspace until ctx ends.
func Run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	const about = "A Slack simulator: the Web API, a page with the channels, and fault injection."
	f := config.New("jari run slack", "jari_slack", about, getenv)
	addr := f.Addr("addr", "127.0.0.1:8091", "address to listen on; the API's base is http://ADDR/api/")
	token := f.String("token", "xoxb-local", "bot token that is accepted")
	tokenFile := f.SecretFile("token-file", 1, "file that holds the token, in place of -token")
	channels := f.String("channels", "#incidents,#tickets", "channels that exist, comma-separated")
	hook := f.URL("interactivity-url", "", "URL that receives pressed buttons and the slash command, signed; empty: both are disabled")
	secret := f.String("signing-secret", "local-signing-secret", "secret that signs requests to the interactivity URL")
	secretFile := f.SecretFile("signing-secret-file", 1, "file that holds the signing secret, in place of -signing-secret")
	state := f.String("state", "", "file that stores messages over restarts; empty: memory only")
	if err := f.Parse(args, stdout, func() {
		*token, *secret = fromFile(*tokenFile, *token), fromFile(*secretFile, *secret)
		f.Require(*token != "", "the token is empty: see -token and -token-file")
		f.Require(*secret != "", "the signing secret is empty: see -signing-secret and -signing-secret-file")
	}); err != nil {
		return err
	}
	s, err := New(Config{
		Token: *token, SigningSecret: *secret, Channels: strings.Split(*channels, ","),
		InteractivityURL: *hook, StateFile: *state, Log: log.New(stderr, "slack: ", log.LstdFlags),
	})
	if err != nil {
		return err
	}
	return site.Serve(ctx, *addr, s, stdout, stderr)
}

// fromFile is what a file holds, without the line break at its end, or the
// flag's value when no file was named.
func fromFile(file []byte, value string) string {
	if file == nil {
		return value
	}
	return strings.TrimSpace(string(file))
}
