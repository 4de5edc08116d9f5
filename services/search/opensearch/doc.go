// Package opensearch finds restaurants with OpenSearch and writes the index that it
// searches. There is one index per catalogue, behind an alias. A document is a
// restaurant's JSON, and its version is the restaurant's.
package opensearch
