package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"go.yaml.in/yaml/v3"

	"jari.example/telemetry/names"
)

// withoutFlags copies the rules without the change that a feature flag was switched: the
// diagnosis must find the cause by its effects, and not read which fault was injected.
func withoutFlags(from, to string) error {
	files, err := filepath.Glob(filepath.Join(from, "*.yaml"))
	if err != nil {
		return err
	}
	hidden := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if bytes.Contains(text, []byte(names.EventFlagChanged)) && bytes.Contains(text, []byte("changes:")) {
			var n int
			if text, n, err = withoutChange(text, names.EventFlagChanged); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			hidden += n
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(file)), text, 0o644); err != nil {
			return err
		}
	}
	if hidden == 0 {
		return fmt.Errorf("no rule in %s reads %s: nothing is hidden", from, names.EventFlagChanged)
	}
	return nil
}

// withoutChange removes the changes that are this event from the documents, and returns
// how many there were.
func withoutChange(text []byte, event string) (out []byte, removed int, err error) {
	var all bytes.Buffer
	in, to := yaml.NewDecoder(bytes.NewReader(text)), yaml.NewEncoder(&all)
	for {
		var document yaml.Node
		if err := in.Decode(&document); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, 0, err
		}
		removed += removeChange(&document, event)
		if err := to.Encode(&document); err != nil {
			return nil, 0, err
		}
	}
	return all.Bytes(), removed, to.Close()
}

func removeChange(n *yaml.Node, event string) (removed int) {
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && child.Value == "changes" && i+1 < len(n.Content) {
			list := n.Content[i+1]
			before := len(list.Content)
			list.Content = slices.DeleteFunc(list.Content, func(change *yaml.Node) bool {
				var c struct{ When struct{ Is string } }
				return change.Decode(&c) == nil && c.When.Is == event
			})
			removed += before - len(list.Content)
		}
		removed += removeChange(child, event)
	}
	return removed
}
