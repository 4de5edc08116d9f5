// Package cffunction runs a CloudFront Function on this machine, in an
// embedded JavaScript engine, with the module "cloudfront" as the runtime
// cloudfront-js-2.0 offers it.
//
// It rejects what CloudFront is documented to reject: a source over 10 KB, dynamic
// code, headers that a function may not see or write. The engine accepts more
// syntax than CloudFront does; therefore a second test runs the function in njs,
// on which CloudFront's runtime is based.
package cffunction

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"sync"
	"time"

	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"
)

// MaxSize is CloudFront's limit on a function's source, in bytes.
const MaxSize = 10 * 1024

// maxRun stops an endless loop. CloudFront allows about a millisecond; a busy
// laptop may need longer.
const maxRun = time.Second

// Value is the value of a header, cookie or query parameter. Several values are
// joined in Value and listed in Multi.
type Value struct {
	Value string
	Multi []string
}

// Request is what a viewer-request function receives and may change.
type Request struct {
	Method, URI string
	Query       map[string]Value
	Headers     map[string]Value // names in lower case
	Cookies     map[string]Value
}

// Result is what a function returned: a response, or a request for an origin.
type Result struct {
	Origin   string // the id given to selectRequestOriginById; "": the default origin
	Request  Request
	Response *Response
}

// Response is a response that the function itself makes.
type Response struct {
	Status  int
	Headers map[string]Value
}

// Function is a compiled function. It may be used by many goroutines.
type Function struct {
	program *goja.Program
	store   map[string]string
	pool    sync.Pool
}

var (
	importLine = regexp.MustCompile(`(?m)^import\s+(\w+)\s+from\s+['"]cloudfront['"];?[ \t]*$`)
	dynamic    = []string{"eval", "Function", "setTimeout", "WebAssembly"}
)

// New compiles source. store is the content of its key-value store; nil means that
// the function has no store, so that kvs() throws.
func New(name, source string, store map[string]string) (*Function, error) {
	if len(source) > MaxSize {
		return nil, fmt.Errorf("%s: %d bytes, CloudFront accepts %d", name, len(source), MaxSize)
	}
	// goja has no modules. The replacement of the import keeps the line numbers.
	source = "'use strict'; " + importLine.ReplaceAllString(source, "const $1 = __cloudfront;")
	tree, err := goja.Parse(name, source, parser.WithDisableSourceMaps)
	if err != nil {
		return nil, err
	}
	program, err := goja.CompileAST(tree, true)
	if err != nil {
		return nil, err
	}
	f := &Function{program: program, store: maps.Clone(store)}
	first, err := f.instance()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	f.pool.Put(first)
	return f, nil
}

// instance is one engine with the function loaded. One call uses it at a time.
type instance struct {
	rt     *goja.Runtime
	call   goja.Callable
	origin string
}

func (f *Function) instance() (*instance, error) {
	rt := goja.New()
	in := &instance{rt: rt}
	for _, name := range dynamic {
		rt.GlobalObject().Delete(name)
	}
	rt.Set("__cloudfront", in.module(f.store))
	if _, err := rt.RunProgram(f.program); err != nil {
		return nil, err
	}
	call, ok := goja.AssertFunction(rt.Get("handler"))
	if !ok {
		return nil, errors.New("there is no function handler")
	}
	in.call = call
	return in, nil
}

// Run calls the function for one viewer request from ip. It returns an error where
// CloudFront would respond with 503 (the function threw) or 502 (it did something
// that is not allowed).
func (f *Function) Run(ip string, req Request) (Result, error) {
	in, _ := f.pool.Get().(*instance)
	if in == nil {
		var err error
		if in, err = f.instance(); err != nil {
			return Result{}, err
		}
	}
	in.origin = ""
	guard := time.AfterFunc(maxRun, func() { in.rt.Interrupt("the function ran for too long") })
	out, err := in.call(goja.Undefined(), in.rt.ToValue(event(ip, req)))
	if !guard.Stop() {
		return Result{}, fmt.Errorf("interrupted: %w", err) // the engine is in an unknown state and must not be reused
	}
	defer f.pool.Put(in)
	if err != nil {
		return Result{}, err
	}
	returned, err := await(out)
	if err != nil {
		return Result{}, err
	}
	return result(in.origin, req, returned)
}

// await returns the value of a returned promise. It need not wait: the store's
// promises resolve immediately, so a promise that is pending now never resolves.
func await(v goja.Value) (map[string]any, error) {
	out := v.Export()
	if p, ok := out.(*goja.Promise); ok {
		switch p.State() {
		case goja.PromiseStateRejected:
			return nil, fmt.Errorf("the function threw: %v", p.Result())
		case goja.PromiseStatePending:
			return nil, errors.New("the function never finished")
		}
		out = p.Result().Export()
	}
	returned, ok := out.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("the function returned %T, not a request or a response", out)
	}
	return returned, nil
}
