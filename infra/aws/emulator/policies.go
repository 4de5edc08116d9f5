package emulator

import (
	"net/http"
	"regexp"

	"github.com/google/uuid"
)

// policies are CloudFront's policies of caches, of requests to an origin and of response
// headers, which moto does not have: the id of each to its configuration.
type policies map[string]string

func newPolicies() policies { return policies{} }

// policyKinds are the segments of a path to the elements of a document.
var policyKinds = map[string]string{
	"cache-policy": "CachePolicy", "origin-request-policy": "OriginRequestPolicy", "response-headers-policy": "ResponseHeadersPolicy",
}

var policyPath = regexp.MustCompile(`^/2020-05-31/([a-z-]+-policy)(?:/([^/]+))?(?:/config)?$`)

func (p policies) answer(c *call) *reply {
	m := policyPath.FindStringSubmatch(c.path)
	if m == nil || policyKinds[m[1]] == "" {
		return nil
	}
	kind, id, status := policyKinds[m[1]], m[2], http.StatusOK
	_, exists := p[id]
	switch {
	case c.method == http.MethodPost:
		id, status = uuid.NewString(), http.StatusCreated
		p[id] = content(c.body, kind+"Config")
	case !exists:
		return failure(http.StatusNotFound, "NoSuch"+kind)
	case c.method == http.MethodPut:
		p[id] = content(c.body, kind+"Config")
	case c.method == http.MethodDelete:
		delete(p, id)
		return &reply{status: http.StatusNoContent}
	}
	r := document(status, element(kind, value("Id", id), element(kind+"Config", p[id])))
	r.etag = sum(p[id])
	return r
}

func (policies) mend(_ *call, body []byte) []byte { return body }
