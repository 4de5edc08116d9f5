// Package traceview holds nothing but a test: what OpenSearch Dashboards' trace
// view asks is answered with the right figures from the documents that the
// agents write. The questions are those of dashboards-observability 3.8, its
// mode "data_prepper", written down anew.
package traceview
