package rig

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/valyala/fasthttp"
)

// NullArgument, as the only argument, makes a program that uses LoadCost a
// server that books nothing (ServeNull).
const NullArgument = "null-handler"

// ServeNull prints its address and answers every request with 201 and a body as
// long as a booking's.
func ServeNull() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	body := []byte(strings.Repeat("x", 400))
	return fasthttp.Serve(l, func(ctx *fasthttp.RequestCtx) {
		ctx.SetStatusCode(fasthttp.StatusCreated)
		ctx.SetBody(body)
	})
}

// LoadCost is the CPU time that the load generator spends on a request,
// measured against ServeNull in another process.
func LoadCost(ctx context.Context, d time.Duration) (time.Duration, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, self, NullArgument)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return 0, fmt.Errorf("null handler: %w", err)
	}
	var before, after time.Duration
	got := Load{
		Addr: strings.TrimSpace(addr), Connections: 64, WarmUp: d / 4, Measured: d, Client: Bookings([]int64{1}, Uniform(1)), Seed: 1,
	}.Run(ctx, func() { before = OwnCPU() }, func() { after = OwnCPU() })
	if got.Booked() == 0 {
		return 0, fmt.Errorf("null handler: no bookings; other responses: %s", got.Unexpected())
	}
	return (after - before) / time.Duration(got.Booked()), nil
}

// OwnCPU is the CPU time that this process has used so far.
func OwnCPU() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
