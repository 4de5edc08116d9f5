package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"jari.example/telemetry/names"
)

// withoutFlags copies the rules without the event that a feature flag was changed: the
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
		event := []byte("is: " + names.EventFlagChanged + "}")
		hidden += bytes.Count(text, event)
		text = bytes.ReplaceAll(text, event, []byte("is: an.event.that.nobody.writes}")) // so the file keeps its form
		if err := os.WriteFile(filepath.Join(to, filepath.Base(file)), text, 0o644); err != nil {
			return err
		}
	}
	if hidden == 0 {
		return fmt.Errorf("no rule in %s reads %s: nothing is hidden", from, names.EventFlagChanged)
	}
	return nil
}
