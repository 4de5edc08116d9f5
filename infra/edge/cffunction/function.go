// Package cffunction runs a CloudFront Function on this machine, in an
// embedded JavaScript engine, with the module "cloudfront" as the runtime
// cloudfront-js-2.0 offers it.
//
// It refuses what CloudFront refuses where that can be told from outside: a
// source over 10 KB, dynamic code, headers a function may not see or write.
// The engine accepts more syntax than CloudFront does, though; a second test
// runs the function in njs, whose language CloudFront's is made from.
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

// maxRun is our guard against an endless loop. CloudFront allows about a
// millisecond; a busy laptop needs more room than that.
const maxRun = time.Second

// Value is a header's, cookie's or query parameter's value. Several values
// are joined in Value and listed in Multi.
type Value struct {
	Value string
	Multi []string
}

// Request is what a viewer-request function sees and may change.
type Request struct {
	Method, URI string
	Query       map[string]Value
	Headers     map[string]Value // names in lower case
	Cookies     map[string]Value
}

// Result is what a function decided: a response of its own, or a request to
// send to an origin.
type Result struct {
	Origin   string // the id given to selectRequestOriginById; "": the default origin
	Request  Request
	Response *Response
}

// Response is an answer a function gives itself.
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

// New compiles source. store is the content of its key-value store; with nil
// the function has no store, and asking for it throws.
func New(name, source string, store map[string]string) (*Function, error) {
	if len(source) > MaxSize {
		return nil, fmt.Errorf("%s: %d bytes, CloudFront takes %d", name, len(source), MaxSize)
	}
	// goja has no modules. What stands for the import keeps the line numbers.
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

// instance is one engine with the function loaded; a call has it alone.
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

// Run calls the function for one viewer request from ip. An error is what
// CloudFront answers with 503 (the function threw) or 502 (it did something
// it may not).
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
		return Result{}, fmt.Errorf("interrupted: %w", err) // the engine is in an unknown state: not put back
	}
	defer f.pool.Put(in)
	if err != nil {
		return Result{}, err
	}
	answer, err := settled(out)
	if err != nil {
		return Result{}, err
	}
	return result(in.origin, req, answer)
}

// settled waits for nothing: the store answers at once here, so a promise
// that is still pending after the call never settles.
func settled(v goja.Value) (map[string]any, error) {
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
	answer, ok := out.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("the function returned %T, not a request or a response", out)
	}
	return answer, nil
}
