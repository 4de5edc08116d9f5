// Package minired is the Redis for machines without one: miniredis, in memory, with
// keys that expire.
package minired

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/alicebob/miniredis/v2"

	"jari.example/internal/config"
)

// tick is how often the clock of miniredis is advanced. Without that, keys do not
// expire.
const tick = 50 * time.Millisecond

// Run serves until ctx ends.
func Run(ctx context.Context, args []string, getenv func(string) string, stdout, _ io.Writer) error {
	f := config.New("jari run redis", "jari_redis", "A Redis server in memory (miniredis).", getenv)
	addr := f.Addr("addr", "127.0.0.1:16379", "address to listen on")
	if err := f.Parse(args, stdout); err != nil {
		return err
	}
	server := miniredis.NewMiniRedis()
	if err := server.StartAddr(*addr); err != nil {
		return err
	}
	defer server.Close()
	fmt.Fprintln(stdout, "listening on", server.Addr())
	clock := time.NewTicker(tick)
	defer clock.Stop()
	for last := time.Now(); ; {
		select {
		case now := <-clock.C:
			server.FastForward(now.Sub(last))
			last = now
		case <-ctx.Done():
			return nil
		}
	}
}
