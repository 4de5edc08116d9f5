// Package dashboards has the sources of the dashboards, one YAML file each. The
// objects that OpenSearch Dashboards imports are generated from them.
package dashboards

//go:generate go run ../cmd/kibanagen --out ../objects

import "embed"

// Sources are the YAML files.
//
//go:embed *.yaml
var Sources embed.FS
