// Package traceview holds only a test: the queries of OpenSearch Dashboards' trace
// view return the right figures for the documents that the agents write. The
// queries are those of dashboards-observability 3.8, in its mode "data_prepper",
// rewritten here.
package traceview
