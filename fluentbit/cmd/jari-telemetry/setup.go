package main

import (
	"fmt"

	"jari.example/telemetry/names"
)

func setup(c *call) error {
	if rest, err := c.parse(); err != nil {
		return err
	} else if len(rest) > 0 {
		return fmt.Errorf("setup takes no arguments: %w", errUsage)
	}
	s, err := c.shipper()
	if err != nil {
		return err
	}
	defer s.Close()
	written, err := s.Install(c)
	for _, name := range written {
		fmt.Fprintf(c.stdout, "wrote index template %s\n", name)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "%d index templates apply to new indices, %d of them written now\n", len(names.Indices), len(written))
	return nil
}
