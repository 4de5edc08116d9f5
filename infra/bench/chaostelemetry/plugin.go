package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"jari.example/infra/bench/chaostelemetry/delivery"
	"jari.example/infra/local/artifact"
	"jari.example/infra/local/launch"
	"jari.example/infra/local/parts"
)

// Rows of the host "plugin": what reaches Fluent Bit by its forward input, which
// the local agent does not have, goes straight into the plugin through its C
// interface, by the program that stands in for the agent in its tests.
const plugin = "plugin"

// buildHarness makes what loads the plugin, and what makes chunks for it.
func (sys *system) buildHarness(ctx context.Context, _ launch.Progress) error {
	cc, err := parts.CCompiler.Find(ctx, os.Getenv)
	if err != nil {
		return err
	}
	compile := exec.Command(cc, "-O1", "-o", sys.bin("harness"), filepath.Join("fluentbit", "harness", "harness.c"), "-ldl")
	chunks := exec.Command("go", "build", "-buildvcs=false", "-o", sys.bin("numberedchunk"), "./fluentbit/harness/cmd/numberedchunk")
	for _, cmd := range []*exec.Cmd{compile, chunks} {
		cmd.Dir = sys.Root
		if err := os.MkdirAll(sys.bin(""), 0o755); err != nil {
			return err
		}
		if err := artifact.Run(ctx, cmd, nil); err != nil {
			return err
		}
	}
	return nil
}

// flushPlugin hands the plugin one chunk of numbered records of a shape, again and
// again because the first answers of OpenSearch are lost.
func flushPlugin(shape string) func(context.Context, *scenario) error {
	return func(ctx context.Context, p *scenario) error {
		p.expect(delivery.Line, p.allNumbers())
		chunk, err := exec.CommandContext(ctx, p.sys.bin("numberedchunk"), "-shape", shape, "-service", p.service, "-count", fmt.Sprint(p.records)).Output()
		if err != nil {
			return fmt.Errorf("make a chunk: %w", err)
		}
		file := filepath.Join(p.sys.Dir, p.service+".msgpack")
		if err := os.WriteFile(file, chunk, 0o644); err != nil {
			return err
		}
		var fired counter
		p.sys.proxy.inject(dropReply(&fired))
		defer p.sys.proxy.inject(nil)
		cmd := exec.CommandContext(ctx, p.sys.bin("harness"), p.sys.bin("out_jari.so"), p.sys.proxy.url(), "", file)
		cmd.Env = append(os.Environ(), "HARNESS_TRIES=1000")
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a Ctrl-C is for us; it ends with ctx
		var out, said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &said
		if err := cmd.Start(); err != nil {
			return err
		}
		err = waitFor(ctx, "replies are lost", func() (bool, error) { return fired.times() > 0, nil })
		p.sys.proxy.inject(nil)
		p.faultEnded()
		if ended := cmd.Wait(); err == nil {
			err = ended
		}
		again, taken := strings.Count(out.String(), ".msgpack 2"), strings.Count(out.String(), ".msgpack 1")
		if err != nil || taken != 1 {
			return fmt.Errorf("the plugin took the chunk %d times: %v\n%.2000s", taken, err, said.String())
		}
		p.prove("replies lost", fired.times())
		p.prove("flushes that had to come again", again)
		return nil
	}
}
