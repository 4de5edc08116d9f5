package parts

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"jari.example/infra/local/launch"
)

const oldestRedis = 7

// RedisURL is the server's address.
func (s *System) RedisURL() string { return "redis://" + s.Ports.Addr("redis") }

func (s *System) redis() launch.Part {
	var server, data, note string
	return launch.Part{
		Name:  "redis",
		Ports: []int{s.Ports.Of("redis")},
		Hint:  "read its log; JARI_REDIS=embedded uses the Redis that is built into the launcher",
		Prepare: func(ctx context.Context, _ launch.Progress) (err error) {
			data, err = s.data("redis")
			server, note = s.findRedis(ctx)
			return err
		},
		Command: func(context.Context) (launch.Command, error) {
			if server == "" {
				return s.self("run", "redis", "--addr", s.Ports.Addr("redis"))
			}
			return launch.Command{
				Path: server,
				Args: []string{"--bind", "127.0.0.1", "--port", strconv.Itoa(s.Ports.Of("redis")), "--dir", data, "--appendonly", "yes", "--save", ""},
				Env:  environment(), Dir: data,
			}, nil
		},
		Healthy: func(ctx context.Context) error { return pingRedis(ctx, s.Ports.Addr("redis")) },
		Notes:   func() string { return note },
	}
}

var redisVersion = regexp.MustCompile(`v=(\d+)`)

// findRedis returns the installed server, or "" for the embedded one.
func (s *System) findRedis(ctx context.Context) (path, note string) {
	const embedded = "miniredis, in memory"
	if s.Getenv("JARI_REDIS") == "embedded" {
		return "", embedded
	}
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return "", embedded
	}
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	m := redisVersion.FindSubmatch(out)
	if err != nil || m == nil {
		return "", embedded
	}
	if major, _ := strconv.Atoi(string(m[1])); major < oldestRedis {
		return "", fmt.Sprintf("%s; the installed Redis %d is too old", embedded, major)
	}
	return path, "Redis " + string(m[1]) + " in " + path
}

func pingRedis(ctx context.Context, addr string) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	if _, err := conn.Write([]byte("*1\r\n$4\r\nPING\r\n")); err != nil {
		return err
	}
	line, err := bufio.NewReader(io.LimitReader(conn, 1<<10)).ReadString('\n')
	if err != nil {
		return err
	}
	if !strings.HasPrefix(line, "+PONG") { // "-LOADING" while it loads its data
		return fmt.Errorf("the response to PING is %q: %w", strings.TrimSpace(line), launch.ErrNotReady)
	}
	return nil
}

// self runs a subcommand of the launcher's own binary.
func (s *System) self(args ...string) (launch.Command, error) {
	path, err := os.Executable()
	return launch.Command{Path: path, Args: args, Env: environment(), Dir: s.Root}, err
}
