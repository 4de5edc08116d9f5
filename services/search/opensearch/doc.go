// Package opensearch finds restaurants with OpenSearch and keeps the copy it
// searches: one index per catalogue, reached by an alias, in which a document is
// the restaurant's JSON and the document's version the restaurant's.
package opensearch
