// Package emulator stands in front of moto, the emulator of AWS, and adds what Terraform's
// provider needs and moto 5.2 lacks. It is for tests on the loopback interface: it checks no
// signature and keeps everything in memory.
//
// Each file is one gap. Where moto has a call and answers it wrongly, moto is still asked, and
// its answer is mended.
package emulator

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// account is the account that moto has.
const account = "123456789012"

// A gap is a part of AWS that moto lacks or answers wrongly.
type gap interface {
	// answer responds to a call; nil: moto does. It may change the call for moto.
	answer(c *call) *reply
	// mend changes the body of moto's successful answer.
	mend(c *call, body []byte) []byte
}

// call is a request to AWS.
type call struct {
	method, path string
	query        url.Values
	accessKey    string     // id of that of the signature
	service      string     // that of the signature
	region       string     // that of the signature
	target       string     // X-Amz-Target: the operation of a JSON protocol
	form         url.Values // parameters of the query protocol, with Action; else empty
	body         []byte
}

// reply is a response.
type reply struct {
	status int
	kind   string // content type
	etag   string
	body   []byte
}

// New is a handler in front of moto. It tells asked the IAM action of each request that names one, and
// the id of the access key that signed it ("": none did). asked must be safe for concurrent use.
func New(moto *url.URL, asked func(accessKey, action string)) http.Handler {
	gaps := []gap{newPolicies(), newFunctions(), newStores(), newDistributions(), newScaling(), newDatabases(), newServices(), instances{}, newCaches(), newTables(moto), newMail(), newBudgets()}
	var mu sync.Mutex // over the state of all gaps
	type key struct{}
	proxy := &httputil.ReverseProxy{
		Transport: &http.Transport{}, // without the environment's proxy, which may be this very handler
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(moto)
			r.Out.Host = r.In.Host
			r.Out.Header.Del("Accept-Encoding") // so that a body can be mended
		},
		ModifyResponse: func(r *http.Response) error {
			if r.StatusCode/100 != 2 || r.Request.Method == http.MethodHead {
				return nil
			}
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return err
			}
			_ = r.Body.Close() // read to its end
			c := r.Request.Context().Value(key{}).(*call)
			mu.Lock()
			for _, g := range gaps {
				body = g.mend(c, body)
			}
			mu.Unlock()
			r.Body = io.NopCloser(bytes.NewReader(body))
			r.ContentLength = int64(len(body))
			r.Header.Set("Content-Length", strconv.Itoa(len(body)))
			r.Header.Del("X-Amz-Crc32") // of moto's body
			return nil
		},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := read(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if action := c.action(); action != "" {
			asked(c.accessKey, action)
		}
		mu.Lock()
		for _, g := range gaps {
			if reply := g.answer(c); reply != nil {
				mu.Unlock()
				reply.write(w)
				return
			}
		}
		mu.Unlock()
		if len(c.form) > 0 {
			c.body = []byte(c.form.Encode())
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(c.body)), int64(len(c.body))
		proxy.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), key{}, c)))
	})
}

func (r *reply) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", r.kind)
	if r.etag != "" {
		w.Header().Set("ETag", r.etag)
	}
	w.WriteHeader(r.status)
	_, _ = w.Write(r.body) // the client has gone
}

var credential = regexp.MustCompile(`Credential=([^/]+)/\d+/([^/]+)/([^/]+)/`)

func read(r *http.Request) (*call, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	c := &call{method: r.Method, path: r.URL.Path, query: r.URL.Query(), target: r.Header.Get("X-Amz-Target"), body: body, region: "us-east-1"}
	if m := credential.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
		c.accessKey, c.region, c.service = m[1], m[2], m[3]
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		if form, err := url.ParseQuery(string(body)); err == nil && form.Get("Action") != "" {
			c.form = form
		}
	}
	return c, nil
}
