// Command templategen writes the index templates from telemetry/names. Run it
// with go generate in the module.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"jari.example/telemetry/names"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: templategen DIR")
		os.Exit(2)
	}
	for _, i := range names.Indices {
		if err := os.WriteFile(filepath.Join(os.Args[1], i.Name+".json"), template(i), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

type object map[string]any

// template returns the index template of a family as OpenSearch's API expects it. It
// contains a digest of its settings and mappings, so that an index shows from which
// template it was made.
func template(i names.Index) []byte {
	settings := object{
		"number_of_shards":     "1",
		"auto_expand_replicas": "0-1", // one replica if there is a second node
		// Set explicitly, because otherwise an idle index stops refreshing: a search
		// must find a line that comes after half an hour without any.
		"refresh_interval": "1s",
	}
	// dynamic false: an attribute that is not in the vocabulary never creates a field.
	mappings := object{"dynamic": false, "properties": properties(i)}
	content, _ := json.Marshal([]any{settings, mappings}) // maps of strings always marshal
	sum := sha256.Sum256(content)
	mappings["_meta"] = object{
		"jari":        hex.EncodeToString(sum[:8]),
		"description": "Generated from telemetry/names by go generate; change that, not this.",
	}
	text, _ := json.MarshalIndent(object{
		"index_patterns": []string{i.Family + "*"},
		"priority":       300,
		"template":       object{"settings": settings, "mappings": mappings},
	}, "", "  ")
	return append(text, '\n')
}

// properties returns every field that the family has a mapping for.
func properties(i names.Index) object {
	props := object{}
	if i.Shared {
		props[names.Attributes] = typed(names.FlatObject)
		for _, f := range names.Fields {
			props[f.Doc] = typed(f.Kind)
		}
	}
	for _, f := range i.Own {
		props[f.Doc] = typed(f.Kind)
	}
	return props
}

func typed(kind names.Kind) object {
	switch kind {
	case names.Keyword:
		// Longer values are stored but not indexed; without the limit they would make
		// OpenSearch refuse the document.
		return object{"type": kind, "ignore_above": 8191}
	case names.DateNanos:
		// The only format that OpenSearch 3.8.0 does not parse with java.time, which is
		// forty times as slow: the default, or another one beside it, costs an eighth of
		// the time to index a document. A query in epoch milliseconds must give its format.
		return object{"type": kind, "format": "rfc3339_lenient"}
	}
	return object{"type": kind}
}
