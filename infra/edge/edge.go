// Package edge holds the CloudFront Functions, the initial content of the key-value
// store, and the headers of the page's responses. Terraform deploys the files; the local edge runs them.
package edge

import _ "embed"

// ViewerRequest is the source of the function that chooses the region of an API
// request, as it is deployed.
//
//go:embed viewer-request.js
var ViewerRequest string

// PageRequest is the source of the function that chooses the page's file.
//
//go:embed page-request.js
var PageRequest string

// Countries is the content of the key-value store, as JSON: "country/KR" → an
// AWS region id, which is also the origin's id; "regions" → all these ids.
//
//go:embed countries.json
var Countries []byte

// ResponseHeaders is a JSON object: the headers that every response of the page has,
// and no response of the API needs.
//
//go:embed response-headers.json
var ResponseHeaders []byte
