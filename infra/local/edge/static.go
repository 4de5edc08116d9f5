package edge

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"mime"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"
	"sync"
	"time"

	"jari.example/infra/edge/cffunction"
	"jari.example/internal/problem"
)

// static serves the built page. Files under /assets/ have a hash in their names
// and are cached forever; all others are revalidated with an ETag. Which file a
// path gets is decided by the CloudFront Function page-request.js.
type static struct {
	dir     string
	headers map[string]string // of every response, as infra/edge/response-headers.json states them
	route   *cffunction.Function
	mu      sync.Mutex
	cache   map[string]*asset
}

// asset is the content of a file with this size and modification time.
type asset struct {
	size     int64
	modified time.Time
	kind     string
	etag     string
	raw, gz  []byte // gz is nil if compression saves less than 10 %
}

func (s *static) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	for name, value := range s.headers {
		h.Set(name, value)
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		respond(w, problem.New(http.StatusMethodNotAllowed, "method_not_allowed",
			"The page allows GET and HEAD only; the API is under /v1/."))
		return
	}
	name, err := s.file(r)
	if err != nil {
		respond(w, problem.New(http.StatusServiceUnavailable, "edge_function_failed", "The edge function failed."))
		return
	}
	a, err := s.open(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && name == "index.html":
		own(w, "page_missing")
		http.Error(w, "The page is not built: there is no index.html in "+s.dir+". `make up` builds it.", http.StatusServiceUnavailable)
		return
	case errors.Is(err, fs.ErrNotExist):
		http.NotFound(w, r)
		return
	case err != nil:
		own(w, "page_unreadable")
		http.Error(w, "The page cannot be read.", http.StatusInternalServerError)
		return
	}
	h.Set("Content-Type", a.kind)
	h.Set("Cache-Control", "no-cache")
	if strings.HasPrefix(name, "assets/") {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	body, etag := a.raw, a.etag
	if a.gz != nil {
		h.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Get("Accept-Encoding")) && r.Header.Get("Range") == "" {
			h.Set("Content-Encoding", "gzip")
			body, etag = a.gz, strings.TrimSuffix(a.etag, `"`)+`-gzip"`
		}
	}
	h.Set("ETag", etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// file returns the name of the file that the path of r gets.
func (s *static) file(r *http.Request) (string, error) {
	req := request(r)
	req.URI = "/" + strings.TrimPrefix(req.URI, "/") // the launcher's health check has an empty path
	ip, _, _ := net.SplitHostPort(r.RemoteAddr)
	got, err := s.route.Run(ip, req)
	if err != nil {
		return "", err
	}
	file, err := url.PathUnescape(got.Request.URI)
	return strings.TrimPrefix(path.Clean(file), "/"), err
}

// open reads a file of the folder. os.Root rejects one outside it, also through a
// symbolic link.
func (s *static) open(name string) (*asset, error) {
	root, err := os.OpenRoot(s.dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	f, err := root.Open(name)
	if errors.Is(err, os.ErrInvalid) {
		return nil, fs.ErrNotExist
	} else if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, fs.ErrNotExist
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.cache[name]; a != nil && a.size == info.Size() && a.modified.Equal(info.ModTime()) {
		return a, nil
	}
	raw, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(raw)
	a := &asset{
		size: info.Size(), modified: info.ModTime(), kind: kindOf(name), raw: raw,
		etag: `"` + hex.EncodeToString(sum[:12]) + `"`,
	}
	if a.gz = zipped(raw); !compressible(a.kind) || len(a.gz) > len(raw)*9/10 {
		a.gz = nil
	}
	s.cache[name] = a
	return a, nil
}

func kindOf(name string) string {
	switch ext := path.Ext(name); ext {
	case ".js": // not from the machine's MIME table, which may differ
		return "text/javascript; charset=utf-8"
	case ".webmanifest":
		return "application/manifest+json"
	default:
		if kind := mime.TypeByExtension(ext); kind != "" {
			return kind
		}
		return "application/octet-stream"
	}
}

func compressible(kind string) bool {
	return strings.HasPrefix(kind, "text/") || strings.Contains(kind, "json") || strings.Contains(kind, "xml")
}

func zipped(raw []byte) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	z.Write(raw)
	z.Close()
	return b.Bytes()
}

// acceptsGzip reports whether Accept-Encoding has gzip with a weight above 0.
func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		if name, weight, _ := strings.Cut(strings.ReplaceAll(part, " ", ""), ";"); name == "gzip" {
			return weight == "" || strings.Trim(weight, "q=0.") != ""
		}
	}
	return false
}
