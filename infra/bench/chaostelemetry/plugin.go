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

// The host of fault cases with data that reaches Fluent Bit by its forward input,
// which the local agent does not have. The data goes directly into the plugin
// through its C interface, from the test harness of the plugin.
const plugin = "plugin"

// buildHarness builds the harness, which loads the plugin, and numberedchunk,
// which makes chunks for it.
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

// flushPlugin passes the plugin one chunk of numbered records of a shape. The
// first responses of OpenSearch are lost, so the chunk is flushed again.
func flushPlugin(shape string) func(context.Context, *scenario) error {
	return func(ctx context.Context, s *scenario) error {
		s.expect(delivery.Line, s.allNumbers())
		chunk, err := exec.CommandContext(ctx, s.sys.bin("numberedchunk"),
			"-shape", shape, "-service", s.service, "-count", fmt.Sprint(s.records)).Output()
		if err != nil {
			return fmt.Errorf("make a chunk: %w", err)
		}
		file := filepath.Join(s.sys.Dir, s.service+".msgpack")
		if err := os.WriteFile(file, chunk, 0o644); err != nil {
			return err
		}
		var injected counter
		s.sys.proxy.inject(dropReply(&injected))
		defer s.sys.proxy.inject(nil)
		cmd := exec.CommandContext(ctx, s.sys.bin("harness"), s.sys.bin("out_jari.so"), s.sys.proxy.url(), "", file)
		cmd.Env = append(os.Environ(), "HARNESS_TRIES=1000")
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C must not reach it: it ends with ctx
		var out, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &stderr
		if err := cmd.Start(); err != nil {
			return err
		}
		err = waitFor(ctx, "replies are lost", func() (bool, error) { return injected.times() > 0, nil })
		s.sys.proxy.inject(nil)
		s.faultEnded()
		if ended := cmd.Wait(); err == nil {
			err = ended
		}
		retried, accepted := strings.Count(out.String(), ".msgpack 2"), strings.Count(out.String(), ".msgpack 1") // FLB_RETRY, FLB_OK
		if err != nil || accepted != 1 {
			return fmt.Errorf("the plugin accepted the chunk %d times: %v\n%.2000s", accepted, err, stderr.String())
		}
		s.prove("replies lost", injected.times())
		s.prove("flushes that were retried", retried)
		return nil
	}
}
