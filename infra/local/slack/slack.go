// Package slack is a Slack workspace for one machine: the Web API methods the
// alerting daemon uses, answered as Slack's reference describes them
// (https://api.slack.com/methods), a page that shows the channels, and a
// control endpoint that makes Slack fail in the ways it does.
//
// It is as strict as Slack where strictness finds mistakes: chat.update and
// conversations.history want a channel's id and refuse its name, and blocks
// past Slack's limits are refused. It keeps what it was told in memory, and in
// a small file if given one. It has no threads of its own, users or scopes
// beyond the one bot whose token it knows.
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
)

// Config is a workspace's set-up.
type Config struct {
	Token            string           // the bot token that is accepted
	Channels         []string         // names, with or without '#'
	SigningSecret    string           // signs what is sent to InteractivityURL
	InteractivityURL string           // where a pressed button is reported; empty: buttons do nothing
	StateFile        string           // remembers messages over restarts; empty: memory only
	Now              func() time.Time // nil: time.Now
	Log              *log.Logger      // nil: silent
}

// Server is the workspace; it is an http.Handler.
type Server struct {
	cfg    Config
	mux    *http.ServeMux
	store  *store
	faults faults
	client *http.Client
}

// New opens the workspace and reads its state file, if there is one.
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
	s.mux.HandleFunc("GET /control/faults", s.showFaults)
	s.mux.HandleFunc("POST /control/faults", s.setFaults)
	s.mux.HandleFunc("GET /control/messages", s.showMessages)
	s.mux.HandleFunc("GET /{$}", s.index)
	s.mux.HandleFunc("GET /channels/{name}", s.channel)
	// The page's one form: another site open in the same browser may not press our buttons.
	s.mux.Handle("POST /press", http.NewCrossOriginProtection().Handler(http.HandlerFunc(s.press)))
	return s, nil
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Run is the program: it serves a workspace until ctx ends.
func Run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	f := config.New("jari run slack", "jari_slack", "A Slack workspace on this machine: Web API, a page with the channels, and fault injection.", getenv)
	addr := f.Addr("addr", "127.0.0.1:8091", "address to listen on; the API's base is http://ADDR/api/")
	token := f.String("token", "xoxb-local", "bot token that is accepted")
	tokenFile := f.SecretFile("token-file", 1, "file that holds the token, in place of -token")
	channels := f.String("channels", "#incidents", "channels that exist, comma-separated")
	hook := f.URL("interactivity-url", "", "URL that receives pressed buttons, signed; empty: buttons are disabled")
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
