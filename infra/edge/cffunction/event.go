package cffunction

import (
	"fmt"
	"maps"
	"strings"
)

// Headers that a function neither sees nor may write, and those it may only read
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/edge-function-restrictions-all.html).
var (
	hidden = []string{"connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
		"trailer", "upgrade", "x-accel-buffering", "x-accel-charset", "x-accel-limit-rate", "x-accel-redirect",
		"x-amz-cf-*", "x-amzn-*", "x-cache", "x-edge-*", "x-forwarded-proto", "x-real-ip"}
	readOnly = []string{"content-length", "host", "transfer-encoding", "via"}
)

// Hidden reports whether functions cannot see the header name (lower case).
func Hidden(name string) bool { return matches(hidden, name) }

func matches(list []string, name string) bool {
	for _, p := range list {
		if prefix, ok := strings.CutSuffix(p, "*"); p == name || (ok && strings.HasPrefix(name, prefix)) {
			return true
		}
	}
	return false
}

// event is the function's argument
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-event-structure.html).
func event(ip string, r Request) map[string]any {
	headers := maps.Clone(r.Headers)
	maps.DeleteFunc(headers, func(name string, _ Value) bool { return Hidden(name) })
	return map[string]any{
		"version": "1.0",
		"context": map[string]any{
			"distributionDomainName": "127.0.0.1", "distributionId": "LOCAL", "eventType": "viewer-request", "requestId": "local",
		},
		"viewer": map[string]any{"ip": ip},
		"request": map[string]any{
			"method": r.Method, "uri": r.URI, "querystring": values(r.Query), "headers": values(headers), "cookies": values(r.Cookies),
		},
	}
}

func values(in map[string]Value) map[string]any {
	out := make(map[string]any, len(in))
	for name, v := range in {
		entry := map[string]any{"value": v.Value}
		if len(v.Multi) > 1 {
			var multi []any
			for _, s := range v.Multi {
				multi = append(multi, map[string]any{"value": s})
			}
			entry["multiValue"] = multi
		}
		out[name] = entry
	}
	return out
}

// result reads what the function returned and rejects what CloudFront would
// reject.
func result(origin string, req Request, returned map[string]any) (Result, error) {
	headers, err := parseValues("headers", returned["headers"])
	if err != nil {
		return Result{}, err
	}
	if status, ok := returned["statusCode"]; ok {
		code, ok := status.(int64)
		if !ok || code < 100 || code > 599 {
			return Result{}, fmt.Errorf("statusCode %v is not a status", status)
		}
		return Result{Response: &Response{Status: int(code), Headers: headers}}, nil
	}
	for name, v := range headers {
		before, had := req.Headers[name]
		changed := !had || before.Value != v.Value
		switch {
		case name != strings.ToLower(name):
			return Result{}, fmt.Errorf("header %q: names must be in lower case", name)
		case Hidden(name):
			return Result{}, fmt.Errorf("header %q: a function may not write it", name)
		case changed && matches(readOnly, name):
			return Result{}, fmt.Errorf("header %q is read-only", name)
		}
	}
	for _, name := range readOnly {
		if _, had := req.Headers[name]; had && headers[name].Value == "" {
			return Result{}, fmt.Errorf("header %q is read-only", name)
		}
	}
	out := req
	out.Headers = headers
	if uri, ok := returned["uri"].(string); ok && strings.HasPrefix(uri, "/") {
		out.URI = uri
	} else {
		return Result{}, fmt.Errorf("uri %v must begin with a slash", returned["uri"])
	}
	if out.Query, err = parseValues("querystring", returned["querystring"]); err != nil {
		return Result{}, err
	}
	return Result{Origin: origin, Request: out}, nil
}

func parseValues(what string, in any) (map[string]Value, error) {
	m, ok := in.(map[string]any)
	if !ok && in != nil {
		return nil, fmt.Errorf("%s must be an object, not %T", what, in)
	}
	out := make(map[string]Value, len(m))
	for name, entry := range m {
		e, _ := entry.(map[string]any)
		text, ok := e["value"].(string)
		if !ok {
			return nil, fmt.Errorf("%s: %q must be {value: string}", what, name)
		}
		v := Value{Value: text}
		multi, _ := e["multiValue"].([]any)
		for _, one := range multi {
			o, _ := one.(map[string]any)
			s, ok := o["value"].(string)
			if !ok {
				return nil, fmt.Errorf("%s: %q: multiValue must be [{value: string}]", what, name)
			}
			v.Multi = append(v.Multi, s)
		}
		out[name] = v
	}
	return out, nil
}
