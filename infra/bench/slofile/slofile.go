// Package slofile writes objectives in the format of alertingd, as many as an
// experiment needs.
package slofile

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"text/template"
)

// rules are the objectives: each with the four pairs of windows of the design, over an
// access log with the regions of two sites.
var rules = template.Must(template.New("rules").Parse(`apiVersion: openslo/v1
kind: DataSource
metadata: {name: log}
spec:
  type: OpenSearch
  connectionDetails: {index: "{{.Index}}-*", timeField: "@timestamp", regionField: region}
---
apiVersion: openslo/v1
kind: Service
metadata: {name: site}
spec: {description: A site.}
{{range .Routes}}---
apiVersion: openslo/v1
kind: SLO
metadata:
  name: {{.}}
  displayName: Requests of {{.}} are failing
  annotations: {jari.example/attempt: requests, jari.example/affected: visitors, jari.example/dashboard: site}
spec:
  description: Requests without a server error.
  service: site
  indicator:
    metadata: {name: {{.}}}
    spec:
      ratioMetric:
        counter: true
        total: {metricSource: {metricSourceRef: log, type: OpenSearch, spec: {where: [{field: route, is: {{.}}}]}}}
        bad: {metricSource: {metricSourceRef: log, type: OpenSearch, spec: {where: [{field: status, atLeast: 500}]}}}
  budgetingMethod: Occurrences
  timeWindow: [{duration: 30d, isRolling: true}]
  objectives: [{displayName: requests, target: 0.999}]
---
apiVersion: jari.example/v1
kind: BurnRatePolicy
metadata: {name: {{.}}}
spec:
  slo: {{.}}
  maxPValue: 1e-5
  minBadEvents: 5
  windows:
    - {severity: page, long: 1h, short: 5m, burn: 14.4}
    - {severity: page, long: 6h, short: 30m, burn: 6}
    - {severity: ticket, long: 1d, short: 2h, burn: 3}
    - {severity: ticket, long: 3d, short: 6h, burn: 1}
{{end}}`))

// Names are n names of objectives, which are also the routes that they count.
func Names(n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprintf("route-%02d", i))
	}
	return all
}

// Write writes an objective for each name, over the days of an index, into dir.
func Write(dir, index string, names []string) error {
	var text bytes.Buffer
	if err := rules.Execute(&text, map[string]any{"Index": index, "Routes": names}); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "rules.yaml"), text.Bytes(), 0o644)
}
