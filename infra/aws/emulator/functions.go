package emulator

import (
	"encoding/base64"
	"net/http"
	"regexp"
)

// functions are CloudFront's functions, which moto does not have. Nothing runs them.
type functions map[string]*function

type function struct {
	config    string // XML
	code      []byte // of the stage DEVELOPMENT
	published []byte // of the stage LIVE; nil before it was published
}

func newFunctions() functions { return functions{} }

var functionPath = regexp.MustCompile(`^/2020-05-31/function(?:/([^/]+))?(?:/(describe|publish))?$`)

func (f functions) answer(c *call) *reply {
	m := functionPath.FindStringSubmatch(c.path)
	if m == nil {
		return nil
	}
	name, action, live := m[1], m[2], c.query.Get("Stage") == "LIVE"
	if name == "" && c.method == http.MethodPost {
		name = content(c.body, "Name")
		f[name] = &function{}
		return f.store(name, c.body, http.StatusCreated)
	}
	of := f[name]
	switch {
	case of == nil, live && of.published == nil:
		return failure(http.StatusNotFound, "NoSuchFunctionExists")
	case c.method == http.MethodPut:
		return f.store(name, c.body, http.StatusOK)
	case c.method == http.MethodDelete:
		delete(f, name)
		return &reply{status: http.StatusNoContent}
	case action == "publish":
		of.published = of.code
		return of.summary(name, "LIVE", http.StatusOK)
	case action == "describe" && live:
		return of.summary(name, "LIVE", http.StatusOK)
	case action == "describe":
		return of.summary(name, "DEVELOPMENT", http.StatusOK)
	}
	r := &reply{status: http.StatusOK, kind: "application/javascript", etag: sum(string(of.code)), body: of.code}
	if live {
		r.body = of.published
	}
	return r
}

// store takes configuration and code from the body of a call.
func (f functions) store(name string, body []byte, status int) *reply {
	code, err := base64.StdEncoding.DecodeString(content(body, "FunctionCode"))
	if err != nil {
		return failure(http.StatusBadRequest, "InvalidArgument")
	}
	f[name].config, f[name].code = content(body, "FunctionConfig"), code
	return f[name].summary(name, "DEVELOPMENT", status)
}

func (f *function) summary(name, stage string, status int) *reply {
	r := document(status, element("FunctionSummary", value("Name", name), value("Status", "UNASSOCIATED"), element("FunctionConfig", f.config),
		element("FunctionMetadata", value("FunctionARN", "arn:aws:cloudfront::"+account+":function/"+name), value("Stage", stage))))
	r.etag = sum(string(f.code))
	return r
}

func (functions) mend(_ *call, body []byte) []byte { return body }
