// Package edge holds what runs at the edge: the CloudFront Function, the
// countries its key-value store begins with, and the cases that say what it
// must do. Terraform deploys the files; the local edge runs them.
package edge

import _ "embed"

// ViewerRequest is the function's source, as it is deployed.
//
//go:embed viewer-request.js
var ViewerRequest string

// Countries is the content of the key-value store, as JSON: "country/KR" → an
// AWS region id, which is also the origin's id.
//
//go:embed countries.json
var Countries []byte
