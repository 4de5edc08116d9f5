package serve

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/oklog/run"
)

// HTTP serves h on l until ctx ends, then gives the requests in flight up to
// drain to finish (10 s when 0). It is Run for a tool without telemetry and
// workers: it has no ops listener, so GET /healthz and GET /readyz are served
// on l, before h. It is nil after an orderly stop.
func HTTP(ctx context.Context, logger *slog.Logger, l net.Listener, h http.Handler, drain time.Duration) error {
	var stopping atomic.Bool
	mux := http.NewServeMux()
	handleHealth(mux, &stopping, nil)
	mux.Handle("/", h)

	var group run.Group
	addSignal(&group, ctx, func() { stopping.Store(true) })
	addAPI(&group, logger, l, mux, drain)
	return group.Run()
}
