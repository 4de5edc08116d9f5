// Command numberedchunk writes a chunk of numbered records to standard output, as
// Fluent Bit would pass it to the plugin. Chaos campaigns pass it on to harness.c.
//
//	numberedchunk -shape layouts -service chaos-layouts -count 1000 > chunk
package main

import (
	"flag"
	"fmt"
	"os"
	"time"

	"jari.example/fluentbit/harness/numbered"
	"jari.example/telemetry/names"
)

func main() {
	r := numbered.Records{Received: time.Now(), Step: time.Microsecond}
	var shape string
	flag.StringVar(&shape, "shape", string(numbered.Layouts), fmt.Sprintf("one of %v", numbered.Shapes))
	flag.StringVar(&r.Service, "service", "chaos", names.ServiceName)
	flag.Int64Var(&r.First, "first", 0, "number of the first record")
	flag.Int64Var(&r.Count, "count", 100, "number of records")
	flag.Parse()
	chunk, err := r.Chunk(numbered.Shape(shape))
	if err == nil {
		_, err = os.Stdout.Write(chunk)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "numberedchunk:", err)
		os.Exit(1)
	}
}
