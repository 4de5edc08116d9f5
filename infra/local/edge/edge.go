// Package edge stands for CloudFront on this machine: it serves the built page,
// and forwards API requests to the gateway of the region that the CloudFront
// Function chooses. It runs the same sources that are deployed.
//
// It differs from CloudFront in two ways. It does not know where a viewer is: it
// accepts a cloudfront-viewer-country header from the client, with which a test
// can be a viewer elsewhere, and defaults to Config.Country. And it reads the whole
// body of a request before it forwards it, so that a broken upload is never taken
// for a failure of the gateway.
package edge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	function "jari.example/infra/edge"
	"jari.example/infra/edge/cffunction"
	"jari.example/infra/local/site"
	"jari.example/internal/config"
)

// Config configures a Server.
type Config struct {
	Web     string              // the folder of the built page
	Origins map[string]*url.URL // AWS region id → gateway
	Country string              // country of viewers without the header
	Door    string              // URL of the operator page; empty: no redirect
	Timeout time.Duration       // limit from the request to the origin's response header; 0: 30 s, as CloudFront
	Log     *log.Logger         // nil: silent
	Access  io.Writer           // gets the access log, a JSON line per request; nil: none
	Now     func() time.Time    // the cache's clock; nil: time.Now
}

// HealthPath responds as / does: the page's first document, or 503 without one. The
// launcher checks it.
const HealthPath = "/_local/page"

// Server serves the page and forwards API requests.
type Server struct {
	cfg Config
	mux *http.ServeMux
	fn  *cffunction.Function
}

// New returns a Server. The page need not be built yet.
func New(cfg Config) (*Server, error) {
	if len(cfg.Origins) == 0 {
		return nil, errors.New("edge: at least one origin is needed")
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 30 * time.Second
	}
	if cfg.Log == nil {
		cfg.Log = log.New(io.Discard, "", 0)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	var countries map[string]string
	if err := json.Unmarshal(function.Countries, &countries); err != nil {
		return nil, fmt.Errorf("countries.json: %w", err)
	}
	fn, err := cffunction.New("viewer-request.js", function.ViewerRequest, countries)
	if err != nil {
		return nil, err
	}
	var headers map[string]string
	if err := json.Unmarshal(function.ResponseHeaders, &headers); err != nil {
		return nil, fmt.Errorf("response-headers.json: %w", err)
	}
	s := &Server{cfg: cfg, mux: http.NewServeMux(), fn: fn}
	api := s.decide(routeAPI, s.api())
	s.mux.Handle("/v1/", api)
	s.mux.Handle("/.well-known/", api)
	if cfg.Door != "" {
		s.mux.Handle("/_local/", http.RedirectHandler(cfg.Door, http.StatusFound))
	}
	route, err := cffunction.New("page-request.js", function.PageRequest, nil)
	if err != nil {
		return nil, err
	}
	page := &static{dir: cfg.Web, headers: headers, route: route, cache: map[string]*asset{}}
	s.mux.Handle("/", s.decide(routePage, page))
	s.mux.Handle("GET "+HealthPath, http.StripPrefix(HealthPath, page)) // no viewer's request, so it is not logged
	return s, nil
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// addOrigin reads a value of the flag --origin, which is given once per region.
func (c *Config) addOrigin(v string) error {
	region, address, _ := strings.Cut(v, "=")
	u, err := url.Parse(address)
	if err != nil || region == "" || u.Host == "" {
		return fmt.Errorf("%q is not REGION=URL, such as us-east-1=http://127.0.0.1:8120", v)
	}
	c.Origins[region] = u
	return nil
}

// Run is the program: it serves the edge until ctx ends.
func Run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	cfg := Config{Origins: map[string]*url.URL{}, Log: log.New(stderr, "edge: ", log.LstdFlags)}
	const about = "CloudFront on this machine: the page, and the API of the region that the edge function chooses."
	f := config.New("jari run edge", "jari_edge", about, getenv)
	addr := f.Addr("addr", "127.0.0.1:8080", "address to listen on")
	web := f.String("web", "web/dist", "folder of the built page")
	f.Each("origin", "REGION=URL of a gateway; once per region", cfg.addOrigin)
	country := f.String("default-country", "KR", "ISO 3166 code of a viewer whose request has no cloudfront-viewer-country")
	door := f.URL("door-url", "", "target of the redirect from /_local/; empty: no redirect")
	access := f.String("access-log", "", "file to which the access log is appended, a JSON line per request; empty: none")
	timeout := f.Duration("origin-timeout", 30*time.Second, "how long a gateway may take to begin its response")
	if err := f.Parse(args, stdout); err != nil {
		return err
	}
	cfg.Web, cfg.Country, cfg.Door, cfg.Timeout = *web, *country, *door, *timeout
	if *access != "" {
		file, err := os.OpenFile(*access, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			return fmt.Errorf("access log: %w", err)
		}
		defer file.Close()
		cfg.Access = file
	}
	s, err := New(cfg)
	if err != nil {
		return err
	}
	return site.Serve(ctx, *addr, s, stdout, stderr)
}
