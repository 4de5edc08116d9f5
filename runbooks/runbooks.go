// Package runbooks holds the runbooks, one page for each alert or for several that have
// the same diagnosis, and the named queries that their steps ask. They are built into
// jarictl, so that an operator needs one file.
package runbooks

import "embed"

// Files are the pages NAME.md, the page template.md that new ones are copied from, and
// the queries queries/NAME.yaml.
//
//go:embed *.md queries/*.yaml
var Files embed.FS
