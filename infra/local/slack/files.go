package slack

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"sync"
)

// Files are in memory alone, in a bounded number and size: a message whose picture is gone
// shows its alternative text.
const (
	maxFiles    = 100     // the oldest is removed
	maxFileSize = 1 << 20 // bytes
	maxAltText  = 1000    // of a file, in characters
)

// uploadMethod is the name of uploads to an upload URL, for faults.
const uploadMethod = "upload"

// file is a file from the moment when its upload URL was given out.
type file struct {
	ID, Title string
	key       string // of the upload URL; "" when it was used
	length    int
	content   []byte // nil before it was uploaded
	complete  bool
	// processing is how many messages that show it are still refused, because Slack has not
	// processed it yet.
	processing int
}

type files struct {
	mu  sync.Mutex
	all []*file // the oldest first
}

// with calls f with the file that matches; ok is false without one.
func (s *files) with(matches func(*file) bool, f func(*file)) (ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := slices.IndexFunc(s.all, matches)
	if n < 0 {
		return false
	}
	f(s.all[n])
	return true
}

func byID(id string) func(*file) bool { return func(f *file) bool { return f.ID == id } }

// uploadURL gives out a URL to which one file can be uploaded once.
func (s *Server) uploadURL(a arguments) (reply, error) {
	length, err := strconv.Atoi(a.str("length"))
	switch {
	case a.str("filename") == "", a.str("length") == "", err != nil, length < 0:
		return nil, apiError("invalid_arguments")
	case length == 0:
		return nil, apiError("missing_argument")
	case length > maxFileSize:
		return nil, apiError("file_upload_size_restricted")
	case len([]rune(a.str("alt_txt"))) > maxAltText:
		return nil, apiError("alt_txt_too_large")
	}
	f := &file{ID: "F0" + rand.Text()[:9], Title: a.str("filename"), key: rand.Text(), length: length}
	s.files.mu.Lock()
	defer s.files.mu.Unlock()
	s.files.all = append(s.files.all, f)
	s.files.all = slices.Delete(s.files.all, 0, max(0, len(s.files.all)-maxFiles))
	return reply{"upload_url": "http://" + a.str(requestHost) + "/upload/v1/" + f.key, "file_id": f.ID}, nil
}

// upload receives the content of a file, as it is or as a form with one file.
func (s *Server) upload(w http.ResponseWriter, r *http.Request) {
	what, fault := s.faults.next(uploadMethod, "")
	if !s.interrupt(w, r, uploadMethod, what, fault) {
		return
	}
	content, err := readUpload(http.MaxBytesReader(w, r.Body, maxFileSize+1<<16), r.Header.Get("Content-Type"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	key, wrong := r.PathValue("key"), false
	known := s.files.with(func(f *file) bool { return f.key == key }, func(f *file) {
		if wrong = len(content) != f.length; !wrong {
			f.key, f.content = "", content
		}
	})
	switch {
	case !known:
		http.NotFound(w, r)
	case wrong:
		http.Error(w, fmt.Sprintf("%d bytes are not as many as announced", len(content)), http.StatusBadRequest)
	case what == replyDropped:
		panic(http.ErrAbortHandler)
	default:
		fmt.Fprintf(w, "OK - %d", len(content))
	}
}

func readUpload(body io.Reader, contentType string) ([]byte, error) {
	kind, params, _ := mime.ParseMediaType(contentType)
	if kind != "multipart/form-data" {
		return io.ReadAll(body)
	}
	parts := multipart.NewReader(body, params["boundary"])
	for {
		part, err := parts.NextPart()
		if err != nil {
			return nil, errors.New("the form has no file")
		}
		if part.FileName() != "" {
			return io.ReadAll(part)
		}
	}
}

// completeUpload ends an upload. Slack allows that once for each file.
func (s *Server) completeUpload(a arguments) (reply, error) {
	var ended []struct {
		ID    string `json:"id"`
		Title string `json:"title,omitempty"`
	}
	if json.Unmarshal([]byte(a.str("files")), &ended) != nil || len(ended) == 0 {
		return nil, apiError("invalid_arguments")
	}
	for _, name := range []string{"channel_id", "channels", "thread_ts", "blocks", "initial_comment"} {
		if a.has(name) { // a file that is shared in a channel is not simulated
			return nil, apiError("invalid_arguments")
		}
	}
	for _, one := range ended {
		if !s.files.with(func(f *file) bool { return f.ID == one.ID && f.content != nil && !f.complete }, func(f *file) {
			f.complete, f.Title, f.processing = true, cmp.Or(one.Title, f.Title), s.faults.processing()
		}) {
			return nil, apiError("file_not_found")
		}
	}
	return reply{"files": ended}, nil
}

// fileID is the form of the ids of files.
var fileID = regexp.MustCompile(`^F[A-Z0-9]{8,}$`)

// images reports whether each file that blocks show is a picture that the bot has uploaded
// and that was processed.
func (s *files) images(blocks []Block) bool {
	shown := true
	for _, b := range blocks {
		if b.Type != "image" || b.SlackFile == nil {
			continue
		}
		known := s.with(byID(b.SlackFile.ID), func(f *file) {
			shown = shown && f.complete && f.processing <= 0 && f.mediaType() != ""
			f.processing--
		})
		shown = shown && known
	}
	return shown
}

// mediaType is that of a picture of a kind that Slack shows in a block; "" for others.
func (f *file) mediaType() string {
	switch kind := http.DetectContentType(f.content); kind {
	case "image/png", "image/jpeg", "image/gif":
		return kind
	}
	return ""
}

// picture serves a file that a message shows. An id is never given out again.
func (s *Server) picture(w http.ResponseWriter, r *http.Request) {
	var content []byte
	var kind string
	s.files.with(byID(r.PathValue("id")), func(f *file) {
		if f.complete {
			content, kind = f.content, f.mediaType()
		}
	})
	if kind == "" {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "private, max-age=86400, immutable")
	_, _ = w.Write(content)
}

// imageURL is where the page finds the picture of a block; "" when there is none.
func (s *Server) imageURL(b Block) (url string) {
	if b.SlackFile == nil {
		return ""
	}
	s.files.with(byID(b.SlackFile.ID), func(f *file) {
		if f.complete && f.mediaType() != "" {
			url = "/files/" + f.ID
		}
	})
	return url
}

// hasOne reports whether exactly one of the texts is given.
func hasOne(texts ...string) bool {
	return len(slices.DeleteFunc(texts, func(t string) bool { return t == "" })) == 1
}
