// Command kibanagen writes the saved objects of every dashboard, one NDJSON
// file each, for import into OpenSearch Dashboards:
//
//	curl -X POST …/api/saved_objects/_import?overwrite=true -H 'osd-xsrf: true' -F file=@objects/bookings-right-now.ndjson
//
// `make generate` runs it in the folder kibana.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"jari.example/kibana/board"
	"jari.example/kibana/dashboards"
	"jari.example/kibana/savedobject"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "kibanagen:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout, stderr io.Writer) error {
	f := flag.NewFlagSet("kibanagen", flag.ContinueOnError)
	f.SetOutput(stderr)
	out := f.String("out", "objects", "`folder` to write to")
	if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	boards, err := board.Load(dashboards.Sources)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(*out, 0o755); err != nil {
		return err
	}
	for _, b := range boards {
		objects, err := savedobject.Generate(b)
		if err != nil {
			return fmt.Errorf("%s: %w", b.ID, err)
		}
		file := filepath.Join(*out, b.ID+".ndjson")
		if err := os.WriteFile(file, objects, 0o644); err != nil {
			return err
		}
		fmt.Fprintln(stdout, file)
	}
	return nil
}
