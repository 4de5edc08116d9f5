// Command probe asks a URL, for the health check of a container that has no such program: the
// log router's (fluentbit/Dockerfile).
package main

import "jari.example/internal/command"

func main() { command.Main("probe", command.Probe) }
